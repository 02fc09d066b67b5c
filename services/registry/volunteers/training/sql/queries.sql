-- Statements of the talent register. Parameters are positional.

-- name: add_training<!
-- Nothing for an entry that is there; one that was withdrawn counts again.
-- $1 training, $2 volunteer, $3 course, $4 issuer, $5 hours, $6 day, $7 now, $8 by
INSERT INTO trainings AS t (training_id, volunteer_id, course, issuer, hours, held_on, recorded_at, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (training_id) DO UPDATE SET hours = excluded.hours, recorded_at = excluded.recorded_at,
    recorded_by = excluded.recorded_by, withdrawn_at = NULL, withdrawn_by = NULL, withdrawn_reason = NULL
WHERE t.withdrawn_at IS NOT NULL OR t.hours <> excluded.hours
RETURNING training_id;

-- name: withdraw_training<!
-- $1 training, $2 volunteer, $3 now, $4 by, $5 why
UPDATE trainings SET withdrawn_at = $3, withdrawn_by = $4, withdrawn_reason = $5
WHERE training_id = $1 AND volunteer_id = $2 AND withdrawn_at IS NULL RETURNING training_id;

-- name: training_exists
SELECT EXISTS (SELECT FROM trainings WHERE training_id = $1 AND volunteer_id = $2);

-- name: trainings
-- The latest first. $1 volunteer, $2 limit
SELECT training_id, course, issuer, hours::float8 AS hours, held_on, recorded_at, recorded_by, withdrawn_at,
       withdrawn_by, withdrawn_reason
FROM trainings WHERE volunteer_id = $1 ORDER BY held_on DESC, training_id LIMIT $2;

-- name: total_of_volunteer
-- What counts. $1 volunteer
SELECT count(*) AS entries, coalesce(sum(hours), 0)::float8 AS hours, max(held_on) AS last_held_on
FROM trainings WHERE volunteer_id = $1 AND withdrawn_at IS NULL;

-- name: totals_by_volunteer
-- Of those whose home a station is. $1 station, $2 from, $3 through
SELECT v.volunteer_id, count(t.training_id) AS entries, coalesce(sum(t.hours), 0)::float8 AS hours,
       max(t.held_on) AS last_held_on
FROM volunteers v LEFT JOIN trainings t ON t.volunteer_id = v.volunteer_id AND t.withdrawn_at IS NULL
    AND t.held_on BETWEEN $2 AND $3
WHERE v.home_station_id = $1 AND NOT v.is_retired GROUP BY v.volunteer_id ORDER BY v.volunteer_id;

-- name: totals_by_station
-- By home station. $1 code prefixes, $2 from, $3 through, $4 after this reference, $5 limit
SELECT s.station_id, s.ref, s.area_code, count(DISTINCT v.volunteer_id) AS volunteers,
       count(DISTINCT t.volunteer_id) AS trained, count(t.training_id) AS entries,
       coalesce(sum(t.hours), 0)::float8 AS hours
FROM stations s JOIN volunteers v ON v.home_station_id = s.station_id AND NOT v.is_retired
LEFT JOIN trainings t ON t.volunteer_id = v.volunteer_id AND t.withdrawn_at IS NULL AND t.held_on BETWEEN $2 AND $3
WHERE EXISTS (SELECT FROM unnest($1::text[]) AS prefix WHERE starts_with(s.area_code, prefix)) AND s.ref > $4
GROUP BY s.station_id ORDER BY s.ref LIMIT $5;
