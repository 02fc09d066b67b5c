-- name: lock_world
-- Serialise the decisions about whom to ask in one world, until the transaction ends. A batch of events holds the lock
-- for a second or two, so waiting for it is bounded by the statement's timeout and not by that of locks. (world)
SELECT set_config('lock_timeout', '0', true),
       pg_advisory_xact_lock(hashtextextended(current_schema() || ':wave:' || $1::text, 0));

-- name: upsert_volunteer
-- Keep the newest state of a volunteer; says whether they could be asked before. Whoever has no
-- channel is not deployable here.
-- (volunteer_id, home_station_id, roles, languages, deployable, reasons, sequence, activation_minutes)
WITH before AS (
    SELECT deployable, roles, languages FROM volunteer WHERE volunteer_id = $1
), saved AS (
    INSERT INTO volunteer (volunteer_id, home_station_id, roles, languages, deployable, reasons, sequence,
                           activation_minutes)
    VALUES ($1, $2, $3::text[], $4::text[], $5, $6::text[], $7, $8)
    ON CONFLICT (volunteer_id) DO UPDATE
    SET home_station_id = excluded.home_station_id, roles = excluded.roles, languages = excluded.languages,
        deployable = excluded.deployable, reasons = excluded.reasons, sequence = excluded.sequence,
        activation_minutes = excluded.activation_minutes
    WHERE volunteer.sequence < excluded.sequence
    RETURNING volunteer_id
)
SELECT EXISTS (SELECT 1 FROM saved) AND $5::boolean AND NOT EXISTS (
    SELECT 1 FROM before WHERE deployable AND roles @> $3::text[] AND languages @> $4::text[]
) AS offers_more;

-- name: volunteers
-- Everybody. ()
SELECT volunteer_id, home_station_id, roles, languages, deployable, reasons, activation_minutes FROM volunteer;

-- name: exhausted_alerts
-- Open alerts that have run out of people. ()
SELECT alert_id FROM alert WHERE exhausted AND state = 'open' ORDER BY alert_id;

-- name: save_declared<!
-- The incident's half of an alert. (alert_id, incident_id, exercise, jurisdiction, correlation_id, level, clock, needs)
INSERT INTO alert (alert_id, incident_id, state, exercise, jurisdiction, correlation_id, level, clock, needs)
VALUES ($1, $2, 'waiting', $3, $4::text[], $5, $6, $7::jsonb, $8::jsonb)
ON CONFLICT (alert_id) DO UPDATE SET level = excluded.level, clock = excluded.clock, needs = excluded.needs
RETURNING alert_id, incident_id, state, exercise, jurisdiction, correlation_id, level, clock, needs, zones, wave, exhausted,
    opened_at, closed_at;

-- name: save_fenced<!
-- The zones' half of an alert, after locking its world as `lock_world` does.
-- (alert_id, incident_id, exercise, jurisdiction, correlation_id, clock, zones, reach, world)
WITH locked AS MATERIALIZED (
    SELECT set_config('lock_timeout', '0', true),
           pg_advisory_xact_lock(hashtextextended(current_schema() || ':wave:' || $9::text, 0))
)
INSERT INTO alert (alert_id, incident_id, state, exercise, jurisdiction, correlation_id, clock, zones, reach)
SELECT $1::uuid, $2::uuid, 'waiting', $3::boolean, $4::text[], $5::uuid, $6::jsonb, $7::jsonb, $8::jsonb FROM locked
ON CONFLICT (alert_id) DO UPDATE SET zones = excluded.zones, reach = excluded.reach,
    jurisdiction = excluded.jurisdiction
RETURNING alert_id, incident_id, state, exercise, jurisdiction, correlation_id, level, clock, needs, zones, wave, exhausted,
    opened_at, closed_at;

-- name: lock_alert
-- One alert, locked. (alert_id)
SELECT alert_id, incident_id, state, exercise, jurisdiction, correlation_id, level, clock, needs, zones, wave, exhausted,
    opened_at, closed_at
FROM alert WHERE alert_id = $1 FOR UPDATE;

-- name: alert_of_incident
-- One alert, not locked. (incident_id)
SELECT alert_id, incident_id, state, exercise, jurisdiction, correlation_id, level, clock, needs, zones, wave, exhausted,
    opened_at, closed_at
FROM alert WHERE incident_id = $1;

-- name: reach
-- The stations in reach of an alert, nearest first. (alert_id)
SELECT reach FROM alert WHERE alert_id = $1;

-- name: set_reach!
-- Keep the stations in reach. (alert_id, reach)
UPDATE alert SET reach = $2::jsonb WHERE alert_id = $1;

