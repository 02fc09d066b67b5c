-- Statements of imports and exports. Parameters are positional.

-- name: add_part!
-- $1 import, $2 number, $3 content, $4 now
INSERT INTO import_parts (import_id, number, content, stored_at) VALUES ($1, $2, $3, $4);

-- name: parts
SELECT content FROM import_parts WHERE import_id = $1 ORDER BY number;

-- name: remove_parts!
DELETE FROM import_parts WHERE import_id = $1;

-- name: request!
-- $1 import, $2 kind, $3 dry run, $4 all or nothing, $5 digest, $6 bytes, $7 actor, $8 areas, $9 now
INSERT INTO imports (import_id, kind, dry_run, all_or_nothing, state, sha256, file_bytes, actor, areas, requested_at,
                     same_file_as)
VALUES ($1, $2, $3, $4, 'waiting', $5, $6, $7, $8, $9,
        (SELECT import_id FROM imports WHERE sha256 = $5 AND kind = $2 AND state = 'done' AND NOT dry_run
         ORDER BY finished_at DESC LIMIT 1));

-- name: import_by_id
SELECT * FROM imports WHERE import_id = $1;

-- name: lock_import
-- Whoever works on it holds it, so that two processes never store the same rows.
SELECT * FROM imports WHERE import_id = $1 FOR UPDATE;

-- name: next_open
-- The oldest import with work left.
SELECT * FROM imports WHERE state IN ('waiting', 'checking', 'storing', 'undoing')
ORDER BY requested_at, import_id LIMIT 1;

-- name: begin!
-- Begin a pass over the file, counting anew. $1 import, $2 state, $3 rows, $4 format, $5 detail
UPDATE imports SET state = $2, rows_total = $3, file_format = $4, file_detail = $5, rows_done = 0, created = 0,
       unchanged = 0, changed = 0, refused = 0, errors_total = 0
WHERE import_id = $1;

-- name: forget_errors!
DELETE FROM import_errors WHERE import_id = $1;

-- name: advance!
-- $1 import, $2 rows, $3 created, $4 unchanged, $5 changed, $6 refused, $7 errors
UPDATE imports SET rows_done = rows_done + $2, created = created + $3, unchanged = unchanged + $4,
       changed = changed + $5, refused = refused + $6, errors_total = errors_total + $7
WHERE import_id = $1;

-- name: add_errors!
-- $1 import, $2 ordinals, $3 rows, $4 columns, $5 fields, $6 codes, $7 words, $8 words in Chinese, $9 values
INSERT INTO import_errors (import_id, ordinal, row_number, column_name, field, code, what, what_zh, value)
SELECT $1, e.*
FROM unnest($2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) AS e;

-- name: errors
-- In their order. $1 import, $2 after this ordinal, $3 limit
SELECT ordinal, row_number, column_name, field, code, what, what_zh, value FROM import_errors
WHERE import_id = $1 AND ordinal > $2 ORDER BY ordinal LIMIT $3;

-- name: finish!
-- $1 import, $2 state, $3 now
UPDATE imports SET state = $2, finished_at = coalesce(finished_at, $3) WHERE import_id = $1;

-- name: add_changes!
-- $1 import, $2 ordinals, $3 rows, $4 objects, $5 forms before as JSON, $6 digests, $7 now
INSERT INTO import_changes (import_id, ordinal, row_number, object_id, before, after_digest, stored_at)
SELECT $1, ordinal, row_number, object_id, before::jsonb, after_digest, $7
FROM unnest($2::int[], $3::int[], $4::uuid[], $5::text[], $6::bytea[])
    AS c (ordinal, row_number, object_id, before, after_digest);

-- name: add_former_identities!
-- $1 import, $2 volunteers, $3 names, $4 phones
INSERT INTO import_identities (import_id, volunteer_id, name, phone)
SELECT $1, f.* FROM unnest($2::uuid[], $3::text[], $4::text[]) AS f;

-- name: begin_undo!
UPDATE imports SET state = 'undoing' WHERE import_id = $1;

-- name: changes_left
-- The last changes that are not undone, last first. $1 import, $2 limit
SELECT ordinal, row_number, object_id, before, after_digest, stored_at FROM import_changes
WHERE import_id = $1 AND outcome IS NULL ORDER BY ordinal DESC LIMIT $2;

-- name: settle_changes!
-- $1 import, $2 ordinals, $3 outcome
UPDATE import_changes SET outcome = $3 WHERE import_id = $1 AND ordinal = ANY($2::int[]);

