-- What a declaration must know of the incidents around it, and proposals to merge.

-- name: look_around
-- Open incidents near in time and place, on either side of the moment those nearest to it, and the parent. $1 kind, $2 exercise, $3 from, $4 the moment, $5 to, $6 parent or NULL, $7 at most so many on either
-- side, $8 west, $9 south, $10 east, $11 north (an incident whose box was not measured is taken for near)
SELECT (SELECT jsonb_build_object('exercise', exercise, 'area_codes', area_codes)
        FROM incidents WHERE incident_id = $6) AS parent,
       (SELECT jsonb_agg(near) FROM (
            (SELECT incident_id, occurred_at, box, CASE WHEN box IS NULL THEN place END AS place
             FROM incidents
             WHERE state = 'open' AND kind = $1 AND exercise = $2 AND occurred_at >= $3 AND occurred_at <= $4
               AND (box IS NULL OR (box[1] <= $10 AND box[2] <= $11 AND box[3] >= $8 AND box[4] >= $9))
             ORDER BY occurred_at DESC LIMIT $7)
            UNION ALL
            (SELECT incident_id, occurred_at, box, CASE WHEN box IS NULL THEN place END AS place
             FROM incidents
             WHERE state = 'open' AND kind = $1 AND exercise = $2 AND occurred_at > $4 AND occurred_at <= $5
               AND (box IS NULL OR (box[1] <= $10 AND box[2] <= $11 AND box[3] >= $8 AND box[4] >= $9))
             ORDER BY occurred_at LIMIT $7)) AS near) AS nearby;

-- name: read_open
-- Every open incident.
SELECT incident_id, kind, exercise, occurred_at, box, CASE WHEN box IS NULL THEN place END AS place
FROM incidents WHERE state = 'open';

-- name: note_likenesses!
-- $1 id, $2 others, $3 km apart, $4 minutes apart, $5 now
INSERT INTO incident_likenesses (incident_id, other_id, apart_km, apart_minutes, noted_at)
SELECT $1, other.id, other.km, other.minutes, $5
FROM unnest($2::uuid[], $3::double precision[], $4::double precision[]) AS other (id, km, minutes)
WHERE NOT EXISTS (SELECT FROM incident_likenesses AS known WHERE known.incident_id = other.id AND known.other_id = $1)
ON CONFLICT DO NOTHING;

-- name: likeness_between
-- When the pair was told apart, in one row if it was proposed at all. $1 id, $2 the other's
SELECT told_apart_at FROM incident_likenesses
WHERE (incident_id, other_id) IN (($1::uuid, $2::uuid), ($2, $1)) ORDER BY told_apart_at LIMIT 1;

-- name: tell_apart!
-- The row stays, so that the pair is not proposed again. $1 id, $2 the other's, $3 now, $4 by whom
UPDATE incident_likenesses SET told_apart_at = $3, told_apart_by = $4
WHERE (incident_id, other_id) IN (($1::uuid, $2::uuid), ($2, $1));

-- name: likenesses_of
-- Those that nobody has answered. $1 id
SELECT other.incident_id, known.apart_km, known.apart_minutes, known.noted_at
FROM incident_likenesses AS known
JOIN incidents AS other ON other.incident_id = CASE WHEN known.incident_id = $1 THEN known.other_id ELSE known.incident_id END
WHERE $1 IN (known.incident_id, known.other_id) AND other.state = 'open' AND known.told_apart_at IS NULL
ORDER BY known.apart_km, known.apart_minutes, other.incident_id;
