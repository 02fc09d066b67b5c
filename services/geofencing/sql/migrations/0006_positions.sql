-- Whether everybody was looked at against these zones once: from then on only differences are told.
ALTER TABLE fence ADD COLUMN is_followed boolean NOT NULL DEFAULT false;

-- Who is on duty for an incident: has accepted (no mission yet), or is on a mission. Only they are followed exactly.
CREATE TABLE duty (
    volunteer_id uuid NOT NULL,
    incident_id uuid NOT NULL,
    mission_id uuid,
    PRIMARY KEY (volunteer_id, incident_id)
);
CREATE INDEX duty_mission ON duty (mission_id) WHERE mission_id IS NOT NULL;
CREATE INDEX duty_incident ON duty (incident_id);

-- The newest position that a phone or a lead reported of each volunteer. It is made coarse when their duty ends and
-- forgotten after a day.
CREATE TABLE position_fix (
    volunteer_id uuid PRIMARY KEY,
    lat_deg double precision NOT NULL CHECK (lat_deg BETWEEN -90 AND 90),
    lon_deg double precision NOT NULL CHECK (lon_deg BETWEEN -180 AND 180),
    accuracy_m double precision NOT NULL,
    fixed_at timestamptz NOT NULL,
    is_exact boolean NOT NULL
);
