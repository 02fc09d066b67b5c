-- Statements about volunteers. Parameters are positional. Many rows travel as one JSON text, because
-- arrays of arrays of different lengths (roles, languages) do not fit UNNEST.

-- name: lock_volunteers
-- Lock in one order, so that two transactions never wait for each other in a circle. Read afterwards, in a new
-- statement, so that what others committed while this waited is seen.
SELECT volunteer_id FROM volunteers WHERE volunteer_id = ANY($1::uuid[]) ORDER BY volunteer_id FOR UPDATE;

-- name: lock_volunteers_at
-- The same for all whose home one of these stations is.
SELECT volunteer_id FROM volunteers WHERE home_station_id = ANY($1::uuid[]) ORDER BY volunteer_id FOR UPDATE;

-- name: lock_due
-- Volunteers of whom time alone changes something. Whoever is being changed at this moment is left for the next round:
-- waiting here while holding a timer could make a circle. $1 now, $2 limit
SELECT volunteer_id FROM volunteers WHERE next_change_at <= $1 ORDER BY next_change_at LIMIT $2 FOR UPDATE SKIP LOCKED;

-- name: next_due
SELECT min(next_change_at) FROM volunteers;

-- name: members_at
-- The unretired whose home a station is. $1 station
SELECT volunteer_id FROM volunteers WHERE home_station_id = $1 AND NOT is_retired ORDER BY volunteer_id;

-- name: volunteers_by_id
SELECT v.volunteer_id, v.ref, v.home_station_id, v.roles, v.languages, v.dialects, v.available, v.available_until,
       v.is_adult, v.is_retired, v.calendar, v.activation_minutes, v.vetting_status, v.vetting_authority,
       v.vetting_checked_on, v.vetting_valid_until, v.opted_out_since, v.opted_out_until, v.place_lat_deg,
       v.place_lon_deg, v.place_until, v.channels, v.channels_assumed, v.told_state,
       ARRAY(SELECT m.station_id FROM memberships m WHERE m.volunteer_id = v.volunteer_id ORDER BY 1) AS memberships
FROM volunteers v WHERE v.volunteer_id = ANY($1::uuid[]);

-- name: credentials_of
SELECT volunteer_id, kind, number, issuer, roles, expires_on, expiry_told, notice_told
FROM credentials WHERE volunteer_id = ANY($1::uuid[]);

-- name: save_volunteers!
-- $1 rows as JSON, $2 now
INSERT INTO volunteers (volunteer_id, ref, home_station_id, roles, languages, dialects, available, available_until,
                             is_adult, is_retired, calendar, activation_minutes, vetting_status, vetting_authority,
                             vetting_checked_on, vetting_valid_until, opted_out_since, opted_out_until, place_lat_deg,
                             place_lon_deg, place_until, channels, channels_assumed, usable_roles, deployable, reasons,
                             told_state, next_change_at, enrolled_at, changed_at)
SELECT volunteer_id, ref, home_station_id, roles, languages, dialects, available, available_until, is_adult, is_retired,
       calendar, activation_minutes, vetting_status, vetting_authority, vetting_checked_on, vetting_valid_until,
       opted_out_since, opted_out_until, place_lat_deg, place_lon_deg, place_until, channels, channels_assumed,
       usable_roles, deployable, reasons, told_state, next_change_at, $2, $2
FROM jsonb_to_recordset($1::text::jsonb) AS r (
    volunteer_id uuid, ref text, home_station_id uuid, roles text[], languages text[], dialects text[],
    available boolean, available_until timestamptz, is_adult boolean, is_retired boolean, calendar jsonb,
    activation_minutes integer, vetting_status text, vetting_authority text, vetting_checked_on date,
    vetting_valid_until date, opted_out_since timestamptz, opted_out_until timestamptz, place_lat_deg double precision,
    place_lon_deg double precision, place_until timestamptz, channels text[], channels_assumed boolean,
    usable_roles text[], deployable boolean, reasons text[], told_state jsonb, next_change_at timestamptz)
