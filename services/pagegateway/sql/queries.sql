-- name: attempt(page_id, receipt_id, now)^
-- Count a request for a page and lock it; says what was recorded of it before.
INSERT INTO pages AS p (page_id, receipt_id, first_seen_at) VALUES (:page_id, :receipt_id, :now)
ON CONFLICT (page_id) DO UPDATE SET attempts = p.attempts + 1
RETURNING receipt_id, effects, content_sha256;

-- name: use_fault()$
-- Use up one armed fault; returns its name, or nothing.
WITH armed AS (
    SELECT CASE WHEN fail_next > 0 THEN 'fail' WHEN timeout_next > 0 THEN 'timeout' END AS kind
    FROM faults WHERE id = 1 AND (fail_next > 0 OR timeout_next > 0) FOR UPDATE
)
UPDATE faults SET fail_next = fail_next - (armed.kind = 'fail')::int,
                  timeout_next = timeout_next - (armed.kind = 'timeout')::int
FROM armed WHERE id = 1 RETURNING armed.kind;

-- name: record(page_id, content_sha256, recipient, purpose, token, text_zh, text_en, exercise, now)!
-- The page takes effect, once; it gets the next position.
WITH next AS (
    UPDATE counter SET last_position = last_position + 1 WHERE id = 1 RETURNING last_position
)
UPDATE pages SET position = next.last_position, content_sha256 = :content_sha256, recipient = :recipient,
    purpose = :purpose, token = :token, text_zh = :text_zh, text_en = :text_en, exercise = :exercise,
    accepted_at = :now, effects = 1
FROM next WHERE page_id = :page_id;

-- name: page(page_id)^
SELECT page_id, position, receipt_id, recipient, purpose, token, text_zh, text_en, exercise, accepted_at, effects, attempts
FROM pages WHERE page_id = :page_id;

-- name: pages_after(after, limit)
SELECT page_id, position, receipt_id, recipient, purpose, token, text_zh, text_en, exercise, accepted_at, effects, attempts
FROM pages WHERE position > :after ORDER BY position LIMIT :limit;

-- name: get_faults()^
SELECT fail_next, timeout_next FROM faults WHERE id = 1;

-- name: set_faults(fail_next, timeout_next)!
UPDATE faults SET fail_next = :fail_next, timeout_next = :timeout_next WHERE id = 1;

-- name: sweep(before)!
DELETE FROM pages WHERE first_seen_at < :before;
