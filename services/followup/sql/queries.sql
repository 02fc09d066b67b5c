-- Statements of followup. Parameters are positional; each statement's comment names them.

-- name: touch_incident
-- Make the row of an incident that an event speaks of before its declaration came. $1 id, $2 exercise, $3 jurisdiction
INSERT INTO incidents (incident_id, exercise, jurisdiction) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: share_incident
-- The incident; it is not declared while this transaction lasts. $1 id
SELECT incident_id, exercise, jurisdiction, occurred_at, clock FROM incidents WHERE incident_id = $1 FOR SHARE;

-- name: incident
-- $1 id
SELECT incident_id, exercise, jurisdiction, occurred_at, clock FROM incidents WHERE incident_id = $1;

-- name: declare_incident
-- $1 id, $2 exercise, $3 jurisdiction, $4 when it happened, $5 clock
INSERT INTO incidents (incident_id, exercise, jurisdiction, occurred_at, clock) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (incident_id) DO UPDATE SET jurisdiction = excluded.jurisdiction, occurred_at = excluded.occurred_at,
    clock = excluded.clock;

-- name: set_jurisdiction
-- $1 id, $2 jurisdiction
UPDATE incidents SET jurisdiction = $2 WHERE incident_id = $1;

-- name: put_zones
-- $1 incident, $2 ids, $3 owner station or NULL, $4 fenced at
INSERT INTO zones (zone_id, incident_id, owner_station_id, fenced_at)
SELECT unnest($2::uuid[]), $1, $3, $4 ON CONFLICT (zone_id) DO NOTHING;

-- name: zones_to_plan
-- Take the zones of an incident that have no plan yet. $1 incident
UPDATE zones SET is_planned = true WHERE incident_id = $1 AND NOT is_planned
RETURNING zone_id, owner_station_id, fenced_at;

-- name: open_case
-- $1 case, $2 incident, $3 zone, $4 owner station
INSERT INTO cases (case_id, incident_id, zone_id, owner_station_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;

-- name: triage_case
-- $1 case, $2 level, $3 when
UPDATE cases SET level = $2, triaged_at = $3 WHERE case_id = $1;

-- name: consent_case
-- $1 case, $2 follow-up
UPDATE cases SET follow_up = $2 WHERE case_id = $1;

-- name: close_case
-- $1 case
UPDATE cases SET is_closed = true WHERE case_id = $1;

-- name: lock_case
-- $1 case
SELECT * FROM cases WHERE case_id = $1 FOR UPDATE;

-- name: cases_to_plan
-- Cases of an incident that were never looked at, because it had not been declared here. $1 incident
SELECT case_id FROM cases WHERE incident_id = $1 AND planned_level IS NULL AND NOT is_closed ORDER BY case_id;

-- name: note_planned
-- What the case's latest plan was made for. $1 case, $2 level, $3 follow-up, $4 plan or NULL for none, $5 plans made
UPDATE cases SET planned_level = $2, planned_follow_up = $3, plan_id = $4, plans = $5 WHERE case_id = $1;

-- name: put_plan
-- $1 plan, $2 incident, $3 subject, $4 case, $5 zone, $6 level, $7 schedule version, $8 owner station, $9 owner role,
-- $10 explanation
INSERT INTO plans (plan_id, incident_id, subject, case_id, zone_id, level, schedule_version, owner_station_id,
                   owner_role, explanation)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: put_tasks
-- All tasks of a plan. $1 plan, $2 ids, $3 steps, $4 kinds, $5 due on, $6 open on, $7 close on, $8 open at, $9 close at
INSERT INTO tasks (plan_id, task_id, step, kind, due_on, opens_on, closes_on, opens_at, closes_at)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::date[], $6::date[], $7::date[], $8::timestamptz[],
                         $9::timestamptz[]);

-- name: lock_plan
-- $1 plan
SELECT p.*, i.exercise, i.jurisdiction, i.clock FROM plans p JOIN incidents i USING (incident_id)
WHERE p.plan_id = $1 FOR UPDATE OF p;

-- name: plan_of_task
-- $1 task
SELECT plan_id FROM tasks WHERE task_id = $1;

-- name: tasks_of
-- $1 plan
SELECT task_id, step, state, due_on, opens_on, opens_at, closes_at, channels FROM tasks WHERE plan_id = $1;

-- name: set_states
-- $1 tasks, $2 states
UPDATE tasks t SET state = n.state FROM unnest($1::uuid[], $2::text[]) AS n (task_id, state)
WHERE t.task_id = n.task_id;

-- name: note_attempt
-- $1 task, $2 channel
UPDATE tasks SET channels = channels || $2::text WHERE task_id = $1;

-- name: end_plan
-- End a plan; its open tasks are void. Returns how many those were. $1 plan, $2 end
WITH ended AS (
    UPDATE plans SET ended_as = $2 WHERE plan_id = $1
), voided AS (
    UPDATE tasks SET state = 'void' WHERE plan_id = $1 AND state IN ('planned', 'due') RETURNING 1
)
SELECT count(*) FROM voided;

-- name: counts
-- Tasks of an incident by subject, level and state. $1 incident
SELECT p.subject, p.level, t.state, count(*) AS n, max(t.due_on) AS last_on
FROM plans p JOIN tasks t USING (plan_id) WHERE p.incident_id = $1 GROUP BY p.subject, p.level, t.state;

-- name: plan_counts
-- Plans of an incident. $1 incident
SELECT count(*) FILTER (WHERE ended_as IS NULL) AS open, count(*) FILTER (WHERE ended_as IS NOT NULL) AS ended
FROM plans WHERE incident_id = $1;

-- name: open_tasks
-- Tasks to be done before a date, soonest first, of areas whose codes begin with one of the prefixes.
-- $1 before, $2 prefixes, $3 after this date, $4 and after this task on that date, $5 limit, $6 due ones only,
-- $7 incident or NULL
SELECT t.task_id, t.plan_id, t.step, t.kind, t.state, t.due_on, t.opens_on, t.closes_on, t.channels,
       p.incident_id, p.subject, p.case_id, p.zone_id, p.level, p.owner_station_id, p.owner_role, i.exercise
FROM tasks t JOIN plans p USING (plan_id) JOIN incidents i USING (incident_id)
WHERE t.state IN ('planned', 'due') AND (t.state = 'due' OR NOT $6) AND t.due_on < $1 AND (t.due_on, t.task_id) > ($3, $4)
  AND EXISTS (SELECT FROM unnest(i.jurisdiction) AS code, unnest($2::text[]) AS prefix WHERE starts_with(code, prefix))
  AND ($7::uuid IS NULL OR p.incident_id = $7)
ORDER BY t.due_on, t.task_id LIMIT $5;
