-- Statements about volunteers. Parameters are positional. Many rows travel as one JSON text, because
-- arrays of arrays of different lengths (roles, languages) do not fit UNNEST.

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
