-- Statements of the standing queries.

-- name: upsert_member<!
-- Keep the newest state of a volunteer, and have their place looked at; says whether they are rostered. (volunteer_id, home_station_id, area_code,
-- lat_deg, lon_deg, position_source, roles, languages, deployable, reasons, sequence, told_at, channels)
WITH saved AS (
    INSERT INTO member (volunteer_id, home_station_id, area_code, lat_deg, lon_deg, position_source, roles, languages,
                        deployable, reasons, sequence, told_at, channels)
    VALUES ($1, $2, $3, $4, $5, $6, $7::text[], $8::text[], $9, $10::text[], $11, $12, $13::text[])
    ON CONFLICT (volunteer_id) DO UPDATE
    SET home_station_id = excluded.home_station_id, area_code = excluded.area_code, lat_deg = excluded.lat_deg,
        lon_deg = excluded.lon_deg, position_source = excluded.position_source, roles = excluded.roles,
        languages = excluded.languages, deployable = excluded.deployable, reasons = excluded.reasons,
        sequence = excluded.sequence, told_at = excluded.told_at, channels = excluded.channels
    WHERE member.sequence < excluded.sequence
    RETURNING volunteer_id
)
INSERT INTO moved (what, id) SELECT 'volunteer', volunteer_id FROM saved
RETURNING EXISTS (SELECT 1 FROM rostered r WHERE r.volunteer_id = moved.id);

-- name: count_members$
-- How many volunteers are known. ()
SELECT count(*) FROM member;

-- name: has_moved
-- Whether anybody must be looked at. ()
SELECT EXISTS (SELECT 1 FROM moved);

-- name: take_moved
-- Whose place must be looked at, and so many incidents; another process that does so at the same time takes others.
-- (incidents)
DELETE FROM moved
WHERE ctid = ANY(ARRAY(SELECT ctid FROM moved WHERE what = 'incident' LIMIT $1 FOR UPDATE SKIP LOCKED))
   OR ctid = ANY(ARRAY(SELECT ctid FROM moved WHERE what <> 'incident' FOR UPDATE SKIP LOCKED))
RETURNING what, id;

-- name: lock_standing_fences
-- All fences that stand, locked in one order. ()
SELECT incident_id, revision, exercise, area_codes, is_followed FROM fence WHERE lifted_at IS NULL ORDER BY incident_id FOR UPDATE;

-- name: zones_of
-- The fences as they were published last. (incident_ids)
SELECT incident_id, fenced FROM fence WHERE incident_id = ANY($1::uuid[]);

-- name: told_stations
-- The stations in reach as they were told last. (incident_ids)
SELECT incident_id, coalesce(reach, (fenced::json -> 'stations')::text) AS stations
FROM fence WHERE incident_id = ANY($1::uuid[]);

-- name: tell_stations!
-- Keep what was told of the stations. (incident_id, stations)
UPDATE fence SET reach = $2 WHERE incident_id = $1;

-- name: follow!
-- From now on only differences are told. (incident_ids)
UPDATE fence SET is_followed = true WHERE incident_id = ANY($1::uuid[]);

-- name: people
-- Volunteers who may be asked, and where they are: all, or (not NULL) some. (volunteer_ids)
SELECT volunteer_id, coalesce(p.lon_deg, m.lon_deg) AS lon_deg, coalesce(p.lat_deg, m.lat_deg) AS lat_deg
FROM member m LEFT JOIN position_fix p USING (volunteer_id)
WHERE m.deployable AND ($1::uuid[] IS NULL OR volunteer_id = ANY($1));

-- name: told_members
-- Who was told to be in reach: of some incidents, and some people of any. (incident_ids, volunteer_ids)
SELECT incident_id, volunteer_id, inside FROM reached
WHERE incident_id = ANY($1::uuid[]) OR volunteer_id = ANY($2::uuid[]);

-- name: tell_members!
-- Keep what was told of volunteers. (incident_id, entered, their zones, left)
WITH gone AS (
    DELETE FROM reached WHERE incident_id = $1 AND volunteer_id = ANY($4::uuid[])
)
INSERT INTO reached (incident_id, volunteer_id, inside)
SELECT $1, * FROM unnest($2::uuid[], $3::text[]) ON CONFLICT (incident_id, volunteer_id) DO UPDATE
SET inside = excluded.inside;
