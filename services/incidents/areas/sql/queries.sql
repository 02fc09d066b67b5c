-- Statements about the copy of the administrative areas. Parameters are positional.

-- name: upsert_area!
-- Keep the newest state. $1 to $18 the columns in their order
INSERT INTO areas AS a (code, name_zh, name_en, aliases, tier, parent_code, valid_from, valid_to, successor_codes,
                        lat_deg, lon_deg, outline, west_deg, south_deg, east_deg, north_deg, population, sequence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::json, $13, $14, $15, $16, $17, $18)
ON CONFLICT (code) DO UPDATE SET
    name_zh = excluded.name_zh, name_en = excluded.name_en, aliases = excluded.aliases, tier = excluded.tier,
    parent_code = excluded.parent_code, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
    successor_codes = excluded.successor_codes, lat_deg = excluded.lat_deg, lon_deg = excluded.lon_deg,
    outline = excluded.outline, west_deg = excluded.west_deg, south_deg = excluded.south_deg,
    east_deg = excluded.east_deg, north_deg = excluded.north_deg, population = excluded.population,
    sequence = excluded.sequence
WHERE a.sequence < excluded.sequence;

-- name: area_fingerprint
-- Changes whenever any area does.
SELECT count(*) AS areas, coalesce(sum(sequence), 0)::bigint AS sequences FROM areas;

-- name: known_areas
SELECT code, name_zh, name_en, aliases, tier, parent_code, valid_from, valid_to, successor_codes, lat_deg, lon_deg,
       outline IS NOT NULL AS has_outline
FROM areas ORDER BY code;

-- name: outlines_by_code
SELECT code, outline FROM areas WHERE code = ANY($1::text[]) AND outline IS NOT NULL;

-- name: area_chains
-- These areas and all that they became, one after the other. $1 codes, $2 successions at most
WITH RECURSIVE chain (code, steps) AS (
    SELECT code, 0 FROM unnest($1::text[]) AS code
    UNION
    SELECT successor, steps + 1 FROM chain JOIN areas USING (code), unnest(successor_codes) AS successor
    WHERE steps < $2
)
SELECT code, name_zh, name_en, aliases, tier, parent_code, valid_from, valid_to, successor_codes, lat_deg, lon_deg,
       outline IS NOT NULL AS has_outline
FROM areas WHERE code IN (SELECT code FROM chain);

-- name: areas_meeting_box
-- Areas whose outline's box meets a box on a day, with their outlines. $1 west, $2 south, $3 east, $4 north, $5 day
SELECT code, name_zh, name_en, aliases, tier, parent_code, valid_from, valid_to, successor_codes, lat_deg, lon_deg,
       true AS has_outline, outline
FROM areas
WHERE west_deg <= $3 AND $1 <= east_deg AND south_deg <= $4 AND $2 <= north_deg
  AND (valid_from IS NULL OR valid_from <= $5) AND (valid_to IS NULL OR $5 < valid_to)
ORDER BY code;
