-- Statements about the copy of the administrative areas.

-- name: upsert_area!
-- Keep the newest state of an administrative area. (code, name_zh, name_en, tier, parent_code, valid_from, valid_to,
-- successor_codes, outline, simplified_m, sequence, population, population_year)
INSERT INTO area (code, name_zh, name_en, tier, parent_code, valid_from, valid_to, successor_codes, outline,
                  simplified_m, sequence, population, population_year)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::json, $10, $11, $12, $13)
ON CONFLICT (code) DO UPDATE
SET name_zh = excluded.name_zh, name_en = excluded.name_en, tier = excluded.tier, parent_code = excluded.parent_code,
    valid_from = excluded.valid_from, valid_to = excluded.valid_to, successor_codes = excluded.successor_codes,
    outline = excluded.outline, simplified_m = excluded.simplified_m, sequence = excluded.sequence,
    population = excluded.population, population_year = excluded.population_year
WHERE area.sequence < excluded.sequence;

-- name: area_fingerprint
-- Changes whenever any area does. ()
SELECT count(*) AS areas, coalesce(sum(sequence), 0)::bigint AS sequences FROM area;

-- name: area_sequences
-- The version of every area with a boundary. ()
SELECT code, sequence FROM area WHERE outline IS NOT NULL;

-- name: areas_by_code
-- Areas with their boundaries. (codes)
SELECT code, name_zh, name_en, tier, parent_code, valid_from, valid_to, successor_codes, outline, simplified_m,
       population, population_year
FROM area WHERE code = ANY($1::text[]) AND outline IS NOT NULL;