-- name: stations_in_reach
-- How many those are. (alert_id)
SELECT coalesce(jsonb_array_length(reach), 0) FROM alert WHERE alert_id = $1;

-- name: set_level!
-- Keep the incident's level. (alert_id, level)
UPDATE alert SET level = $2 WHERE alert_id = $1;

-- name: set_needs!
-- Keep the incident's needs. (alert_id, needs)
UPDATE alert SET needs = $2::jsonb, exhausted = false WHERE alert_id = $1;

-- name: close_alert!
-- Asking ends for good. (alert_id, closed_at)
UPDATE alert SET state = 'closed', closed_at = $2, exhausted = false WHERE alert_id = $1;

-- name: set_exhausted!
-- Whether anybody is left to ask. (alert_id, exhausted)
UPDATE alert SET exhausted = $2 WHERE alert_id = $1;

-- name: replace_quotas!
-- The quotas as they now stand, and whether asking begins with them.
-- (alert_id, need_ids, zone_ids, zone_kinds, roles, languages, counts, accepted, rings, opened_at or NULL)
WITH opened AS (
    UPDATE alert SET state = 'open', opened_at = $10 WHERE alert_id = $1 AND $10::timestamptz IS NOT NULL
), wanted AS (
    SELECT * FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::int[], $8::int[], $9::int[])
        WITH ORDINALITY AS w (need_id, zone_id, zone_kind, role, language, count, accepted, ring, ordinal)
), gone AS (
    DELETE FROM quota WHERE alert_id = $1 AND need_id NOT IN (SELECT need_id FROM wanted)
)
INSERT INTO quota (alert_id, need_id, zone_id, zone_kind, role, language, count, accepted, ring, ordinal)
SELECT $1, need_id, zone_id, zone_kind, role, language, count, accepted, ring, ordinal::int FROM wanted
ON CONFLICT (alert_id, need_id) DO UPDATE
SET zone_id = excluded.zone_id, zone_kind = excluded.zone_kind, role = excluded.role, language = excluded.language,
    count = excluded.count, ring = excluded.ring, ordinal = excluded.ordinal;

-- name: quotas
-- The quotas of an alert, and how many answers each still awaits. (alert_id, asked_after)
SELECT q.need_id, q.zone_id, q.zone_kind, q.role, q.language, q.count, q.accepted, q.ring,
       (SELECT count(*) FROM ask a WHERE a.alert_id = q.alert_id AND a.need_id = q.need_id
        AND a.state = 'open' AND a.asked_at > $2) AS waiting
FROM quota q WHERE q.alert_id = $1 ORDER BY q.ordinal;

-- name: exclusions
-- Who must not be asked now and when each was asked last, of some people or (NULL) of all, and the roster's fingerprint.
-- (world, alert_id, now, volunteer_ids)
WITH last_asked AS (
    SELECT array_agg(volunteer_id) AS ids, array_agg(last_asked_at) AS times
    FROM asked WHERE world = $1 AND ($4::uuid[] IS NULL OR volunteer_id = ANY($4))
)
SELECT coalesce((SELECT array_agg(volunteer_id) FROM commitment
                 WHERE world = $1 AND ($4::uuid[] IS NULL OR volunteer_id = ANY($4))), '{}') AS committed,
       coalesce((SELECT array_agg(volunteer_id) FROM ask
                 WHERE world = $1 AND state = 'open' AND lapses_at > $3 AND alert_id <> $2
                 AND ($4::uuid[] IS NULL OR volunteer_id = ANY($4))), '{}') AS asked_elsewhere,
       coalesce((SELECT array_agg(volunteer_id) FROM ask WHERE alert_id = $2), '{}') AS asked_here,
       coalesce((SELECT ids FROM last_asked), '{}') AS last_asked_ids,
       coalesce((SELECT times FROM last_asked), '{}') AS last_asked_times,
       (SELECT count(*) FROM volunteer) AS volunteers,
       (SELECT coalesce(sum(sequence), 0)::bigint FROM volunteer) AS sequences;

