-- Plans that follow a case or a zone, and their tasks for up to twenty years. All times and dates are incident time.

CREATE TABLE incidents (
    incident_id uuid PRIMARY KEY,
    exercise boolean NOT NULL,
    jurisdiction text[] NOT NULL,
    occurred_at timestamptz,                    -- NULL: zone and case events may overtake the declaration
    clock jsonb,
    CONSTRAINT incidents_declared_whole CHECK ((occurred_at IS NULL) = (clock IS NULL))
);

CREATE TABLE zones (
    zone_id uuid PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES incidents,
    owner_station_id uuid,
    fenced_at timestamptz NOT NULL,
    is_planned boolean NOT NULL DEFAULT false
);
CREATE INDEX zones_incident ON zones (incident_id);

CREATE TABLE cases (
    case_id uuid PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES incidents,
    zone_id uuid NOT NULL,
    owner_station_id uuid NOT NULL,
    level text CHECK (level IN ('L0', 'L1', 'L2', 'L3')),
    triaged_at timestamptz,
    follow_up boolean,
    is_closed boolean NOT NULL DEFAULT false,
    plans integer NOT NULL DEFAULT 0,           -- how many were made for this case
    plan_id uuid,                               -- the latest
    planned_level text,
    planned_follow_up boolean
);
CREATE INDEX cases_incident ON cases (incident_id);

CREATE TABLE plans (
    plan_id uuid PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES incidents,
    subject text NOT NULL CHECK (subject IN ('case', 'zone')),
    case_id uuid,
    zone_id uuid NOT NULL,
    level text,
    schedule_version text NOT NULL,
    owner_station_id uuid,
    owner_role text NOT NULL,
    explanation jsonb NOT NULL,
    ended_as text,                              -- NULL: open
    CONSTRAINT plans_case_has_id CHECK ((subject = 'case') = (case_id IS NOT NULL))
);
CREATE INDEX plans_incident ON plans (incident_id);
-- At most one open plan follows a case, and one plan a zone.
CREATE UNIQUE INDEX plans_one_open_per_case ON plans (case_id) WHERE ended_as IS NULL AND case_id IS NOT NULL;
CREATE UNIQUE INDEX plans_one_per_zone ON plans (zone_id) WHERE subject = 'zone';

CREATE TABLE tasks (
    task_id uuid PRIMARY KEY,
    plan_id uuid NOT NULL REFERENCES plans,
    step text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('contact', 'anniversary')),
    state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'due', 'done', 'missed', 'void')),
    due_on date NOT NULL,
    opens_on date NOT NULL,
    closes_on date NOT NULL,
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    channels text[] NOT NULL DEFAULT '{}',      -- of each attempt that reached nobody, in order
    CONSTRAINT tasks_step UNIQUE (plan_id, step),
    CONSTRAINT tasks_window CHECK (opens_on <= due_on AND due_on <= closes_on AND opens_at < closes_at)
) WITH (fillfactor = 90);
CREATE INDEX tasks_open ON tasks (due_on, task_id) WHERE state IN ('planned', 'due');
