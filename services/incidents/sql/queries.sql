-- Statements of the incidents service. Parameters are positional; JSON is passed as text that is already JSON.

-- name: declare
-- Claim the request, keep the incident and write its event, in one statement (services/kit/at_once.py; $1 to $12 are
-- told there). The row is read from the event, so the two cannot differ. $13 exercise, $14 narrative, $15 by whom,
-- $16 the needs were stated by hand, $17 box of the place, and which incidents it may be the same as: $18 ids, $19 km and
-- $20 minutes apart; $21 the place as typed, $22 what it was taken for
WITH request AS MATERIALIZED (
    SELECT claim_request($1, $2, $3, $4, $5, $6, $7, $8) AS is_new
), event AS MATERIALIZED (
    SELECT convert_from($11, 'UTF8')::jsonb AS e
), kept AS (
    INSERT INTO incidents (incident_id, kind, level, title_zh, title_en, occurred_at, place, radius_m, magnitude,
                           intensity_observations, intensity_contours, venues, area_codes, needs, clock, auto_dispatch,
                           parent_id, exercise, narrative, declared_at, declared_by, needs_by_hand, box,
                           place_stated, place_found)
    SELECT (e->>'incident_id')::uuid, e->>'kind', e->>'level', e->>'title_zh', e->>'title_en',
           (e->>'occurred_at')::timestamptz, e->'place', (e->>'radius_m')::double precision,
           (e->>'magnitude')::double precision, e->'intensity_observations', e->'intensity_contours', e->'venues',
           ARRAY(SELECT jsonb_array_elements_text(e->'area_codes')), e->'needs', e->'clock',
           (e->>'auto_dispatch')::boolean, (e->>'parent_id')::uuid, $13, $14, $8, $15, $16, $17, $21::text::jsonb,
           $22::text::jsonb
    FROM event, request WHERE is_new
), likenesses AS (
    INSERT INTO incident_likenesses (incident_id, other_id, apart_km, apart_minutes, noted_at)
    SELECT (e->>'incident_id')::uuid, other.*, $8
    FROM event, request, unnest($18::uuid[], $19::double precision[], $20::double precision[]) AS other WHERE is_new
)
SELECT CASE WHEN is_new THEN append_event($9, $10, $11, $12, $8) > 0 ELSE false END FROM request;

-- name: incident_for_change
-- What decisions need, locked until the end of the transaction: changes of one incident come one after the other.
SELECT incident_id, state, kind, level, phase, needs, needs_by_hand, area_codes, exercise, clock
FROM incidents WHERE incident_id = $1 FOR UPDATE;

-- name: incident
-- Everything about one incident, with those that are part of it.
SELECT *, ARRAY(SELECT child.incident_id FROM incidents AS child WHERE child.parent_id = $1 ORDER BY declared_at) AS children
FROM incidents WHERE incident_id = $1;

-- name: changes
-- Its changes, oldest first. $1 id, $2 limit
SELECT what, before, after, reason, changed_at, changed_by
FROM incident_changes WHERE incident_id = $1 ORDER BY change_id LIMIT $2;

-- name: incidents
-- Newest first. $1 code prefixes of the reader's areas, $2 state or NULL, $3 before this time, $4 and before this id
-- at that time, $5 limit
SELECT incident_id, state, kind, level, phase, title_zh, title_en, occurred_at, area_codes, exercise, declared_at, closed_at,
       parent_id, merged_into, continued_as, box
FROM incidents
WHERE (declared_at, incident_id) < ($3, $4)
  AND ($2::text IS NULL OR state = $2)
  AND EXISTS (SELECT FROM unnest(area_codes) AS code, unnest($1::text[]) AS prefix WHERE starts_with(code, prefix))
ORDER BY declared_at DESC, incident_id DESC
LIMIT $5;

-- name: set_needs!
-- $1 id, $2 needs, $3 stated by hand
UPDATE incidents SET needs = $2::text::jsonb, needs_by_hand = $3 WHERE incident_id = $1;

-- name: set_level!
UPDATE incidents SET level = $2 WHERE incident_id = $1;

-- name: set_closed!
UPDATE incidents SET state = 'closed', closed_at = $2 WHERE incident_id = $1;

-- name: insert_change!
-- $1 id, $2 what, $3 before, $4 after, $5 reason, $6 now, $7 by whom
INSERT INTO incident_changes (incident_id, what, before, after, reason, changed_at, changed_by)
VALUES ($1, $2, $3::text::jsonb, $4::text::jsonb, $5, $6, $7);
