-- Administrative areas as they stand. `sequence` is the last one seen of each and only grows, so that count and sum
-- over all rows tell whether anything changed.
CREATE TABLE area (
    code text PRIMARY KEY,
    name_zh text NOT NULL,
    name_en text,
    tier text NOT NULL,
    parent_code text,
    valid_from date,
    valid_to date,
    successor_codes text[] NOT NULL,
    outline json,                               -- GeoJSON MultiPolygon; NULL while no boundary is known
    simplified_m double precision NOT NULL,
    sequence bigint NOT NULL
);
