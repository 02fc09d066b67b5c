-- Statements about stations. Parameters are positional. Many rows travel as one JSON text, because arrays of arrays of
-- different lengths (languages, services) do not fit UNNEST.

-- name: stations_by_id
SELECT * FROM stations WHERE station_id = ANY($1::uuid[]);

-- name: stations_below
-- Those that stand directly below one of these.
SELECT * FROM stations WHERE parent_id = ANY($1::uuid[]) ORDER BY ref;

-- name: save_stations!
-- $1 rows as JSON, $2 now
INSERT INTO stations AS s (station_id, ref, kind, tier, name_zh, name_en, area_code, lat_deg, lon_deg, languages,
                           detachment_id, parent_id, parent_explanation, setting, institution, services, room_count,
                           seat_count, line_count, opening_hours, catchment, is_open, is_suspended, verified_on,
                           is_stale, registered_at, changed_at)
SELECT station_id, ref, kind, tier, name_zh, name_en, area_code, lat_deg, lon_deg, languages, detachment_id, parent_id,
       parent_explanation, setting, institution, services, room_count, seat_count, line_count, opening_hours,
       catchment, is_open, is_suspended, verified_on, is_stale, $2, $2
FROM jsonb_to_recordset($1::text::jsonb) AS r (
    station_id uuid, ref text, kind text, tier text, name_zh text, name_en text, area_code text,
    lat_deg double precision, lon_deg double precision, languages text[], detachment_id uuid, parent_id uuid,
    parent_explanation text, setting text, institution jsonb, services text[], room_count integer, seat_count integer,
    line_count integer, opening_hours jsonb, catchment jsonb, is_open boolean, is_suspended boolean, verified_on date,
    is_stale boolean)
ON CONFLICT (station_id) DO UPDATE SET
    kind = excluded.kind, tier = excluded.tier, name_zh = excluded.name_zh, name_en = excluded.name_en,
    area_code = excluded.area_code, lat_deg = excluded.lat_deg, lon_deg = excluded.lon_deg,
    languages = excluded.languages, detachment_id = excluded.detachment_id, parent_id = excluded.parent_id,
    parent_explanation = excluded.parent_explanation, setting = excluded.setting, institution = excluded.institution,
    services = excluded.services, room_count = excluded.room_count, seat_count = excluded.seat_count,
    line_count = excluded.line_count, opening_hours = excluded.opening_hours, catchment = excluded.catchment,
    is_open = excluded.is_open, is_suspended = excluded.is_suspended, verified_on = excluded.verified_on,
    is_stale = excluded.is_stale, changed_at = excluded.changed_at;

-- name: stations
-- In the order of their references. $1 code prefix, $2 kind, $3 tier, $4 service, $5 language, $6 stale, $7 parent (each
-- NULL: any), $8 after this reference, $9 limit
SELECT * FROM stations
WHERE starts_with(area_code, $1) AND ($2::text IS NULL OR kind = $2) AND ($3::text IS NULL OR tier = $3)
    AND ($4::text IS NULL OR $4 = ANY(services)) AND ($5::text IS NULL OR $5 = ANY(languages))
    AND ($6::boolean IS NULL OR is_stale = $6) AND ($7::uuid IS NULL OR parent_id = $7) AND ref > $8
ORDER BY ref LIMIT $9;

-- name: ancestors
-- From the parent up. A parent is of a higher tier, so the walk ends.
WITH RECURSIVE up AS (
    SELECT parent_id, 0 AS distance FROM stations WHERE station_id = $1
    UNION ALL
    SELECT s.parent_id, up.distance + 1 FROM up JOIN stations s ON s.station_id = up.parent_id
)
SELECT s.* FROM up JOIN stations s ON s.station_id = up.parent_id ORDER BY up.distance;

-- name: count_subtree
-- The station itself and all below it.
WITH RECURSIVE below AS (
    SELECT station_id FROM stations WHERE station_id = $1
    UNION ALL
    SELECT s.station_id FROM below JOIN stations s ON s.parent_id = below.station_id
)
SELECT kind, tier, is_open, is_suspended, is_stale, count(*) AS n, sum(room_count)::bigint AS rooms,
       sum(seat_count)::bigint AS seats
FROM stations WHERE station_id IN (SELECT station_id FROM below) AND station_id <> $1
GROUP BY kind, tier, is_open, is_suspended, is_stale;

-- name: count_stations
SELECT kind, tier, is_open, is_suspended, is_stale, count(*) AS n, sum(room_count)::bigint AS rooms,
       sum(seat_count)::bigint AS seats
FROM stations GROUP BY kind, tier, is_open, is_suspended, is_stale;

-- name: add_history!
-- $1 rows as JSON, $2 now, $3 account, $4 way, $5 reason, $6 proposal
INSERT INTO station_history (station_id, changed_at, changed_by, way, proposal_id, reason, changes, before, after)
SELECT station_id, $2, $3, $4, $6, $5, changes, before, after
FROM jsonb_to_recordset($1::text::jsonb) AS r (station_id uuid, changes text[], before jsonb, after jsonb);

-- name: history
-- The newest first. $1 station, $2 before this entry or NULL, $3 limit
SELECT entry_id, changed_at, changed_by, way, proposal_id, reason, changes, before, after FROM station_history
WHERE station_id = $1 AND ($2::bigint IS NULL OR entry_id < $2) ORDER BY entry_id DESC LIMIT $3;

-- name: try_lock_register
-- Like lock_register, but does not wait: says whether it was had.
SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || ':register', 0));

-- name: to_verify
-- Open stations that nobody verified after that day and that were not told of, the longest first. One that was never
-- verified counts from the day it was registered. $1 day, $2 limit
SELECT * FROM stations
WHERE NOT is_stale AND is_open AND coalesce(verified_on, (registered_at AT TIME ZONE 'Asia/Shanghai')::date) <= $1
ORDER BY coalesce(verified_on, (registered_at AT TIME ZONE 'Asia/Shanghai')::date), station_id LIMIT $2;
