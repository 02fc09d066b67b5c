-- name: attempt(page_ids, receipt_ids, now)
-- Count a request for each page and lock them; says what was recorded of them before.
INSERT INTO pages AS p (page_id, receipt_id, first_seen_at)
SELECT page_id, receipt_id, :now FROM unnest(:page_ids::uuid[], :receipt_ids::uuid[]) AS n (page_id, receipt_id)
ON CONFLICT (page_id) DO UPDATE SET attempts = p.attempts + 1
RETURNING page_id, receipt_id, effects, content_sha256;

-- name: armed_faults()^
-- The switches, locked, if any is on.
SELECT fail_next, timeout_next FROM faults WHERE id = 1 AND (fail_next > 0 OR timeout_next > 0) FOR UPDATE;

-- name: record(page_ids, contents_sha256, recipients, purposes, tokens, texts_zh, texts_en, exercises, count, now)!
-- The pages take effect, once; they get the next positions in the given order.
WITH last AS (
    UPDATE counter SET last_position = last_position + :count WHERE id = 1 RETURNING last_position
)
UPDATE pages SET position = last.last_position - :count + n.ordinal, content_sha256 = n.content_sha256,
    recipient = n.recipient, purpose = n.purpose, token = n.token, text_zh = n.text_zh, text_en = n.text_en,
    exercise = n.exercise, accepted_at = :now, effects = 1
FROM last, unnest(:page_ids::uuid[], :contents_sha256::bytea[], :recipients::uuid[], :purposes::text[],
                  :tokens::text[], :texts_zh::text[], :texts_en::text[], :exercises::boolean[])
    WITH ORDINALITY AS n (page_id, content_sha256, recipient, purpose, token, text_zh, text_en, exercise, ordinal)
WHERE pages.page_id = n.page_id;

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
