-- Edited need templates. Nothing is overwritten: the newest version of a kind, level and phase counts.

-- name: templates_version
-- Grows with every edit.
SELECT count(*) FROM need_templates;

-- name: newest_templates
SELECT DISTINCT ON (kind, level, phase) version, kind, level, phase, needs, source, set_at, set_by
FROM need_templates ORDER BY kind, level, phase, version DESC;

-- name: insert_template
-- $1 kind, $2 level, $3 phase, $4 needs, $5 source, $6 now, $7 by whom
INSERT INTO need_templates (kind, level, phase, needs, source, set_at, set_by)
VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7) RETURNING version;
