-- Administrative areas as packs say them. One row per code: what a code meant at other times is said by dates and by
-- other codes that succeed it.

CREATE TABLE areas (
    code text PRIMARY KEY,
    name_zh text NOT NULL,
    name_en text,
    aliases text[] NOT NULL,
    tier text NOT NULL,
    parent_code text,
    valid_from date,                            -- first day; NULL: not known to begin
    valid_to date,                              -- first day on which it is no more
    successor_codes text[] NOT NULL,
    lat_deg double precision,
    lon_deg double precision,
    outline text,                               -- GeoJSON MultiPolygon; read only whole
    simplified_m double precision,
    population bigint,
    population_year integer,
    source jsonb NOT NULL,                      -- name, licence and SHA-256 of the pack
    geometry_source jsonb,
    registered_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT areas_code_is_gb CHECK (code ~ '^\d{6}(\d{6})?$'),
    CONSTRAINT areas_centre_is_on_earth CHECK (lat_deg BETWEEN -90 AND 90 AND lon_deg BETWEEN -180 AND 180),
    CONSTRAINT areas_end_after_they_begin CHECK (valid_to > valid_from),
    CONSTRAINT areas_only_ended_ones_have_successors CHECK (valid_to IS NOT NULL OR successor_codes = '{}'),
    CONSTRAINT areas_outline_says_its_source CHECK ((outline IS NULL) = (geometry_source IS NULL))
);
CREATE INDEX areas_of_parent ON areas (parent_code, code);

-- The areas that are known before any pack is brought in, once (services/registry/areas/built_in.py).
INSERT INTO timers (kind, key, id, due_at, payload, context, retry_at)
VALUES ('register-built-in-areas', '1', gen_random_uuid(), now(), '{}',
        jsonb_build_object('correlation_id', gen_random_uuid(), 'causation_id', NULL, 'exercise', false,
                           'jurisdiction', '[]'::jsonb, 'traceparent', NULL), now());
