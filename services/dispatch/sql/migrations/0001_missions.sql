-- What dispatch knows: incidents, their zones and quotas as far as teams need them; who was counted; missions.
-- The row of an incident is the lock of everything below it.

CREATE TABLE incidents (
    incident_id uuid PRIMARY KEY,
    exercise boolean NOT NULL,
    jurisdiction text[] NOT NULL,
    is_declared boolean NOT NULL DEFAULT false,   -- alert and zone events may overtake the declaration
    is_closed boolean NOT NULL DEFAULT false,
    auto_dispatch boolean NOT NULL DEFAULT false,
    clock jsonb,
    needs jsonb NOT NULL DEFAULT '[]',
    CONSTRAINT incidents_declared_has_clock CHECK (NOT is_declared OR clock IS NOT NULL)
);

CREATE TABLE zones (
    zone_id uuid PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES incidents,
    kind text NOT NULL CHECK (kind IN ('core', 'affected', 'ripple')),
    lat_deg double precision NOT NULL CHECK (lat_deg BETWEEN -90 AND 90),
    lon_deg double precision NOT NULL CHECK (lon_deg BETWEEN -180 AND 180)
);
CREATE INDEX zones_incident ON zones (incident_id);

CREATE TABLE quotas (
    incident_id uuid NOT NULL REFERENCES incidents,
    need_id text NOT NULL,
    zone_id uuid NOT NULL,
    PRIMARY KEY (incident_id, need_id, zone_id)
);

CREATE TABLE exhausted_needs (
    incident_id uuid NOT NULL REFERENCES incidents,
    need_id text NOT NULL,
    PRIMARY KEY (incident_id, need_id)
);

CREATE TABLE missions (
    mission_id uuid PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES incidents,
    zone_id uuid NOT NULL REFERENCES zones,
    team_no integer NOT NULL CHECK (team_no >= 0),
    state text NOT NULL CHECK (state IN ('planned', 'dispatched', 'departed', 'arrived', 'completed', 'cancelled')),
    is_short boolean NOT NULL,
    lead_volunteer_id uuid,
    explanation jsonb NOT NULL,
    -- all times are incident time
    planned_at timestamptz NOT NULL,
    approved_by text,
    dispatched_at timestamptz,
    relieve_by_at timestamptz,
    departed_at timestamptz,
    eta_at timestamptz,
    arrived_at timestamptz,
    ended_at timestamptz,
    end_reason text,
    check_in_due_at timestamptz,
    check_in_missed boolean NOT NULL DEFAULT false,
    CONSTRAINT missions_team UNIQUE (zone_id, team_no),
    CONSTRAINT missions_sent_was_approved
        CHECK (state NOT IN ('dispatched', 'departed', 'arrived', 'completed') OR approved_by IS NOT NULL)
);
CREATE INDEX missions_incident ON missions (incident_id);

-- Everybody whose answer was counted: waiting for a seat, seated, or released.
CREATE TABLE members (
    incident_id uuid NOT NULL REFERENCES incidents,
    volunteer_id uuid NOT NULL,
    answer_order bigint NOT NULL,
    world text NOT NULL CHECK (world IN ('real', 'exercise')),
    need_id text NOT NULL,
    zone_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'seated', 'released')),
    mission_id uuid REFERENCES missions,
    role text,
    language text,
    left_reason text,                              -- why somebody left a team before it ended
    PRIMARY KEY (incident_id, volunteer_id, answer_order),
    CONSTRAINT members_seated_has_mission CHECK (state <> 'seated' OR (mission_id IS NOT NULL AND role IS NOT NULL))
);
-- Nobody is on two missions, nor promised to two; a drill never holds anybody back from what is real.
CREATE UNIQUE INDEX members_one_at_a_time ON members (volunteer_id, world) WHERE state <> 'released';
CREATE INDEX members_mission ON members (mission_id) WHERE mission_id IS NOT NULL;