ON CONFLICT (volunteer_id) DO UPDATE SET
    home_station_id = excluded.home_station_id, roles = excluded.roles, languages = excluded.languages,
    dialects = excluded.dialects, available = excluded.available, available_until = excluded.available_until,
    is_adult = excluded.is_adult, is_retired = excluded.is_retired, calendar = excluded.calendar,
    activation_minutes = excluded.activation_minutes, vetting_status = excluded.vetting_status,
    vetting_authority = excluded.vetting_authority, vetting_checked_on = excluded.vetting_checked_on,
    vetting_valid_until = excluded.vetting_valid_until, opted_out_since = excluded.opted_out_since,
    opted_out_until = excluded.opted_out_until, place_lat_deg = excluded.place_lat_deg,
    place_lon_deg = excluded.place_lon_deg, place_until = excluded.place_until,
    channels = excluded.channels, channels_assumed = excluded.channels_assumed, usable_roles = excluded.usable_roles,
    deployable = excluded.deployable, reasons = excluded.reasons, told_state = excluded.told_state,
    next_change_at = excluded.next_change_at, changed_at = excluded.changed_at;

-- name: save_credentials!
-- Add or renew; none is removed. $1 rows as JSON
INSERT INTO credentials AS c (volunteer_id, kind, number, issuer, roles, expires_on, expiry_told, notice_told)
SELECT * FROM jsonb_to_recordset($1::text::jsonb) AS r (
    volunteer_id uuid, kind text, number text, issuer text, roles text[], expires_on date, expiry_told boolean,
    notice_told smallint)
ON CONFLICT (volunteer_id, kind, number) DO UPDATE SET
    issuer = excluded.issuer, roles = excluded.roles, expires_on = excluded.expires_on,
    expiry_told = excluded.expiry_told, notice_told = excluded.notice_told
WHERE (c.issuer, c.roles, c.expires_on, c.expiry_told, c.notice_told) IS DISTINCT FROM
      (excluded.issuer, excluded.roles, excluded.expires_on, excluded.expiry_told, excluded.notice_told);

-- name: add_history!
-- $1 rows as JSON, $2 when, $3 by whom, $4 why
INSERT INTO volunteer_history (volunteer_id, changed_at, changed_by, reason, events, fields)
SELECT volunteer_id, $2, $3, $4, events, fields
FROM jsonb_to_recordset($1::text::jsonb) AS r (volunteer_id uuid, events text[], fields jsonb);

-- name: history
-- The newest first. $1 volunteer, $2 before this one or NULL, $3 limit
SELECT history_id, changed_at, changed_by, reason, events, fields FROM volunteer_history
WHERE volunteer_id = $1 AND ($2::bigint IS NULL OR history_id < $2) ORDER BY history_id DESC LIMIT $3;

-- name: expiring_credentials
-- Credentials of the unretired that hold on a day and run out soon, the soonest first.
-- $1 day, $2 through, $3 code prefixes, $4 limit
SELECT c.volunteer_id, v.home_station_id, s.area_code, c.kind, c.issuer, c.roles, c.expires_on, c.notice_told
FROM credentials c JOIN volunteers v USING (volunteer_id) JOIN stations s ON s.station_id = v.home_station_id
WHERE c.expires_on BETWEEN $1 AND $2 AND NOT v.is_retired
  AND EXISTS (SELECT FROM unnest($3::text[]) AS prefix WHERE starts_with(s.area_code, prefix))
ORDER BY c.expires_on, c.volunteer_id, c.kind, c.number LIMIT $4;

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

-- name: count_volunteers
SELECT count(*) AS total, count(*) FILTER (WHERE deployable) AS deployable,
       count(*) FILTER (WHERE is_retired) AS retired
FROM volunteers;

-- name: count_vetting
SELECT vetting_status, count(*) AS n FROM volunteers WHERE NOT is_retired GROUP BY vetting_status;

-- name: count_roles
SELECT role, count(*) AS n FROM volunteers, unnest(usable_roles) AS role WHERE deployable GROUP BY role;

-- name: count_languages
SELECT language, count(*) AS n FROM volunteers, unnest(languages) AS language WHERE deployable GROUP BY language;

-- name: count_channels
-- Of those who can be asked; whoever has several counts for each.
SELECT channel, count(*) AS n
FROM volunteers, unnest(
    CASE WHEN channels IS NULL THEN '{not-stated}' WHEN channels = '{}' THEN '{no-channel}' ELSE channels END
) AS channel
WHERE deployable GROUP BY channel;

-- name: count_reasons
SELECT reason, count(*) AS n FROM volunteers, unnest(reasons) AS reason GROUP BY reason;
