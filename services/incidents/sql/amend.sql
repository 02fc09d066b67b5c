-- Changes of a declared incident. Each works on a row that the caller has locked.

-- name: whole
-- Everything that changes of its area and a continuation need, locked. $1 id
SELECT * FROM incidents WHERE incident_id = $1 FOR UPDATE;

-- name: lock_both
-- Two incidents in one order, so that two merges never wait for each other. $1 ids
SELECT incident_id FROM incidents WHERE incident_id = ANY($1::uuid[]) ORDER BY incident_id FOR UPDATE;

-- name: set_area!
-- The area as the event tells it. $1 event, $2 box
UPDATE incidents SET
    area_revision = (e->>'revision')::integer, place = e->'place', radius_m = (e->>'radius_m')::double precision,
    magnitude = (e->>'magnitude')::double precision, intensity_observations = e->'intensity_observations',
    intensity_contours = e->'intensity_contours', venues = e->'venues',
    area_codes = ARRAY(SELECT jsonb_array_elements_text(e->'area_codes')), box = $2
FROM (SELECT $1::text::jsonb AS e) AS event
WHERE incident_id = (e->>'incident_id')::uuid;

-- name: set_phase!
UPDATE incidents SET phase = $2 WHERE incident_id = $1;

-- name: set_merged!
-- $1 id, $2 into, $3 at
UPDATE incidents SET state = 'closed', closed_at = $3, merged_into = $2 WHERE incident_id = $1;

-- name: set_continued!
-- $1 id, $2 the incident it goes on as
UPDATE incidents SET continued_as = $2 WHERE incident_id = $1;

-- name: insert_declared!
-- An incident that another transaction's command declares. $1 event, $2 exercise, $3 narrative, $4 now, $5 by whom,
-- $6 the needs were stated by hand, $7 box, $8 the place as typed, $9 what it was taken for
INSERT INTO incidents (incident_id, kind, level, title_zh, title_en, occurred_at, place, radius_m, magnitude,
                       intensity_observations, intensity_contours, venues, area_codes, needs, clock, auto_dispatch,
                       parent_id, exercise, narrative, declared_at, declared_by, needs_by_hand, box,
                       place_stated, place_found)
SELECT (e->>'incident_id')::uuid, e->>'kind', e->>'level', e->>'title_zh', e->>'title_en',
       (e->>'occurred_at')::timestamptz, e->'place', (e->>'radius_m')::double precision,
       (e->>'magnitude')::double precision, e->'intensity_observations', e->'intensity_contours', e->'venues',
       ARRAY(SELECT jsonb_array_elements_text(e->'area_codes')), e->'needs', e->'clock',
       (e->>'auto_dispatch')::boolean, (e->>'parent_id')::uuid, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9::text::jsonb
FROM (SELECT $1::text::jsonb AS e) AS event;
