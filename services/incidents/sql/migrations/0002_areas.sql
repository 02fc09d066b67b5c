-- Administrative areas as they stand: a copy of what the registry tells, to find places by name and boundary.
CREATE TABLE areas (
    code text PRIMARY KEY,
    name_zh text NOT NULL,
    name_en text,
    aliases text[] NOT NULL,
    tier text NOT NULL,
    parent_code text,
    valid_from date,
    valid_to date,
    successor_codes text[] NOT NULL,
    lat_deg double precision,
    lon_deg double precision,
    outline json,                               -- GeoJSON MultiPolygon; NULL while no boundary is known
    west_deg double precision,                  -- the outline's box
    south_deg double precision,
    east_deg double precision,
    north_deg double precision,
    population bigint,
    sequence bigint NOT NULL                    -- the last one seen; only grows
);
