-- Statements of the kit's own tables. Parameters are positional; each statement's comment names them.

-- name: append_events
-- Give each event the next sequence of its topic and key and put it into the outbox, in the given order.
-- $1 topics, $2 keys, $3 values, $4 headers, $5 now
SELECT append_events($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::timestamptz);

-- name: append_event!
-- The same for a single event, without the machinery of arrays. $1 topic, $2 key, $3 value, $4 headers, $5 now
WITH raised AS (
    INSERT INTO outbox_sequence AS s (topic, key, last_sequence) VALUES ($1::text, $2::text, 1)
    ON CONFLICT (topic, key) DO UPDATE SET last_sequence = s.last_sequence + 1
    RETURNING last_sequence
)
INSERT INTO outbox (topic, key, sequence, value, headers, created_at)
SELECT $1, convert_to($2, 'UTF8'), last_sequence, $3::bytea, $4::bytea, $5 FROM raised;

-- name: append_dead_letter!
-- Put a record that was not ours into the outbox of dead letters. $1 topic, $2 key, $3 value, $4 headers, $5 now
INSERT INTO outbox (topic, key, value, headers, created_at) VALUES ($1, $2, $3, $4, $5);

-- name: lock_relay
-- Become the one relay of this schema, for as long as this connection lives.
SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ':outbox-relay', 0));

-- name: exchange
-- Remove what was acknowledged and read what comes next, oldest first, in one round trip. By state and not by
-- position: a lower id may commit after a higher one. $1 acknowledged ids, $2 runs of ids that were read before
-- (in hand, or acknowledged and so gone for ever), $3 limit
WITH gone AS (
    DELETE FROM outbox WHERE id = ANY($1::bigint[])
)
SELECT id, topic, key, sequence, value, headers
FROM outbox
WHERE NOT id <@ $2::text::int8multirange  -- contains $1 too: a statement does not see its own deletions
ORDER BY id
LIMIT $3;

-- name: bury!
-- Move a row aside that the bus will never take. $1 id, $2 reason
WITH dead AS (
    DELETE FROM outbox WHERE id = $1 RETURNING id, topic, key, sequence, value, headers, created_at
)
INSERT INTO outbox_dead (id, topic, key, sequence, value, headers, created_at, reason)
SELECT id, topic, key, sequence, value, headers, created_at, $2 FROM dead ON CONFLICT (id) DO NOTHING;

-- name: outbox_oldest
-- When the oldest waiting event was committed; NULL if none waits.
SELECT created_at FROM outbox ORDER BY id LIMIT 1;

-- name: outbox_waiting
-- How many events wait; counting stops at a number that is bad enough.
SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT 100000) AS waiting;

-- name: lock_positions
-- How far these keys were handled, locked until the end of the transaction, and which of their events are held back
-- (sequence and event id). $1 topic, $2 keys
WITH locked AS (
    SELECT key, last_sequence FROM inbox_position WHERE topic = $1 AND key = ANY($2::text[]) ORDER BY key FOR UPDATE
)
SELECT k.key, coalesce(l.last_sequence, 0) AS last_sequence,
       ARRAY(SELECT q.sequence || ' ' || coalesce(q.event_id::text, '') FROM quarantine q WHERE q.topic = $1 AND q.key_text = k.key
             AND q.state IN ('quarantined', 'parked') AND q.sequence IS NOT NULL) AS held
FROM unnest($2::text[]) AS k (key) LEFT JOIN locked l USING (key);

-- name: settle_batch
-- What every batch of units writes: positions, timers and events, in this order. A key that was new when it was read
-- and is not any more is a unique violation. $1 topics, $2 keys, $3 new sequences, $4 sequences as they were read and
-- locked (0: the key was new), $5 kinds and $6 keys of timers to cancel, $7 kinds, $8 keys, $9 ids, $10 due times,
-- $11 payloads and $12 contexts of timers to set, $13 topics, $14 keys, $15 values and $16 headers of events, $17 now
SELECT move_positions($1::text[], $2::text[], $3::bigint[], $4::bigint[]),
       set_timers($5::text[], $6::text[], $7::text[], $8::text[], $9::uuid[], $10::timestamptz[], $11::text[], $12::text[]),
       append_events($13::text[], $14::text[], $15::bytea[], $16::bytea[], $17::timestamptz);

