-- Statements of the registry. Parameters are positional. Many rows travel as one JSON text, because arrays of arrays
-- of different lengths (roles, languages) do not fit UNNEST.

-- name: lock_register
-- One batch at a time: two that name the same new station or volunteer would each think they create it.
SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ':register', 0));

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

-- name: lock_volunteers
-- Lock in one order, so that two transactions never wait for each other in a circle. Read afterwards, in a new
-- statement, so that what others committed while this waited is seen.
SELECT volunteer_id FROM volunteers WHERE volunteer_id = ANY($1::uuid[]) ORDER BY volunteer_id FOR UPDATE;

-- name: lock_volunteers_at
-- The same for all whose home one of these stations is.
SELECT volunteer_id FROM volunteers WHERE home_station_id = ANY($1::uuid[]) ORDER BY volunteer_id FOR UPDATE;

-- name: lock_running_out
-- Volunteers with a credential that ran out before a day and was not told of. Whoever is being changed at this moment
-- is left for the next round: waiting here while holding a timer could make a circle. $1 day, $2 limit
SELECT volunteer_id FROM volunteers v
WHERE EXISTS (SELECT FROM credentials c WHERE c.volunteer_id = v.volunteer_id AND NOT expiry_told AND expires_on < $1)
ORDER BY volunteer_id LIMIT $2 FOR UPDATE SKIP LOCKED;

-- name: any_running_out
SELECT EXISTS (SELECT FROM credentials WHERE NOT expiry_told AND expires_on < $1);

-- name: volunteers_by_id
SELECT v.volunteer_id, v.ref, v.home_station_id, v.roles, v.languages, v.available, v.availability_reason, v.is_adult,
       v.is_retired,
       ARRAY(SELECT m.station_id FROM memberships m WHERE m.volunteer_id = v.volunteer_id ORDER BY 1) AS memberships
FROM volunteers v WHERE v.volunteer_id = ANY($1::uuid[]);

-- name: credentials_of
SELECT volunteer_id, kind, number, issuer, roles, expires_on, expiry_told
FROM credentials WHERE volunteer_id = ANY($1::uuid[]);

-- name: save_volunteers!
-- $1 rows as JSON, $2 now
INSERT INTO volunteers AS v (volunteer_id, ref, home_station_id, roles, languages, available, is_adult, is_retired,
                             usable_roles, deployable, reasons, enrolled_at, changed_at)
SELECT volunteer_id, ref, home_station_id, roles, languages, available, is_adult, is_retired, usable_roles, deployable,
       reasons, $2, $2
FROM jsonb_to_recordset($1::text::jsonb) AS r (
    volunteer_id uuid, ref text, home_station_id uuid, roles text[], languages text[], available boolean,
    is_adult boolean, is_retired boolean, usable_roles text[], deployable boolean, reasons text[])
ON CONFLICT (volunteer_id) DO UPDATE SET
    home_station_id = excluded.home_station_id, roles = excluded.roles, languages = excluded.languages,
    available = excluded.available, is_adult = excluded.is_adult, is_retired = excluded.is_retired,
    usable_roles = excluded.usable_roles, deployable = excluded.deployable, reasons = excluded.reasons,
    changed_at = excluded.changed_at,
    availability_reason = CASE WHEN v.available = excluded.available THEN v.availability_reason END;

-- name: save_credentials!
-- Add or renew; none is removed. $1 rows as JSON
INSERT INTO credentials AS c (volunteer_id, kind, number, issuer, roles, expires_on, expiry_told)
SELECT * FROM jsonb_to_recordset($1::text::jsonb) AS r (
    volunteer_id uuid, kind text, number text, issuer text, roles text[], expires_on date, expiry_told boolean)
ON CONFLICT (volunteer_id, kind, number) DO UPDATE SET
    issuer = excluded.issuer, roles = excluded.roles, expires_on = excluded.expires_on,
    expiry_told = excluded.expiry_told
WHERE (c.issuer, c.roles, c.expires_on, c.expiry_told)
      IS DISTINCT FROM (excluded.issuer, excluded.roles, excluded.expires_on, excluded.expiry_told);

-- name: save_memberships!
-- Make the memberships of these volunteers exactly these. $1 volunteers, $2 volunteers and $3 stations pairwise
WITH wanted AS (
    SELECT * FROM unnest($2::uuid[], $3::uuid[]) AS w (volunteer_id, station_id)
), ended AS (
    DELETE FROM memberships m WHERE m.volunteer_id = ANY($1::uuid[])
    AND NOT EXISTS (SELECT FROM wanted w WHERE (w.volunteer_id, w.station_id) = (m.volunteer_id, m.station_id))
)
INSERT INTO memberships (volunteer_id, station_id) SELECT volunteer_id, station_id FROM wanted ON CONFLICT DO NOTHING;

-- name: save_identities
-- Keep who they are; what is not given stays. Says who changed. $1 volunteers, $2 names, $3 phones, $4 now
INSERT INTO identities AS i (volunteer_id, name, phone, changed_at)
SELECT volunteer_id, name, phone, $4 FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n (volunteer_id, name, phone)
ON CONFLICT (volunteer_id) DO UPDATE SET
    name = coalesce(excluded.name, i.name), phone = coalesce(excluded.phone, i.phone), changed_at = excluded.changed_at
WHERE (coalesce(excluded.name, i.name), coalesce(excluded.phone, i.phone)) IS DISTINCT FROM (i.name, i.phone)
RETURNING volunteer_id;

-- name: set_availability_reason!
UPDATE volunteers SET availability_reason = $2 WHERE volunteer_id = $1;

-- name: count_stations
SELECT kind, tier, is_open, count(*) AS n FROM stations GROUP BY kind, tier, is_open;

-- name: count_volunteers
SELECT count(*) AS total, count(*) FILTER (WHERE deployable) AS deployable,
       count(*) FILTER (WHERE is_retired) AS retired
FROM volunteers;

-- name: count_roles
SELECT role, count(*) AS n FROM volunteers, unnest(usable_roles) AS role WHERE deployable GROUP BY role;

-- name: count_languages
SELECT language, count(*) AS n FROM volunteers, unnest(languages) AS language WHERE deployable GROUP BY language;

-- name: count_reasons
SELECT reason, count(*) AS n FROM volunteers, unnest(reasons) AS reason GROUP BY reason;