-- name: count_undone!
-- $1 import, $2 restored, $3 left, $4 errors
UPDATE imports SET restored = restored + $2, left_as_is = left_as_is + $3, errors_total = errors_total + $4
WHERE import_id = $1;

-- name: finish_undo!
-- What was asked for as all or nothing, and was not all, was refused. $1 import, $2 now
UPDATE imports SET state = CASE WHEN all_or_nothing AND refused > 0 THEN 'refused' ELSE 'undone' END, undone_at = $2,
       finished_at = coalesce(finished_at, $2)
WHERE import_id = $1;

-- name: former_identities
-- $1 import, $2 volunteers
SELECT volunteer_id, name, phone FROM import_identities WHERE import_id = $1 AND volunteer_id = ANY($2::uuid[]);

-- name: identities
-- $1 volunteers
SELECT volunteer_id, name, phone, changed_at FROM identities WHERE volunteer_id = ANY($1::uuid[]);

-- name: restore_identities!
-- $1 volunteers, $2 names, $3 phones, $4 now
UPDATE identities i SET name = f.name, phone = f.phone, changed_at = $4
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS f (volunteer_id, name, phone) WHERE i.volunteer_id = f.volunteer_id;

-- name: with_trainings
SELECT DISTINCT volunteer_id FROM trainings WHERE volunteer_id = ANY($1::uuid[]);

-- name: remove_credentials!
-- So that those of the form before can be put in their place. $1 volunteers
DELETE FROM credentials WHERE volunteer_id = ANY($1::uuid[]);

-- name: remove_memberships!
DELETE FROM memberships WHERE volunteer_id = ANY($1::uuid[]);

-- name: remove_identities!
DELETE FROM identities WHERE volunteer_id = ANY($1::uuid[]);

-- name: remove_volunteers!
DELETE FROM volunteers WHERE volunteer_id = ANY($1::uuid[]);

-- name: remove_stations!
DELETE FROM stations WHERE station_id = ANY($1::uuid[]);

-- name: check_now!
-- Let references that are otherwise looked at with the commit be looked at now.
SET CONSTRAINTS ALL IMMEDIATE;

-- name: sweep_parts!
-- Uploads that broke off: parts of no import. $1 before
DELETE FROM import_parts p
WHERE stored_at < $1 AND NOT EXISTS (SELECT FROM imports i WHERE i.import_id = p.import_id);

-- name: sweep_changes!
-- What can no longer be undone need not be kept; former names and numbers least of all. $1 before
WITH old AS (
    SELECT import_id FROM imports WHERE finished_at < $1 AND state <> 'undoing'
), identities_gone AS (
    DELETE FROM import_identities WHERE import_id IN (SELECT import_id FROM old)
)
DELETE FROM import_changes WHERE import_id IN (SELECT import_id FROM old);

-- name: stations_page
-- $1 code prefixes, $2 after this reference, $3 limit
SELECT station_id FROM stations s
WHERE ref > $2 AND EXISTS (SELECT FROM unnest($1::text[]) AS p (prefix) WHERE starts_with(s.area_code, p.prefix))
ORDER BY ref LIMIT $3;

-- name: volunteers_page
-- By the area of their home. $1 code prefixes, $2 after this reference, $3 limit
SELECT v.volunteer_id FROM volunteers v JOIN stations s ON s.station_id = v.home_station_id
WHERE v.ref > $2 AND EXISTS (SELECT FROM unnest($1::text[]) AS p (prefix) WHERE starts_with(s.area_code, p.prefix))
ORDER BY v.ref LIMIT $3;

-- name: most_credentials
-- How many one volunteer has at most.
SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM credentials GROUP BY volunteer_id) AS counted;

-- name: imports_page
-- The newest first. $1 prefixes of the reader's areas, $2 kind, $3 state (NULL: any), $4 before this import (NULL: from the
-- newest), $5 limit
SELECT * FROM imports i
WHERE NOT EXISTS (SELECT FROM unnest(i.areas) AS area
                  WHERE NOT EXISTS (SELECT FROM unnest($1::text[]) AS prefix WHERE starts_with(area, prefix)))
    AND ($2::text IS NULL OR kind = $2) AND ($3::text IS NULL OR state = $3)
    AND ($4::uuid IS NULL OR (requested_at, import_id) < (SELECT requested_at, import_id FROM imports WHERE import_id = $4))
ORDER BY requested_at DESC, import_id DESC LIMIT $5;
