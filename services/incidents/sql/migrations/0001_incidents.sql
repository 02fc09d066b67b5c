-- Incidents as they stand, and every later change with its reason. Nothing is deleted.

CREATE TABLE incidents (
    incident_id uuid PRIMARY KEY,
    state text NOT NULL DEFAULT 'open',
    kind text NOT NULL,
    level text NOT NULL,
    title_zh text NOT NULL,
    title_en text NOT NULL,
    occurred_at timestamptz NOT NULL,
    place jsonb NOT NULL,                       -- GeoJSON geometry, WGS-84
    radius_m double precision NOT NULL,
    magnitude double precision,
    intensity_observations jsonb NOT NULL,
    area_codes text[] NOT NULL,                 -- GB/T 2260; who may see it follows from these
    needs jsonb NOT NULL,                       -- as last stated
    clock jsonb NOT NULL,
    auto_dispatch boolean NOT NULL,
    exercise boolean NOT NULL,
    narrative text,                             -- may name people: never leaves this table by an event
    declared_at timestamptz NOT NULL,
    declared_by text,                           -- account id
    closed_at timestamptz,
    CONSTRAINT incidents_state_is_known CHECK (state IN ('open', 'closed')),
    CONSTRAINT incidents_level_is_known CHECK (level IN ('I', 'II', 'III', 'IV')),
    CONSTRAINT incidents_closed_has_time CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CONSTRAINT incidents_have_an_area CHECK (cardinality(area_codes) > 0),
    CONSTRAINT incidents_real_ones_run_on_wall_time CHECK (exercise OR (clock->>'factor')::double precision = 1)
);
CREATE INDEX incidents_newest ON incidents (declared_at DESC, incident_id DESC);

CREATE TABLE incident_changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES incidents,
    what text NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    reason text,                                -- free text, kept here only
    changed_at timestamptz NOT NULL,
    changed_by text,                            -- account id
    CONSTRAINT incident_changes_what_is_known CHECK (what IN ('needs-stated', 'level-raised', 'level-lowered', 'closed'))
);
CREATE INDEX incident_changes_of_incident ON incident_changes (incident_id, change_id);
