-- Answers to requests that carried an Idempotency-Key. Table: migrations/0001_kit.sql.

-- name: claim$
-- Take the key, with the answer if it is already known. No row: another request has it.
-- $1 subject, $2 route, $3 key, $4 body hash, $5 status, $6 answer, $7 content type, $8 now
INSERT INTO idempotency (subject, route, key, body_sha256, status, answer, content_type, stored_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING true;

-- name: stored^
-- What was answered. $1 subject, $2 route, $3 key
SELECT body_sha256, status, answer, content_type FROM idempotency WHERE subject = $1 AND route = $2 AND key = $3;

-- name: complete!
-- Keep the answer of a claimed key. $1 subject, $2 route, $3 key, $4 status, $5 answer, $6 content type
UPDATE idempotency SET status = $4, answer = $5, content_type = $6 WHERE subject = $1 AND route = $2 AND key = $3;

-- name: forget!
-- Drop answers older than a time, a bounded number at once. $1 time, $2 limit
DELETE FROM idempotency WHERE ctid = ANY (ARRAY(SELECT ctid FROM idempotency WHERE stored_at < $1 LIMIT $2));
