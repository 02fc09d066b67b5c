-- Changes of stations that wait for a verifier, and what became of them.

CREATE TABLE station_proposals (
    proposal_id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    station_id uuid NOT NULL,                         -- no reference: the station may be what is proposed
    ref text NOT NULL,
    area_codes text[] NOT NULL,                       -- where it is and where it shall be
    changes text[] NOT NULL,
    fields text[] NOT NULL,                           -- those that differ
    wanted jsonb NOT NULL,                            -- as the author wrote it
    before jsonb,                                     -- NULL: a new station
    after jsonb NOT NULL,
    verifier text NOT NULL,                           -- the lowest level that may accept it
    reason text NOT NULL,
    proposed_by text NOT NULL,                        -- account id
    proposed_at timestamptz NOT NULL,
    state text NOT NULL,
    decided_by text,
    decided_at timestamptz,
    decision_reason text,
    CONSTRAINT station_proposals_state_is_known
        CHECK (state IN ('open', 'accepted', 'rejected', 'withdrawn', 'superseded')),
    CONSTRAINT station_proposals_decided_says_when_and_by_whom
        CHECK ((state = 'open') = (decided_at IS NULL) AND (state = 'open') = (decided_by IS NULL)),
    CONSTRAINT station_proposals_nobody_verifies_their_own
        CHECK (state NOT IN ('accepted', 'rejected') OR decided_by <> proposed_by)
);
CREATE INDEX station_proposals_open ON station_proposals (station_id) WHERE state = 'open';
