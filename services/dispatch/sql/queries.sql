-- Statements of dispatch. Parameters are positional; each statement's comment names them.

-- name: touch_incident
-- Make the row of an incident that an event speaks of before its declaration came. $1 id, $2 exercise, $3 jurisdiction
INSERT INTO incidents (incident_id, exercise, jurisdiction) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: lock_incident
-- The incident, locked until the end of the transaction. $1 id
SELECT incident_id, exercise, jurisdiction, is_declared, is_closed, auto_dispatch, clock, needs
FROM incidents WHERE incident_id = $1 FOR UPDATE;

-- name: incident
-- The incident. $1 id
SELECT incident_id, exercise, jurisdiction, is_declared, is_closed, auto_dispatch, clock, needs
FROM incidents WHERE incident_id = $1;

-- name: declare_incident
-- $1 id, $2 jurisdiction, $3 auto_dispatch, $4 clock, $5 needs
UPDATE incidents SET is_declared = true, jurisdiction = $2, auto_dispatch = $3, clock = $4, needs = $5
WHERE incident_id = $1;

-- name: state_needs
-- $1 id, $2 needs
UPDATE incidents SET needs = $2 WHERE incident_id = $1;

-- name: close_incident
-- $1 id
UPDATE incidents SET is_closed = true WHERE incident_id = $1;

-- name: set_jurisdiction
-- $1 id, $2 jurisdiction
UPDATE incidents SET jurisdiction = $2 WHERE incident_id = $1;

-- name: put_zones
-- The zones as they now stand; others are lifted. $1 incident, $2 ids, $3 kinds, $4 latitudes, $5 longitudes
WITH lifted AS (
    UPDATE zones SET is_lifted = true WHERE incident_id = $1 AND NOT zone_id = ANY($2::uuid[]) AND NOT is_lifted
)
INSERT INTO zones (incident_id, zone_id, kind, lat_deg, lon_deg)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::float8[], $5::float8[])
ON CONFLICT (zone_id) DO UPDATE SET kind = excluded.kind, lat_deg = excluded.lat_deg, lon_deg = excluded.lon_deg,
    is_lifted = false;

-- name: zones_of
-- The zones that stand. $1 incident
SELECT zone_id, kind, lat_deg, lon_deg FROM zones WHERE incident_id = $1 AND NOT is_lifted;

-- name: put_quotas
-- Where each need now belongs. Those counted for it who have no seat yet go there too. $1 incident, $2 needs, $3 zones
WITH placed AS (
    SELECT * FROM unnest($2::text[], $3::uuid[]) AS p (need_id, zone_id)
), elsewhere AS (
    DELETE FROM quotas q USING placed p WHERE q.incident_id = $1 AND q.need_id = p.need_id AND q.zone_id <> p.zone_id
), moved AS (
    UPDATE members m SET zone_id = p.zone_id FROM placed p
    WHERE m.incident_id = $1 AND m.state = 'waiting' AND m.need_id = p.need_id AND m.zone_id <> p.zone_id
)
INSERT INTO quotas (incident_id, need_id, zone_id) SELECT $1, need_id, zone_id FROM placed ON CONFLICT DO NOTHING;

-- name: quotas_of
-- $1 incident
SELECT need_id, zone_id FROM quotas WHERE incident_id = $1;

-- name: put_exhausted
-- $1 incident, $2 needs
INSERT INTO exhausted_needs (incident_id, need_id) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING;

-- name: exhausted_of
-- $1 incident
SELECT need_id FROM exhausted_needs WHERE incident_id = $1;

-- name: hold_volunteer
-- Hold somebody for this incident; no row if they are held already, here or elsewhere in the same world.
-- $1 incident, $2 volunteer, $3 order of the answer, $4 world, $5 need, $6 zone
INSERT INTO members (incident_id, volunteer_id, answer_order, world, need_id, zone_id, state)
VALUES ($1, $2, $3, $4, $5, $6, 'waiting') ON CONFLICT DO NOTHING RETURNING volunteer_id;

-- name: held_by
-- The incident that holds somebody now. $1 volunteer, $2 world
SELECT incident_id FROM members WHERE volunteer_id = $1 AND world = $2 AND state <> 'released';

-- name: members_of
-- Everybody held for an incident. $1 incident
SELECT volunteer_id, answer_order, need_id, zone_id, state, mission_id, role, language
FROM members WHERE incident_id = $1 AND state <> 'released';

-- name: missions_of
-- All missions of an incident. $1 incident
SELECT m.*, z.kind AS zone_kind, z.is_lifted, coalesce(m.lat_deg, z.lat_deg) AS to_lat_deg,
       coalesce(m.lon_deg, z.lon_deg) AS to_lon_deg
FROM missions m JOIN zones z USING (zone_id) WHERE m.incident_id = $1 ORDER BY z.kind, m.team_no;

-- name: teams_of
-- Which teams an incident has, without what is told about them. $1 incident
SELECT mission_id, zone_id, team_no, state FROM missions WHERE incident_id = $1 AND NOT is_withdrawn;

-- name: served_needs
-- Which needs ever had somebody in each mission. $1 incident
SELECT mission_id, array_agg(DISTINCT need_id) AS need_ids FROM members
WHERE incident_id = $1 AND mission_id IS NOT NULL GROUP BY mission_id;

-- name: mission
-- $1 mission
SELECT m.*, z.kind AS zone_kind, z.is_lifted, coalesce(m.lat_deg, z.lat_deg) AS to_lat_deg,
       coalesce(m.lon_deg, z.lon_deg) AS to_lon_deg
