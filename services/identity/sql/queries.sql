-- name: account_by_name(name)^
-- The account of this name, whatever its case, disabled or not.
SELECT id, name, password_hash, roles, areas, created_at, created_by, disabled_at FROM accounts
WHERE lower(name) = lower(:name);

-- name: account_by_id(id)^
SELECT id, name, password_hash, roles, areas, created_at, created_by, disabled_at FROM accounts WHERE id = :id;

-- name: accounts(after, limit)
-- A page of accounts by name.
SELECT id, name, roles, areas, created_at, created_by, disabled_at FROM accounts
WHERE lower(name) > lower(:after) ORDER BY lower(name) LIMIT :limit;

-- name: lock_accounts()!
-- Changes of accounts one after another: the rule of the last administrator looks at all of them.
SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ':accounts', 0));

-- name: has_account()$
SELECT EXISTS (SELECT 1 FROM accounts WHERE disabled_at IS NULL);

-- name: add_account(id, name, password_hash, roles, areas, now, actor)$
-- Returns the id; nothing if the name is taken.
INSERT INTO accounts (id, name, password_hash, roles, areas, created_at, created_by)
VALUES (:id, :name, :password_hash, :roles, :areas, :now, :actor) ON CONFLICT DO NOTHING RETURNING id;

-- name: other_administrators(id)$
SELECT count(*) FROM accounts WHERE disabled_at IS NULL AND 'administrator' = ANY (roles) AND id <> :id;

-- name: disable_account(now, id)!
UPDATE accounts SET disabled_at = :now WHERE id = :id AND disabled_at IS NULL;

-- name: set_password_hash(password_hash, id)!
UPDATE accounts SET password_hash = :password_hash WHERE id = :id;

-- name: add_api_key(id, prefix, secret_sha256, label, roles, areas, now, actor, expires_at)!
INSERT INTO api_keys (id, prefix, secret_sha256, label, roles, areas, created_at, created_by, expires_at)
VALUES (:id, :prefix, :secret_sha256, :label, :roles, :areas, :now, :actor, :expires_at);

-- name: api_keys(limit)
SELECT id, prefix, label, roles, areas, created_at, created_by, expires_at, revoked_at FROM api_keys
ORDER BY created_at DESC, id LIMIT :limit;

-- name: api_key_by_prefix(prefix)^
SELECT id, secret_sha256, roles, areas, expires_at, revoked_at FROM api_keys WHERE prefix = :prefix;

-- name: revoke_api_key(now, id)$
-- Returns the id; nothing if there is no such key.
UPDATE api_keys SET revoked_at = coalesce(revoked_at, :now) WHERE id = :id RETURNING id;

-- name: add_refresh_token(secret_sha256, family_id, account_id, now, expires_at)!
INSERT INTO refresh_tokens (secret_sha256, family_id, account_id, issued_at, expires_at)
VALUES (:secret_sha256, :family_id, :account_id, :now, :expires_at);

-- name: lock_family_of(secret_sha256)!
-- One at a time in a family: what ends it misses no token that is being added meanwhile.
SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ':family:' || family_id, 0))
FROM refresh_tokens WHERE secret_sha256 = :secret_sha256;

-- name: refresh_token_for_update(secret_sha256)^
-- The token with its account, locked: of two uses at once the second sees it used.
SELECT r.family_id, r.account_id, r.expires_at, r.used_at, r.revoked_at, a.roles, a.areas, a.disabled_at
FROM refresh_tokens r JOIN accounts a ON a.id = r.account_id WHERE r.secret_sha256 = :secret_sha256 FOR UPDATE OF r;

-- name: use_refresh_token(now, secret_sha256)!
UPDATE refresh_tokens SET used_at = :now WHERE secret_sha256 = :secret_sha256;

-- name: revoke_family(now, family_id)!
UPDATE refresh_tokens SET revoked_at = :now WHERE family_id = :family_id AND revoked_at IS NULL;

-- name: revoke_family_of(now, secret_sha256)!
-- Ends the family that this token, used or not, belongs to; nothing if there is none.
UPDATE refresh_tokens SET revoked_at = :now WHERE revoked_at IS NULL
AND family_id = (SELECT family_id FROM refresh_tokens WHERE secret_sha256 = :secret_sha256);

-- name: revoke_refresh_tokens_of(now, account_id)!
UPDATE refresh_tokens SET revoked_at = :now WHERE account_id = :account_id AND revoked_at IS NULL;

-- name: locked_until(buckets, now)$
-- The latest lock of the given buckets; nothing if none is locked.
SELECT max(locked_until) FROM sign_in_failures WHERE bucket = ANY (:buckets) AND locked_until > :now;

-- name: count_failure(bucket, now, quiet_since)$
-- One more failure; counting starts anew after a quiet time. Returns the count.
INSERT INTO sign_in_failures AS f (bucket, failures, last_failed_at, locked_until) VALUES (:bucket, 1, :now, :now)
ON CONFLICT (bucket) DO UPDATE SET
    failures = CASE WHEN f.last_failed_at < :quiet_since THEN 1 ELSE f.failures + 1 END, last_failed_at = :now
RETURNING failures;

-- name: lock_bucket(locked_until, bucket)!
UPDATE sign_in_failures SET locked_until = :locked_until WHERE bucket = :bucket;

-- name: forget_failures(bucket)!
DELETE FROM sign_in_failures WHERE bucket = :bucket;

-- name: sweep_refresh_tokens(before)!
DELETE FROM refresh_tokens WHERE expires_at < :before;

-- name: sweep_failures(before)!
DELETE FROM sign_in_failures WHERE last_failed_at < :before AND locked_until < :before;
