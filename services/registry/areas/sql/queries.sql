-- Statements about administrative areas. Parameters are positional.

-- name: areas_by_code
SELECT * FROM areas WHERE code = ANY($1::text[]);

-- name: area_chain
-- An area and all that it became, one after the other. $1 code, $2 successions at most
WITH RECURSIVE chain (code, steps) AS (
    SELECT $1::text, 0
    UNION
    SELECT successor, steps + 1 FROM chain JOIN areas USING (code), unnest(successor_codes) AS successor
    WHERE steps < $2
)
SELECT * FROM areas WHERE code IN (SELECT code FROM chain);

-- name: areas
-- In the order of codes, without outlines. $1 parent or NULL, $2 part of a name or NULL, $3 tier or NULL, $4 on this
-- day or NULL, $5 after this code, $6 limit
SELECT code, name_zh, name_en, aliases, tier, parent_code, valid_from, valid_to, successor_codes, lat_deg, lon_deg,
       NULL AS outline, simplified_m, population, population_year, source, geometry_source,
       outline IS NOT NULL AS has_outline
FROM areas
WHERE ($1::text IS NULL OR parent_code = $1)
  AND ($2::text IS NULL OR position(lower($2) IN lower(name_zh || E'\n' || coalesce(name_en, '') || E'\n'
       || array_to_string(aliases, E'\n'))) > 0)
  AND ($3::text IS NULL OR tier = $3)
  AND ($4::date IS NULL OR ((valid_from IS NULL OR valid_from <= $4) AND (valid_to IS NULL OR $4 < valid_to)))
  AND code > $5
ORDER BY code LIMIT $6;

-- name: save_areas!
-- Create or replace. $1 rows as JSON, $2 now
INSERT INTO areas AS a (code, name_zh, name_en, aliases, tier, parent_code, valid_from, valid_to, successor_codes,
                        lat_deg, lon_deg, outline, simplified_m, population, population_year, source, geometry_source,
                        registered_at, changed_at)
SELECT code, name_zh, name_en, aliases, tier, parent_code, valid_from, valid_to, successor_codes, lat_deg, lon_deg,
       outline, simplified_m, population, population_year, source, geometry_source, $2, $2
FROM jsonb_to_recordset($1::text::jsonb) AS r (
    code text, name_zh text, name_en text, aliases text[], tier text, parent_code text, valid_from date, valid_to date,
    successor_codes text[], lat_deg double precision, lon_deg double precision, outline text,
    simplified_m double precision, population bigint, population_year integer, source jsonb, geometry_source jsonb)
ON CONFLICT (code) DO UPDATE SET
    name_zh = excluded.name_zh, name_en = excluded.name_en, aliases = excluded.aliases, tier = excluded.tier,
    parent_code = excluded.parent_code, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
    successor_codes = excluded.successor_codes, lat_deg = excluded.lat_deg, lon_deg = excluded.lon_deg,
    outline = excluded.outline, simplified_m = excluded.simplified_m, population = excluded.population,
    population_year = excluded.population_year, source = excluded.source, geometry_source = excluded.geometry_source,
    changed_at = excluded.changed_at;
