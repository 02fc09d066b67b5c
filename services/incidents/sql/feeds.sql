-- Feeds: messages, the proposals they make together, and policies.

-- name: one_at_a_time
-- Documents are taken one after the other: messages of two may belong to one event.
SELECT pg_advisory_xact_lock(hashtextextended('incidents.feeds', 0));

-- name: known_messages
-- Which of these messages are kept, and in which proposal. $1 digests
SELECT digest, proposal_id FROM feed_messages WHERE digest = ANY($1::bytea[]);

-- name: related_messages
-- All messages of the proposals that a message of these names belongs to. $1 keys
SELECT message, proposal_id FROM feed_messages
WHERE proposal_id IN (SELECT proposal_id FROM feed_messages WHERE keys && $1::text[]);

-- name: proposals_by_id
-- Locked, in one order. $1 ids
SELECT * FROM proposals WHERE proposal_id = ANY($1::uuid[]) ORDER BY proposal_id FOR UPDATE;

-- name: put_proposal
-- A new proposal, or what became of one; returns its revision. $1 id, $2 source, $3 exercise, $4 withdrawn, $5 picture,
-- $6 digest, $7 kind, $8 level, $9 occurred_at, $10 area codes, $11 now
INSERT INTO proposals (proposal_id, source, exercise, withdrawn, picture, picture_digest, kind, level, occurred_at,
                       area_codes, first_seen_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
ON CONFLICT (proposal_id) DO UPDATE SET
    revision = proposals.revision + 1, withdrawn = excluded.withdrawn, picture = excluded.picture,
    picture_digest = excluded.picture_digest, kind = excluded.kind, level = excluded.level,
    occurred_at = excluded.occurred_at, area_codes = excluded.area_codes, changed_at = excluded.changed_at
RETURNING revision;

-- name: join_proposals!
-- $1 ids, $2 the one that stays, $3 now
UPDATE proposals SET state = 'joined', joined_into = $2, changed_at = $3 WHERE proposal_id = ANY($1::uuid[]);

-- name: move_messages!
-- $1 from proposals, $2 to
UPDATE feed_messages SET proposal_id = $2 WHERE proposal_id = ANY($1::uuid[]);

-- name: insert_messages!
-- $1 digests, $2 proposals, $3 source, $4 messages, $5 keys as JSON arrays, $6 now
INSERT INTO feed_messages (digest, proposal_id, source, message, keys, received_at)
SELECT one.digest, one.proposal_id, $3, one.message,
       ARRAY(SELECT jsonb_array_elements_text(one.keys::jsonb)), $6
FROM unnest($1::bytea[], $2::uuid[], $4::text[], $5::text[]) AS one (digest, proposal_id, message, keys)
ON CONFLICT (digest) DO NOTHING;

-- name: set_accepted!
-- $1 id, $2 incident, $3 level of the feed, $4 area revision, $5 now, $6 by whom
UPDATE proposals SET state = 'accepted', incident_id = $2, accepted_revision = revision, accepted_level = $3,
                     accepted_area_revision = $4, decided_at = $5, decided_by = $6, reason = NULL
WHERE proposal_id = $1;

-- name: set_dismissed!
-- $1 id, $2 reason, $3 now, $4 by whom
UPDATE proposals SET state = 'dismissed', reason = $2, decided_at = $3, decided_by = $4 WHERE proposal_id = $1;

-- name: proposals_page
-- Newest first, of those that name an area of the reader's or none. $1 code prefixes, $2 state or NULL, $3 source or NULL,
-- $4 with those of no level, $5 before this time, $6 and id, $7 limit
SELECT proposal_id, source, state, revision, accepted_revision, withdrawn, exercise, kind, level, occurred_at, area_codes,
       incident_id, reason, decided_at, first_seen_at, changed_at,
       picture::jsonb->>'title_zh' AS title_zh,
       coalesce(picture::jsonb->>'title_en', picture::jsonb->>'title_other') AS title_en
FROM proposals
WHERE state <> 'joined' AND (changed_at, proposal_id) < ($5, $6)
  AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR source = $3)
  AND ($4 OR level IS NOT NULL OR incident_id IS NOT NULL)
  AND (cardinality(area_codes) = 0
       OR EXISTS (SELECT FROM unnest(area_codes) AS code, unnest($1::text[]) AS prefix WHERE starts_with(code, prefix)))
ORDER BY changed_at DESC, proposal_id DESC
LIMIT $7;

-- name: proposal
-- One proposal with its messages, oldest first. $1 id
SELECT proposals.*, ARRAY(
    SELECT jsonb_build_object('source', source, 'received_at', received_at, 'message', message)
    FROM feed_messages WHERE feed_messages.proposal_id = proposals.proposal_id ORDER BY received_at, digest) AS messages
FROM proposals WHERE proposal_id = $1;

-- name: newest_policy
-- $1 source
SELECT version, policy, set_at FROM feed_policies WHERE source = $1 ORDER BY version DESC LIMIT 1;

-- name: insert_policy
-- $1 source, $2 policy, $3 now, $4 by whom
INSERT INTO feed_policies (source, policy, set_at, set_by) VALUES ($1, $2::text::jsonb, $3, $4) RETURNING version;
