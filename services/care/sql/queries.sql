-- Statements of care. Parameters are positional; each statement's comment names them.

-- name: put_incident
-- $1 id, $2 exercise, $3 jurisdiction, $4 clock, $5 owner station or NULL, $6 zones
INSERT INTO incidents (incident_id, exercise, jurisdiction, clock, owner_station_id, zone_ids)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (incident_id) DO UPDATE SET jurisdiction = excluded.jurisdiction, clock = excluded.clock,
    owner_station_id = excluded.owner_station_id,
    zone_ids = ARRAY(SELECT unnest(incidents.zone_ids) UNION SELECT unnest(excluded.zone_ids));

-- name: incident
-- $1 id
SELECT incident_id, exercise, jurisdiction, clock, owner_station_id, zone_ids FROM incidents WHERE incident_id = $1;

-- name: give_owner
-- $1 incident, $2 station
UPDATE incidents SET owner_station_id = $2 WHERE incident_id = $1 AND owner_station_id IS NULL;

-- name: put_mission
-- A team was sent, or sent again with somebody new. $1 mission, $2 incident, $3 zone, $4 members
INSERT INTO missions (mission_id, incident_id, zone_id, state, member_ids) VALUES ($1, $2, $3, 'sent', $4)
ON CONFLICT (mission_id) DO UPDATE SET member_ids = excluded.member_ids;

-- name: drop_member
-- $1 mission, $2 volunteer
UPDATE missions SET member_ids = array_remove(member_ids, $2) WHERE mission_id = $1;

-- name: set_mission_state
-- $1 mission, $2 state
UPDATE missions SET state = $2 WHERE mission_id = $1;

-- name: mission
-- $1 mission
SELECT mission_id, incident_id, zone_id, state, member_ids FROM missions WHERE mission_id = $1;

-- name: open_case
-- No row if the code is taken. $1 case, $2 code, $3 incident, $4 mission, $5 zone, $6 group, $7 age band, $8 level,
-- $9 needs review, $10 follow-up, $11 owner station, $12 now
INSERT INTO cases (case_id, code, incident_id, mission_id, zone_id, population_group, age_band, level,
                   needs_clinician_review, follow_up, owner_station_id, opened_at, triaged_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) ON CONFLICT (code) DO NOTHING RETURNING case_id;

-- name: case_for_update
-- $1 case
SELECT * FROM cases WHERE case_id = $1 FOR UPDATE;

-- name: case_by_id
-- $1 case
SELECT * FROM cases WHERE case_id = $1;

-- name: triage_case
-- $1 case, $2 level, $3 needs review, $4 now
UPDATE cases SET level = $2, needs_clinician_review = $3, triaged_at = $4 WHERE case_id = $1;

-- name: consent_case
-- $1 case, $2 follow-up
UPDATE cases SET follow_up = $2 WHERE case_id = $1;

-- name: close_case
-- $1 case, $2 now, $3 reason
UPDATE cases SET closed_at = $2, close_reason = $3, needs_clinician_review = false WHERE case_id = $1;

-- name: counts
-- Cases of an incident by level. $1 incident
SELECT level, count(*) FILTER (WHERE closed_at IS NULL) AS open, count(*) FILTER (WHERE closed_at IS NOT NULL) AS closed,
       count(*) FILTER (WHERE needs_clinician_review) AS awaiting_review, count(*) FILTER (WHERE follow_up) AS consented
FROM cases WHERE incident_id = $1 GROUP BY level ORDER BY level;
