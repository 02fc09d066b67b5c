-- Statements about notices. Parameters are positional.

-- name: add_notice!
-- (notice, volunteer, subject, mission, exercise, due_at, lapses_at, now)
INSERT INTO notice (notice_id, volunteer_id, subject, mission_id, exercise, state, due_at, lapses_at, created_at)
VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7, $8) ON CONFLICT (notice_id) DO NOTHING;

-- name: claim_notices
-- Take notices to send and record the attempt. Nothing leaves to somebody who opted out or retired, or whom the register
-- has not told of here yet. (now, lease_until, limit)
WITH due AS (
    SELECT n.notice_id, coalesce(v.reasons && ARRAY['opted-out', 'retired'], false) AS is_muted,
           n.lapses_at <= $1 AS is_old
    FROM notice n LEFT JOIN volunteer v USING (volunteer_id)
    WHERE n.state IN ('pending', 'sending') AND n.due_at <= $1 AND (v.volunteer_id IS NOT NULL OR n.lapses_at <= $1)
    ORDER BY n.due_at, n.notice_id LIMIT $3 FOR UPDATE OF n SKIP LOCKED
), ended AS (
    UPDATE notice n SET state = 'cancelled', last_error = CASE WHEN d.is_muted THEN 'opted out' ELSE 'too late' END
    FROM due d WHERE n.notice_id = d.notice_id AND (d.is_muted OR d.is_old)
)
UPDATE notice n SET state = 'sending', attempts = n.attempts + 1, in_doubt = n.in_doubt OR n.state = 'sending', due_at = $2
FROM due d WHERE n.notice_id = d.notice_id AND NOT d.is_muted AND NOT d.is_old
RETURNING n.notice_id, n.volunteer_id, n.subject, n.mission_id, n.exercise, n.attempts, n.in_doubt;

-- name: settle_notice!
-- (notice, state, due_at, in_doubt, error, attempts)
UPDATE notice SET state = $2, due_at = $3, in_doubt = $4, last_error = $5,
    sent_at = CASE WHEN $2 = 'sent' THEN $3::timestamptz END
WHERE notice_id = $1 AND state = 'sending' AND attempts = $6;
