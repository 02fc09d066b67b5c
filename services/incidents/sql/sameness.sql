-- What a declaration must know of the incidents around it, and proposals to merge.

-- name: look_around
-- $1 kind, $2 exercise, $3 from, $4 to, $5 parent or NULL, $6 at most so many
SELECT (SELECT count(*) FROM need_templates) AS templates_version,
       (SELECT jsonb_build_object('exercise', exercise, 'area_codes', area_codes)
        FROM incidents WHERE incident_id = $5) AS parent,
       (SELECT jsonb_agg(near) FROM (
            SELECT incident_id, occurred_at, box, CASE WHEN box IS NULL THEN place END AS place
            FROM incidents
            WHERE state = 'open' AND kind = $1 AND exercise = $2 AND occurred_at BETWEEN $3 AND $4
            ORDER BY declared_at DESC LIMIT $6) AS near) AS nearby;

-- name: note_likenesses!
-- $1 id, $2 others, $3 km apart, $4 minutes apart, $5 now
INSERT INTO incident_likenesses (incident_id, other_id, apart_km, apart_minutes, noted_at)
SELECT $1, other.id, other.km, other.minutes, $5
FROM unnest($2::uuid[], $3::double precision[], $4::double precision[]) AS other (id, km, minutes)
WHERE NOT EXISTS (SELECT FROM incident_likenesses AS known WHERE known.incident_id = other.id AND known.other_id = $1)
ON CONFLICT DO NOTHING;

-- name: likenesses_of
-- $1 id
SELECT other.incident_id, known.apart_km, known.apart_minutes, known.noted_at
FROM incident_likenesses AS known
JOIN incidents AS other ON other.incident_id = CASE WHEN known.incident_id = $1 THEN known.other_id ELSE known.incident_id END
WHERE $1 IN (known.incident_id, known.other_id) AND other.state = 'open'
ORDER BY known.apart_km, known.apart_minutes, other.incident_id;
