-- What care knows: the surroundings of incidents, teams that were sent, and cases. No names: who somebody is, is not
-- asked for here.

CREATE TABLE incidents (
    incident_id uuid PRIMARY KEY,
    exercise boolean NOT NULL,
    jurisdiction text[] NOT NULL,
    clock jsonb NOT NULL,
    owner_station_id uuid,                      -- NULL: no station in reach
    zone_ids uuid[] NOT NULL
);

CREATE TABLE missions (
    mission_id uuid PRIMARY KEY,
    incident_id uuid NOT NULL,
    zone_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('sent', 'arrived', 'ended')),
    member_ids uuid[] NOT NULL
);

CREATE TABLE cases (
    case_id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT cases_code UNIQUE CHECK (code ~ '^C-[2-9A-Z]{4}-[2-9A-Z]{2}$'),
    incident_id uuid NOT NULL REFERENCES incidents,
    mission_id uuid,
    zone_id uuid NOT NULL,
    population_group text NOT NULL,
    age_band text NOT NULL,
    level text NOT NULL CHECK (level IN ('L0', 'L1', 'L2', 'L3')),
    needs_clinician_review boolean NOT NULL,
    follow_up boolean NOT NULL,
    owner_station_id uuid NOT NULL,
    opened_at timestamptz NOT NULL,             -- incident time, as are the next two
    triaged_at timestamptz NOT NULL,
    closed_at timestamptz,
    close_reason text,
    CONSTRAINT cases_closed_has_reason CHECK ((closed_at IS NULL) = (close_reason IS NULL))
);
CREATE INDEX cases_incident ON cases (incident_id);
