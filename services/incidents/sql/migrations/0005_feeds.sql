-- Feeds: documents that were read, their messages, the proposals these make together, and what a source may do by itself.

CREATE TABLE proposals (
    proposal_id uuid PRIMARY KEY,                   -- if it is declared, also the incident's id
    source text NOT NULL,                           -- of its first message
    exercise boolean NOT NULL,
    state text NOT NULL DEFAULT 'proposed',
    revision integer NOT NULL DEFAULT 1,
    withdrawn boolean NOT NULL,
    picture text NOT NULL,                          -- JSON: what all its messages say together
    picture_digest bytea NOT NULL,                  -- of what people would act on
    kind text NOT NULL,
    level text,
    occurred_at timestamptz,
    area_codes text[] NOT NULL,
    incident_id uuid REFERENCES incidents,
    accepted_revision integer,
    accepted_level text,                            -- the level the feed had proposed when it was last accepted
    accepted_area_revision integer,                 -- the incident's area revision that came of it
    joined_into uuid REFERENCES proposals,
    reason text,                                    -- of the dismissal; free text, kept here only
    decided_at timestamptz,
    decided_by text,                                -- account id; NULL: a policy
    first_seen_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT proposals_state_is_known CHECK (state IN ('proposed', 'accepted', 'dismissed', 'joined')),
    CONSTRAINT proposals_accepted_have_an_incident CHECK (state <> 'accepted' OR incident_id IS NOT NULL),
    CONSTRAINT proposals_joined_say_where CHECK ((state = 'joined') = (joined_into IS NOT NULL))
);
CREATE INDEX proposals_newest ON proposals (changed_at DESC, proposal_id DESC) WHERE state <> 'joined';
CREATE INDEX proposals_of_incident ON proposals (incident_id) WHERE incident_id IS NOT NULL;

CREATE TABLE feed_messages (
    digest bytea PRIMARY KEY,                       -- of the canonical text: the same message twice is one row
    proposal_id uuid NOT NULL REFERENCES proposals,
    source text NOT NULL,
    message text NOT NULL,                          -- JSON
    keys text[] NOT NULL,                           -- by which messages of one event find each other
    received_at timestamptz NOT NULL
);
CREATE INDEX feed_messages_keys ON feed_messages USING gin (keys);
CREATE INDEX feed_messages_of_proposal ON feed_messages (proposal_id);

CREATE TABLE feed_policies (
    version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    policy jsonb NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text
);
CREATE INDEX feed_policies_newest ON feed_policies (source, version DESC);
