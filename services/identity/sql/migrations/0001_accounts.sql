-- Accounts of people, keys of machines, and what keeps sign-in honest. No secret is stored in a form that can be used.

CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    password_hash text NOT NULL,        -- argon2id, with its parameters
    roles text[] NOT NULL CHECK (cardinality(roles) > 0),
    areas text[] NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    disabled_at timestamptz
);
CREATE UNIQUE INDEX accounts_name ON accounts (lower(name));  -- a disabled account keeps its name: nobody can pose as it

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    prefix text NOT NULL UNIQUE,        -- the part that is shown in lists
    secret_sha256 bytea NOT NULL,       -- 256 random bits need no slow hash
    label text NOT NULL,
    roles text[] NOT NULL CHECK (cardinality(roles) > 0),
    areas text[] NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);

-- A sign-in starts a family; each refresh uses one token up and adds the next. A used token that comes back is a theft.
CREATE TABLE refresh_tokens (
    secret_sha256 bytea PRIMARY KEY,
    family_id uuid NOT NULL,
    account_id uuid NOT NULL REFERENCES accounts (id),
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_account ON refresh_tokens (account_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

-- Failed sign-ins by account name and by network address, hashed: they say how often, not who.
CREATE TABLE sign_in_failures (
    bucket bytea PRIMARY KEY,
    failures integer NOT NULL,
    last_failed_at timestamptz NOT NULL,
    locked_until timestamptz NOT NULL
);
CREATE INDEX sign_in_failures_age ON sign_in_failures (last_failed_at);
