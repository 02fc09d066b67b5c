-- Statements about proposals. Parameters are positional.

-- name: add_proposal!
INSERT INTO station_proposals (proposal_id, station_id, ref, area_codes, changes, fields, wanted, before, after, verifier,
                               reason, proposed_by, proposed_at, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'open');

-- name: count_open
SELECT count(*) FROM station_proposals WHERE station_id = $1 AND state = 'open';

-- name: lock_proposal
SELECT * FROM station_proposals WHERE proposal_id = $1 FOR UPDATE;

-- name: proposal
SELECT * FROM station_proposals WHERE proposal_id = $1;

-- name: proposals
-- In the order in which they were made. $1 prefixes of area codes, $2 state, $3 station (each NULL: any), $4 after this
-- number, $5 limit
SELECT * FROM station_proposals
WHERE EXISTS (SELECT FROM unnest(area_codes) AS code, unnest($1::text[]) AS prefix WHERE starts_with(code, prefix))
    AND ($2::text IS NULL OR state = $2) AND ($3::uuid IS NULL OR station_id = $3) AND number > $4
ORDER BY number LIMIT $5;

-- name: decide_proposal!
UPDATE station_proposals SET state = $2, decided_by = $3, decided_at = $4, decision_reason = $5 WHERE proposal_id = $1;

-- name: supersede
-- Open proposals about fields that were changed are no longer true to what they wanted to change. $1 rows of stations
-- and fields as JSON, $2 now, $3 account, $4 the proposal that is being carried out, if one is
UPDATE station_proposals p SET state = 'superseded', decided_by = $3, decided_at = $2
FROM jsonb_to_recordset($1::text::jsonb) AS r (station_id uuid, fields text[])
WHERE p.station_id = r.station_id AND p.state = 'open' AND p.fields && r.fields AND p.proposal_id IS DISTINCT FROM $4
RETURNING p.*;

-- name: lock_overdue
-- Open ones that have waited one time more than they were chased. $1 now, $2 after how long each time, $3 limit
SELECT * FROM station_proposals
WHERE state = 'open' AND proposed_at + $2::interval * (chased + 1) <= $1
ORDER BY number LIMIT $3 FOR UPDATE SKIP LOCKED;

-- name: save_chased!
-- $1 proposals, $2 how often each was chased
UPDATE station_proposals p SET chased = c.chased
FROM unnest($1::uuid[], $2::int[]) AS c (proposal_id, chased) WHERE p.proposal_id = c.proposal_id;

-- name: end_about
-- Open ones about stations that are gone. $1 stations, $2 now, $3 account
UPDATE station_proposals SET state = 'superseded', decided_by = $3, decided_at = $2
WHERE station_id = ANY($1::uuid[]) AND state = 'open' RETURNING *;