-- name: hold
-- Keep a record back. Does nothing, and returns nothing, if it or its turn is already held.
-- $1 id, $2 topic, $3 partition, $4 offset, $5 record time in ms, $6 key, $7 key as text, $8 sequence, $9 event id,
-- $10 event type, $11 state, $12 reason, $13 detail, $14 attempts, $15 value, $16 headers, $17 now
INSERT INTO quarantine (id, topic, partition, record_offset, record_at_ms, key, key_text, sequence, event_id, event_type,
                        state, reason, detail, attempts, value, headers, held_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT DO NOTHING RETURNING id;

-- name: ready_turns
-- Keys whose next event is parked here, and its entry. $1 topics
SELECT q.topic, q.key_text AS key
FROM quarantine q LEFT JOIN inbox_position p ON p.topic = q.topic AND p.key = q.key_text
WHERE q.topic = ANY($1::text[]) AND q.state = 'parked' AND q.sequence = coalesce(p.last_sequence, 0) + 1
LIMIT 1000;

-- name: parked_turn
-- The parked record of this turn, locked. $1 topic, $2 key, $3 sequence
SELECT * FROM quarantine
WHERE topic = $1 AND key_text = $2 AND sequence = $3 AND state = 'parked' LIMIT 1 FOR UPDATE;

-- name: position
-- How far one key was handled, locked; NULL if never. $1 topic, $2 key
SELECT last_sequence FROM inbox_position WHERE topic = $1 AND key = $2 FOR UPDATE;

-- name: entry
-- One held record, locked. $1 id
SELECT * FROM quarantine WHERE id = $1 FOR UPDATE;

-- name: lowest_held
-- The lowest sequence that is held back for a key. $1 topic, $2 key
SELECT min(sequence) FROM quarantine WHERE topic = $1 AND key_text = $2 AND state IN ('quarantined', 'parked');

-- name: resolve!
-- Close an entry. $1 id, $2 state, $3 now, $4 by whom, $5 why
UPDATE quarantine SET state = $2, resolved_at = $3, resolved_by = $4, resolution = $5 WHERE id = $1;

-- name: fail_again!
-- Note another failed attempt. $1 id, $2 reason, $3 detail
UPDATE quarantine SET state = 'quarantined', reason = $2, detail = $3, attempts = attempts + 1 WHERE id = $1;

-- name: entries
-- Held records, newest first, without their content. $1 state or NULL, $2 topic or NULL, $3 before this time,
-- $4 and before this id at that time, $5 limit
SELECT id, topic, partition, record_offset, key_text, sequence, event_id, event_type, state, reason, detail, attempts,
       held_at, resolved_at, resolved_by, resolution
FROM quarantine
WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR topic = $2) AND (held_at, id) < ($3, $4)
ORDER BY held_at DESC, id DESC LIMIT $5;

-- name: held_counts
-- How many records are held, by state.
SELECT state, count(*) AS n FROM quarantine WHERE state IN ('quarantined', 'parked') GROUP BY state;

-- name: claim_timers
-- Take due timers out; they come back if this transaction does not commit. $1 now, $2 kinds, $3 limit
DELETE FROM timers USING (
    SELECT kind, key FROM timers WHERE retry_at <= $1 AND kind = ANY($2::text[])
    ORDER BY retry_at LIMIT $3 FOR UPDATE SKIP LOCKED
) AS due
WHERE timers.kind = due.kind AND timers.key = due.key
RETURNING timers.kind, timers.key, timers.id, timers.due_at, timers.payload, timers.context, timers.attempts;

-- name: postpone_timer!
-- Try this very timer again later. $1 kind, $2 key, $3 id, $4 when, $5 error
UPDATE timers SET attempts = attempts + 1, retry_at = $4, last_error = $5 WHERE kind = $1 AND key = $2 AND id = $3;

-- name: next_timer
-- When the next timer is due; NULL if there is none. $1 kinds
SELECT min(retry_at) FROM timers WHERE kind = ANY($1::text[]);