FROM missions m JOIN zones z USING (zone_id) WHERE m.mission_id = $1;

-- name: crew_of
-- Who sits in these missions, or sat in them when they ended. $1 missions
SELECT mission_id, volunteer_id, answer_order, need_id, zone_id, state, role, language
FROM members WHERE mission_id = ANY($1::uuid[]) AND left_reason IS NULL ORDER BY answer_order, volunteer_id;

-- name: incident_of
-- $1 mission
SELECT incident_id FROM missions WHERE mission_id = $1;

-- name: withdraw_plans
-- Give up what was planned for lifted zones and not approved; its members wait again. $1 incident, $2 now, $3 reason
WITH withdrawn AS (
    UPDATE missions m SET state = 'cancelled', is_withdrawn = true, ended_at = $2, end_reason = $3
    FROM zones z
    WHERE m.incident_id = $1 AND z.zone_id = m.zone_id AND z.is_lifted AND m.state = 'planned'
    RETURNING m.mission_id
), waiting AS (
    UPDATE members SET state = 'waiting', mission_id = NULL, role = NULL, language = NULL
    WHERE incident_id = $1 AND state = 'seated' AND mission_id IN (SELECT mission_id FROM withdrawn)
)
SELECT mission_id FROM withdrawn ORDER BY mission_id;

-- name: withdrawn_before
-- How often a plan for a team of this number was given up. $1 zone, $2 team number
SELECT count(*) FROM missions WHERE zone_id = $1 AND team_no = $2 AND is_withdrawn;

-- name: plan_mission
-- $1 mission, $2 incident, $3 zone, $4 team number, $5 short, $6 lead, $7 explanation, $8 now
INSERT INTO missions (mission_id, incident_id, zone_id, team_no, is_short, lead_volunteer_id, explanation, planned_at,
                      state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'planned');

-- name: seat_members
-- $1 incident, $2 mission, $3 volunteers, $4 roles, $5 languages
UPDATE members m SET state = 'seated', mission_id = $2, role = s.role, language = s.language
FROM unnest($3::uuid[], $4::text[], $5::text[]) AS s (volunteer_id, role, language)
WHERE m.incident_id = $1 AND m.volunteer_id = s.volunteer_id AND m.state = 'waiting';

-- name: set_lead
-- $1 mission, $2 lead or NULL
UPDATE missions SET lead_volunteer_id = $2 WHERE mission_id = $1;

-- name: dispatch_mission
-- $1 mission, $2 by whom, $3 now, $4 relieve by, $5 next check-in
UPDATE missions m SET state = 'dispatched', approved_by = $2, dispatched_at = $3, relieve_by_at = $4,
    check_in_due_at = $5, lat_deg = z.lat_deg, lon_deg = z.lon_deg
FROM zones z WHERE m.mission_id = $1 AND z.zone_id = m.zone_id;

-- name: depart_mission
-- $1 mission, $2 now, $3 expected arrival, $4 next check-in
UPDATE missions SET state = 'departed', departed_at = $2, eta_at = $3, check_in_due_at = $4, check_in_missed = false
WHERE mission_id = $1;

-- name: arrive_mission
-- $1 mission, $2 now, $3 next check-in
UPDATE missions SET state = 'arrived', arrived_at = $2, check_in_due_at = $3, check_in_missed = false
WHERE mission_id = $1;

-- name: check_in_mission
-- $1 mission, $2 next check-in
UPDATE missions SET check_in_due_at = $2, check_in_missed = false WHERE mission_id = $1;

-- name: miss_check_in
-- $1 mission
UPDATE missions SET check_in_missed = true WHERE mission_id = $1;

-- name: end_mission
-- $1 mission, $2 state, $3 now, $4 reason
UPDATE missions SET state = $2, ended_at = $3, end_reason = $4, check_in_due_at = NULL WHERE mission_id = $1;

-- name: release_crew
-- All members of a mission that ended. $1 mission
UPDATE members SET state = 'released' WHERE mission_id = $1 AND state <> 'released';

-- name: release_member
-- Somebody who leaves before the end. $1 incident, $2 volunteer, $3 why
UPDATE members SET state = 'released', left_reason = $3
WHERE incident_id = $1 AND volunteer_id = $2 AND state <> 'released';

-- name: release_everybody
-- $1 incident
UPDATE members SET state = 'released' WHERE incident_id = $1 AND state <> 'released';

-- name: release_waiting
-- Those who are held and sit in no mission. $1 incident
UPDATE members SET state = 'released' WHERE incident_id = $1 AND state = 'waiting';

-- name: has_left
-- Whether somebody left this team before it ended. $1 mission, $2 volunteer
SELECT true FROM members WHERE mission_id = $1 AND volunteer_id = $2 AND left_reason IS NOT NULL LIMIT 1;

-- name: opt_out
-- Somebody wants no page any more; no row if that was known. $1 volunteer
INSERT INTO opted_out (volunteer_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING volunteer_id;

-- name: opt_in
-- Somebody may be paged again; no row if that was known. $1 volunteer
DELETE FROM opted_out WHERE volunteer_id = $1 RETURNING volunteer_id;

-- name: opted_out_among
-- $1 volunteers
SELECT volunteer_id FROM opted_out WHERE volunteer_id = ANY($1::uuid[]);

-- name: incidents_holding
-- Those in whose teams somebody sits. $1 volunteer
SELECT incident_id FROM members WHERE volunteer_id = $1 AND state = 'seated' ORDER BY incident_id;
