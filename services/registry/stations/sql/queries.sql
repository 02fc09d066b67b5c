-- Statements about stations. Parameters are positional. Many rows travel as one JSON text, because
-- arrays of arrays of different lengths (roles, languages) do not fit UNNEST.

-- name: stations_by_id
SELECT station_id, ref, kind, tier, name_zh, name_en, area_code, lat_deg, lon_deg, languages, detachment_id, is_open
FROM stations WHERE station_id = ANY($1::uuid[]);

-- name: save_stations!
-- $1 rows as JSON, $2 now
INSERT INTO stations AS s (station_id, ref, kind, tier, name_zh, name_en, area_code, lat_deg, lon_deg, languages,
                           detachment_id, is_open, registered_at, changed_at)
SELECT station_id, ref, kind, tier, name_zh, name_en, area_code, lat_deg, lon_deg, languages, detachment_id, is_open,
       $2, $2
FROM jsonb_to_recordset($1::text::jsonb) AS r (
    station_id uuid, ref text, kind text, tier text, name_zh text, name_en text, area_code text,
    lat_deg double precision, lon_deg double precision, languages text[], detachment_id uuid, is_open boolean)
ON CONFLICT (station_id) DO UPDATE SET
    kind = excluded.kind, tier = excluded.tier, name_zh = excluded.name_zh, name_en = excluded.name_en,
    area_code = excluded.area_code, lat_deg = excluded.lat_deg, lon_deg = excluded.lon_deg,
    languages = excluded.languages, detachment_id = excluded.detachment_id, is_open = excluded.is_open,
    changed_at = excluded.changed_at;

-- name: stations
-- In the order of their references. $1 code prefix, $2 kind or NULL, $3 after this reference, $4 limit
SELECT station_id, ref, kind, tier, name_zh, name_en, area_code, lat_deg, lon_deg, languages, detachment_id, is_open
FROM stations
WHERE starts_with(area_code, $1) AND ($2::text IS NULL OR kind = $2) AND ref > $3
ORDER BY ref LIMIT $4;

-- name: count_stations
SELECT kind, tier, is_open, count(*) AS n FROM stations GROUP BY kind, tier, is_open;
