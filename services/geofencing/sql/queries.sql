-- name: upsert_station<!
-- Keep the newest state of a station, and have it looked at. (station_id, lat_deg, lon_deg, area_code, is_open, sequence)
WITH saved AS (
INSERT INTO station (station_id, lat_deg, lon_deg, area_code, is_open, sequence)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (station_id) DO UPDATE
SET lat_deg = excluded.lat_deg, lon_deg = excluded.lon_deg, area_code = excluded.area_code,
    is_open = excluded.is_open, sequence = excluded.sequence
WHERE station.sequence < excluded.sequence
RETURNING station_id
)
INSERT INTO moved (what, id) SELECT 'station', station_id FROM saved RETURNING id;

-- name: station_fingerprint
-- Changes whenever any station does. ()
SELECT count(*) AS stations, coalesce(sum(sequence), 0)::bigint AS sequences FROM station;

-- name: stations_unless_fenced
-- The same, or no row if the incident was fenced before. (incident_id)
SELECT count(*) AS stations, coalesce(sum(sequence), 0)::bigint AS sequences FROM station
HAVING NOT EXISTS (SELECT 1 FROM fence WHERE incident_id = $1);

-- name: open_stations
-- All open stations. ()
SELECT station_id, lon_deg, lat_deg FROM station WHERE is_open ORDER BY station_id;

-- name: insert_fence!
-- Remember a fence, and have everybody looked at. (incident_id, fenced, exercise, area_codes, fenced_at, kind, level)
WITH looked AS (INSERT INTO moved (what, id) VALUES ('incident', $1))
INSERT INTO fence (incident_id, fenced, exercise, area_codes, fenced_at, kind, level)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: set_level!
-- The incident's level. (incident_id, level)
UPDATE fence SET level = $2 WHERE incident_id = $1;

-- name: lock_standing
-- The standing fence of an incident, locked. (incident_id)
SELECT fenced, reach, revision, kind, level FROM fence WHERE incident_id = $1 AND lifted_at IS NULL FOR UPDATE;

-- name: revise_fence!
-- The fence after a revision, which everybody is looked at against; without a text nothing of it became different.
-- (incident_id, revision, area_codes, fenced)
WITH looked AS (INSERT INTO moved (what, id) SELECT 'incident', $1 WHERE $4::text IS NOT NULL)
UPDATE fence SET revision = $2, area_codes = $3, fenced = coalesce($4, fenced),
    reach = CASE WHEN $4::text IS NULL THEN reach END
WHERE incident_id = $1;

-- name: lift_fence<!
-- Mark a standing fence as lifted; nobody is in its reach any more. (incident_id, lifted_at)
WITH released AS (DELETE FROM reached WHERE incident_id = $1)
UPDATE fence SET lifted_at = $2
WHERE incident_id = $1 AND lifted_at IS NULL
RETURNING fenced;

-- name: fence_of
-- The fence of an incident. (incident_id)
SELECT fenced, reach, exercise, area_codes, fenced_at, lifted_at, revision FROM fence WHERE incident_id = $1;
