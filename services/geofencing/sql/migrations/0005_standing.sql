-- Volunteers as the register tells them, without who they are; `sequence` only grows.
CREATE TABLE member (
    volunteer_id uuid PRIMARY KEY,
    home_station_id uuid NOT NULL,
    area_code text NOT NULL,
    lat_deg double precision NOT NULL CHECK (lat_deg BETWEEN -90 AND 90),
    lon_deg double precision NOT NULL CHECK (lon_deg BETWEEN -180 AND 180),
    position_source text NOT NULL DEFAULT 'home-station',
    roles text[] NOT NULL,
    languages text[] NOT NULL,
    deployable boolean NOT NULL,
    reasons text[] NOT NULL,
    sequence bigint NOT NULL
);

-- Stations in reach as they were told last; NULL while those of `fenced` still are.
ALTER TABLE fence ADD COLUMN reach text;

-- Volunteers in reach of standing zones, as they were told last. `inside` is the zone's kind, NULL for near it.
CREATE TABLE reached (
    incident_id uuid NOT NULL REFERENCES fence,
    volunteer_id uuid NOT NULL,
    inside text,
    PRIMARY KEY (incident_id, volunteer_id)
);
CREATE INDEX reached_volunteer ON reached (volunteer_id);

-- Whose place among the zones must be looked at again. Only added to and taken from, so that nobody waits for a row.
CREATE TABLE moved (
    what text NOT NULL CHECK (what IN ('incident', 'station', 'volunteer')),
    id uuid NOT NULL
);