-- name: insert_wave^
-- A wave with its asks and pages, where the next one begins, and the senders' call when this commits, for the pages
-- whose first attempt is not recorded with them. Who was told to be out of reach since the wave was decided must be
-- looked at again, and has no first attempt. Returns the pages that have.
-- (alert_id, wave, ring_km, shortfalls, explanation, now, world, lapses_at, page_ids, volunteer_ids, need_ids,
-- distances_km, whys, needs of the rings, their rings, channel, the process that notifies, first attempts, their lease)
WITH incoming AS (
    SELECT * FROM unnest($9::uuid[], $10::uuid[], $11::text[], $12::float8[], $13::text[]) WITH ORDINALITY
        AS i (page_id, volunteer_id, need_id, distance_km, why, n)
), recorded AS (
    INSERT INTO wave (alert_id, wave, ring_km, asked, shortfalls, explanation, sent_at)
    VALUES ($1, $2, $3, cardinality($9::uuid[]), $4::jsonb, $5::jsonb, $6)
), counted AS (
    UPDATE alert SET wave = $2, exhausted = false WHERE alert_id = $1
), asks AS (
    INSERT INTO ask (page_id, alert_id, volunteer_id, world, need_id, wave, distance_km, why, state, asked_at, lapses_at)
    SELECT page_id, $1, volunteer_id, $7, need_id, $2, distance_km, why, 'open', $6, $8 FROM incoming
), remembered AS (
    INSERT INTO asked (volunteer_id, world, last_asked_at)
    SELECT volunteer_id, $7, $6 FROM incoming ORDER BY volunteer_id
    ON CONFLICT (volunteer_id, world) DO UPDATE SET last_asked_at = excluded.last_asked_at
), rings AS (
    UPDATE quota q SET ring = n.ring FROM unnest($14::text[], $15::int[]) AS n (need_id, ring)
    WHERE q.alert_id = $1 AND q.need_id = n.need_id
), pages AS (
    INSERT INTO page (page_id, alert_id, volunteer_id, purpose, state, attempts, due_at, created_at)
    SELECT page_id, $1, volunteer_id, 'ask', CASE WHEN is_first THEN 'sending' ELSE 'pending' END,
           CASE WHEN is_first THEN 1 ELSE 0 END, CASE WHEN is_first THEN $19::timestamptz ELSE $6 END, $6
    FROM (SELECT i.*, i.n <= $18::int AND coalesce(v.deployable, true) AS is_first
          FROM incoming i LEFT JOIN volunteer v USING (volunteer_id)) AS looked
    RETURNING page_id, state
), firsts AS (
    SELECT coalesce(array_agg(page_id), '{}') AS page_ids FROM pages WHERE state = 'sending'
)
SELECT page_ids, CASE WHEN cardinality(page_ids) < cardinality($9) THEN pg_notify($16, $17)::text END FROM firsts;

-- name: wave_is_stuck$
-- Whether most asks of the last wave have not left yet: the channel is down, and asking more people would page crowds
-- for few places when it comes back. (alert_id, wave)
SELECT count(*) FILTER (WHERE p.state IN ('pending', 'sending')) * 2 > count(*)
FROM ask a JOIN page p USING (page_id) WHERE a.alert_id = $1 AND a.wave = $2;

-- name: set_rings!
-- Where the next wave of each quota begins. (alert_id, need_ids, rings)
UPDATE quota q SET ring = n.ring
FROM unnest($2::text[], $3::int[]) AS n (need_id, ring)
WHERE q.alert_id = $1 AND q.need_id = n.need_id;

-- name: insert_pages!
-- More pages. (alert_id, purpose, mission_id, now, page_ids, volunteer_ids)
INSERT INTO page (page_id, alert_id, volunteer_id, purpose, mission_id, state, due_at, created_at)
SELECT page_id, $1, volunteer_id, $2, $3, 'pending', $4, $4
FROM unnest($5::uuid[], $6::uuid[]) AS i (page_id, volunteer_id)
ON CONFLICT (page_id) DO NOTHING;

-- name: notify_senders
-- Wake the senders when this transaction commits. (channel, the process that notifies)
SELECT pg_notify($1, $2);

-- name: lock_alert_of_page
-- The alert that an ask belongs to, locked. (page_id)
SELECT alert_id, incident_id, state, exercise, jurisdiction, correlation_id, level, clock, needs, zones, wave, exhausted,
    opened_at, closed_at
FROM alert WHERE alert_id = (SELECT alert_id FROM ask WHERE page_id = $1) FOR UPDATE;

-- name: ask
-- An ask with its quota and the person's promise, if any. After `lock_alert_of_page`. (page_id)
SELECT a.page_id, a.volunteer_id, a.world, a.need_id, a.state, a.answer, q.zone_id, q.zone_kind, q.role, q.language,
       q.count, q.accepted, c.alert_id AS committed_alert_id, coalesce(c.dispatched, false) AS dispatched
FROM ask a
LEFT JOIN quota q ON q.alert_id = a.alert_id AND q.need_id = a.need_id
LEFT JOIN commitment c ON c.volunteer_id = a.volunteer_id AND c.world = a.world
WHERE a.page_id = $1;

