-- Statements about the people behind the zones.

-- name: crowd
-- Every volunteer of the register with the place that counts: a reported position, else the register's. ()
SELECT m.volunteer_id, m.home_station_id, m.roles, m.languages, m.deployable, m.reasons, m.channels,
       coalesce(p.lat_deg, m.lat_deg) AS lat_deg, coalesce(p.lon_deg, m.lon_deg) AS lon_deg,
       CASE WHEN p.volunteer_id IS NULL THEN m.position_source ELSE 'live' END AS source,
       coalesce(p.fixed_at, m.told_at) AS known_at, p.accuracy_m, coalesce(p.is_exact, false) AS is_exact
FROM member m LEFT JOIN position_fix p USING (volunteer_id)
WHERE NOT m.reasons @> '{retired}' ORDER BY m.volunteer_id;
