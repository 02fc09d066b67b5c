-- Stations as they stand. `sequence` is the last one seen of each and only grows, so that count and sum over all
-- rows tell whether anything changed.
CREATE TABLE station (
    station_id uuid PRIMARY KEY,
    lat_deg double precision NOT NULL CHECK (lat_deg BETWEEN -90 AND 90),
    lon_deg double precision NOT NULL CHECK (lon_deg BETWEEN -180 AND 180),
    area_code text NOT NULL,
    is_open boolean NOT NULL,
    sequence bigint NOT NULL
);

-- One fence per incident: the event as it was published, and whether it still stands.
CREATE TABLE fence (
    incident_id uuid PRIMARY KEY,
    fenced jsonb NOT NULL,
    exercise boolean NOT NULL,
    area_codes text[] NOT NULL,
    fenced_at timestamptz NOT NULL,
    lifted_at timestamptz
);