-- name: page_owner
-- Whose page it is, and of which alert. (page_id)
SELECT alert_id, volunteer_id, purpose FROM page WHERE page_id = $1;

-- name: ask_of
-- The ask of a person in an incident. (incident_id, volunteer_id)
SELECT a.page_id FROM ask a JOIN alert al USING (alert_id) WHERE al.incident_id = $1 AND a.volunteer_id = $2;

-- name: commit_volunteer<!
-- Promise a person to an alert; nothing if they are promised already. (volunteer_id, world, alert_id, page_id, now)
INSERT INTO commitment (volunteer_id, world, alert_id, page_id, committed_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (volunteer_id, world) DO NOTHING
RETURNING volunteer_id;

-- name: release_volunteer<!
-- Take a promise back. (volunteer_id, world, alert_id)
DELETE FROM commitment WHERE volunteer_id = $1 AND world = $2 AND alert_id = $3 RETURNING page_id, mission_id;

-- name: save_answer<!
-- What was answered, and the places that are taken.
-- (page_id, state, answer, eta_minutes, now, answered_by, behalf_reason, delta)
WITH answered AS (
    UPDATE ask SET state = $2, answer = $3, eta_minutes = $4, answered_at = $5, answered_by = $6, behalf_reason = $7
    WHERE page_id = $1
    RETURNING alert_id, need_id
)
UPDATE quota q SET accepted = q.accepted + $8
FROM answered a WHERE q.alert_id = a.alert_id AND q.need_id = a.need_id
RETURNING q.accepted, q.count;

-- name: free_place<!
-- Somebody who had accepted cannot come. (alert_id, volunteer_id)
WITH released AS (
    UPDATE ask SET state = 'released' WHERE alert_id = $1 AND volunteer_id = $2 AND state = 'accepted'
    RETURNING alert_id, need_id
)
UPDATE quota q SET accepted = q.accepted - 1
FROM released r WHERE q.alert_id = r.alert_id AND q.need_id = r.need_id
RETURNING q.need_id;

-- name: stand_down<!
-- Unanswered asks (of one need, or of all) no longer wait. (alert_id, need_id or null)
UPDATE ask SET state = 'stood-down'
WHERE alert_id = $1 AND state = 'open' AND ($2::text IS NULL OR need_id = $2)
RETURNING page_id, volunteer_id;

-- name: cancel_pages<!
-- Pages that are still to be sent are not sent; returns those. (page_ids)
UPDATE page SET state = 'cancelled' WHERE page_id = ANY($1::uuid[]) AND state = 'pending' AND NOT in_doubt
RETURNING page_id;

-- name: open_asks
-- How many answers a need still waits for. (alert_id, need_id, now)
SELECT count(*) FROM ask WHERE alert_id = $1 AND need_id = $2 AND state = 'open' AND lapses_at > $3;

-- name: join_mission!
-- These people are on a mission. (alert_id, mission_id, volunteer_ids, dispatched)
UPDATE commitment SET mission_id = $2, dispatched = $4 OR (dispatched AND mission_id = $2)
WHERE alert_id = $1 AND volunteer_id = ANY($3::uuid[]);

-- name: leave_mission!
-- The members of a mission that was given up stay promised to their alert, unless that is closed. (mission_id)
UPDATE commitment c SET mission_id = NULL, dispatched = false
FROM alert a WHERE c.mission_id = $1 AND a.alert_id = c.alert_id AND a.state <> 'closed';

-- name: end_mission!
-- The members of a mission are free again. (mission_id)
DELETE FROM commitment WHERE mission_id = $1;

-- name: release_waiting<!
-- People who had promised and were on no mission are free again. (alert_id)
DELETE FROM commitment WHERE alert_id = $1 AND mission_id IS NULL RETURNING volunteer_id, page_id;

-- name: alerts_to_mute
-- Alerts that would page, or wait for, somebody who cannot be asked: by an ask that has not left; if they opted out, by any
-- ask or promise. (volunteer_id, opted_out)
SELECT DISTINCT a.alert_id FROM ask a JOIN page p USING (page_id)
WHERE a.volunteer_id = $1 AND a.state IN ('open', 'accepted')
  AND ($2 OR (a.state = 'open' AND p.state IN ('pending', 'sending') AND NOT p.in_doubt))
ORDER BY a.alert_id;

-- name: withdraw_asks<!
-- Asks of somebody that have not left (all of them if they opted out) no longer wait. (alert_id, volunteer_id, opted_out)
UPDATE ask a SET state = 'stood-down' FROM page p
WHERE p.page_id = a.page_id AND a.alert_id = $1 AND a.volunteer_id = $2 AND a.state = 'open'
  AND ($3 OR (p.state IN ('pending', 'sending') AND NOT p.in_doubt))
RETURNING a.page_id;

-- name: mute_pages!
-- Asks that have not left are not sent; if they opted out, no page of any purpose is. (volunteer_id, opted_out)
UPDATE page SET state = 'cancelled', last_error = CASE WHEN $2 THEN 'opted out' ELSE 'cannot be asked now' END
WHERE volunteer_id = $1 AND state = 'pending' AND ($2 OR (purpose = 'ask' AND NOT in_doubt));

-- name: release_undispatched<!
-- Take back a promise that has not become a mission on its way. (volunteer_id, world, alert_id)
DELETE FROM commitment WHERE volunteer_id = $1 AND world = $2 AND alert_id = $3 AND NOT dispatched RETURNING page_id;

-- name: claim_pages<!
-- Take pages to send and record the attempt; real ones before drills. Looks once more whether the person may be paged:
-- who opted out is sent nothing, not even again; who cannot be asked now is not asked. (now, lease_until, limit)
WITH due AS (
    SELECT d.page_id,
           'opted-out' = ANY(v.reasons) AS opted_out,
           d.purpose = 'ask' AND NOT v.deployable AND d.state = 'pending' AND NOT d.in_doubt AS not_now
    FROM page d JOIN alert da USING (alert_id) LEFT JOIN volunteer v ON v.volunteer_id = d.volunteer_id
    WHERE d.state IN ('pending', 'sending') AND d.due_at <= $1
    ORDER BY da.exercise, d.due_at, d.page_id LIMIT $3 FOR UPDATE OF d SKIP LOCKED
), muted AS (
    UPDATE page p SET state = 'cancelled',
        last_error = CASE WHEN due.opted_out THEN 'opted out' ELSE 'cannot be asked now' END
    FROM due WHERE p.page_id = due.page_id AND (due.opted_out OR due.not_now)
)
UPDATE page p SET state = 'sending', attempts = p.attempts + 1, in_doubt = p.in_doubt OR p.state = 'sending', due_at = $2
FROM due, alert al
WHERE p.page_id = due.page_id AND al.alert_id = p.alert_id
  AND coalesce(NOT due.opted_out, true) AND coalesce(NOT due.not_now, true)
RETURNING p.page_id, p.alert_id, p.volunteer_id, p.purpose, p.mission_id, p.attempts, p.in_doubt, p.created_at,
          al.incident_id, al.exercise, al.level, al.jurisdiction, al.correlation_id;

-- name: next_page_due
-- When there is something to send next. ()
SELECT min(due_at) FROM page WHERE state IN ('pending', 'sending');

-- name: settle_pages<!
-- What became of attempts; a page that somebody else settled meanwhile is left alone.
-- (page_ids, states, due_ats, in_doubts, repeateds, sent_ats, errors, attempts)
UPDATE page p SET state = r.state, due_at = r.due_at, in_doubt = r.in_doubt, repeated = p.repeated OR r.repeated,
    sent_at = r.sent_at, last_error = r.error
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::boolean[], $5::boolean[], $6::timestamptz[], $7::text[],
            $8::int[]) AS r (page_id, state, due_at, in_doubt, repeated, sent_at, error, attempts)
WHERE p.page_id = r.page_id AND p.state = 'sending' AND p.attempts = r.attempts
RETURNING p.page_id, p.repeated;

-- name: board_waves
-- The waves of an alert. (alert_id)
SELECT wave, ring_km, asked, shortfalls, explanation, sent_at FROM wave WHERE alert_id = $1 ORDER BY wave;

-- name: board_asks
-- Everybody who was asked, with what became of the page. (alert_id, limit)
SELECT a.page_id, a.volunteer_id, a.need_id, a.wave, a.distance_km, a.why, a.state, a.answer, a.eta_minutes, a.asked_at,
       a.answered_at, a.answered_by, a.behalf_reason, p.state AS page_state, p.attempts, p.repeated, p.sent_at,
       p.last_error
FROM ask a JOIN page p USING (page_id) WHERE a.alert_id = $1 ORDER BY a.wave, a.need_id, a.page_id LIMIT $2;

-- name: board_pages
-- Pages by purpose and state. (alert_id)
SELECT purpose, state, count(*) AS pages FROM page WHERE alert_id = $1 GROUP BY purpose, state ORDER BY purpose, state;

-- name: world_of_alert
-- Whether an alert is a drill's. (alert_id)
SELECT exercise FROM alert WHERE alert_id = $1;
