-- Statements about where volunteers are and who is on duty.

-- name: accept!
-- Somebody's answer was counted. (volunteer_id, incident_id)
INSERT INTO duty (volunteer_id, incident_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: send!
-- These people are on a mission. (volunteer_ids, incident_id, mission_id)
INSERT INTO duty (volunteer_id, incident_id, mission_id) SELECT unnest($1::uuid[]), $2, $3
ON CONFLICT (volunteer_id, incident_id) DO UPDATE SET mission_id = excluded.mission_id;

-- name: leave
-- Somebody does not come after all. (volunteer_id, incident_id)
DELETE FROM duty WHERE volunteer_id = $1 AND incident_id = $2 RETURNING volunteer_id;

-- name: end_mission
-- The members of a mission are off duty. (mission_id)
DELETE FROM duty WHERE mission_id = $1 RETURNING volunteer_id;

-- name: end_waiting
-- Those who had accepted and were on no mission are off duty. (incident_id)
DELETE FROM duty WHERE incident_id = $1 AND mission_id IS NULL RETURNING volunteer_id;

-- name: roster!
-- Somebody is on a duty of the register. (volunteer_id, until)
INSERT INTO rostered (volunteer_id, until) VALUES ($1, $2) ON CONFLICT (volunteer_id) DO UPDATE SET until = excluded.until;

-- name: end_roster
-- Their duty has ended by then. (volunteer_id, until)
DELETE FROM rostered WHERE volunteer_id = $1 AND until <= $2 RETURNING volunteer_id;

-- name: unroster
-- The register has them on no duty any more. (volunteer_id)
DELETE FROM rostered WHERE volunteer_id = $1 RETURNING volunteer_id;

-- name: exact_off_duty
-- Positions that are kept exactly although their people are on no duty any more. (volunteer_ids)
SELECT volunteer_id, lat_deg, lon_deg, accuracy_m, fixed_at, is_exact FROM position_fix p
WHERE volunteer_id = ANY($1::uuid[]) AND is_exact
  AND NOT EXISTS (SELECT 1 FROM duty d WHERE d.volunteer_id = p.volunteer_id)
  AND NOT EXISTS (SELECT 1 FROM rostered r WHERE r.volunteer_id = p.volunteer_id)
FOR UPDATE;

-- name: on_duty
-- Who of these is on duty; their duty does not end before this transaction does. (volunteer_ids)
SELECT volunteer_id FROM duty WHERE volunteer_id = ANY($1::uuid[]) ORDER BY volunteer_id FOR SHARE;

-- name: on_roster
-- The same of duties of the register that have not ended. (volunteer_ids, now)
SELECT volunteer_id FROM rostered WHERE volunteer_id = ANY($1::uuid[]) AND until > $2 ORDER BY volunteer_id FOR SHARE;

-- name: area_codes
-- In whose areas these volunteers are. (volunteer_ids)
SELECT volunteer_id, area_code FROM member WHERE volunteer_id = ANY($1::uuid[]);

-- name: put_fixes
-- Keep positions that are newer than what is known, or as new and coarser, and have their people looked at; returns
-- those. (volunteer_ids, lats_deg, lons_deg, accuracies_m, fixed_ats, are_exact)
WITH saved AS (
    INSERT INTO position_fix (volunteer_id, lat_deg, lon_deg, accuracy_m, fixed_at, is_exact)
    SELECT * FROM unnest($1::uuid[], $2::float8[], $3::float8[], $4::float8[], $5::timestamptz[], $6::boolean[])
    ON CONFLICT (volunteer_id) DO UPDATE
    SET lat_deg = excluded.lat_deg, lon_deg = excluded.lon_deg, accuracy_m = excluded.accuracy_m,
        fixed_at = excluded.fixed_at, is_exact = excluded.is_exact
    WHERE position_fix.fixed_at < excluded.fixed_at
       OR (position_fix.fixed_at = excluded.fixed_at AND position_fix.is_exact AND NOT excluded.is_exact)
    RETURNING volunteer_id
)
INSERT INTO moved (what, id) SELECT 'volunteer', volunteer_id FROM saved RETURNING id;

-- name: forget
-- Forget a position that was not followed by a newer one. (volunteer_id, fixed_at)
WITH gone AS (DELETE FROM position_fix WHERE volunteer_id = $1 AND fixed_at <= $2 RETURNING volunteer_id)
INSERT INTO moved (what, id) SELECT 'volunteer', volunteer_id FROM gone RETURNING id;
