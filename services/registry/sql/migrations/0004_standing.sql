-- What decides whether a volunteer can be asked, beside what was there: calendar, vetting, opting out, a declared place.
-- Also notices before credentials run out, the talent register, and the history of every change.

ALTER TABLE volunteers
    ADD COLUMN available_until timestamptz,             -- `available` holds until then; NULL with false: for good
    ADD COLUMN calendar jsonb,                          -- NULL: always on duty
    ADD COLUMN activation_minutes integer,
    ADD COLUMN dialects text[] NOT NULL DEFAULT '{}',
    ADD COLUMN vetting_status text NOT NULL DEFAULT 'assumed',
    ADD COLUMN vetting_authority text,
    ADD COLUMN vetting_checked_on date,
    ADD COLUMN vetting_valid_until date,
    ADD COLUMN opted_out_since timestamptz,
    ADD COLUMN opted_out_until timestamptz,
    ADD COLUMN place_lat_deg double precision,          -- the middle of a cell, never the place itself
    ADD COLUMN place_lon_deg double precision,
    ADD COLUMN place_until timestamptz,
    ADD COLUMN told_state jsonb,                        -- volunteer.state as published last; NULL: by an older version
    ADD COLUMN next_change_at timestamptz DEFAULT now(),  -- when time alone changes something; at first: look
    ADD CONSTRAINT volunteers_activation_is_bounded CHECK (activation_minutes BETWEEN 0 AND 10080),
    ADD CONSTRAINT volunteers_vetting_is_known
        CHECK (vetting_status IN ('assumed', 'cleared', 'pending', 'failed')),
    ADD CONSTRAINT volunteers_the_unvetted_are_not_deployable
        CHECK (NOT deployable OR vetting_status IN ('assumed', 'cleared')),
    ADD CONSTRAINT volunteers_the_retired_are_not_deployable CHECK (NOT deployable OR NOT is_retired),
    ADD CONSTRAINT volunteers_who_opted_out_is_not_deployable CHECK (NOT deployable OR opted_out_since IS NULL),
    ADD CONSTRAINT volunteers_place_is_whole
        CHECK (num_nulls(place_lat_deg, place_lon_deg, place_until) IN (0, 3));
CREATE INDEX volunteers_next_change ON volunteers (next_change_at) WHERE next_change_at IS NOT NULL;

ALTER TABLE credentials ADD COLUMN notice_told smallint;   -- the last notice told: 90, 30 or 7 days before
CREATE INDEX credentials_by_expiry ON credentials (expires_on) WHERE expires_on IS NOT NULL;

-- Who changed what of a volunteer, when and why. No identity, no number of a credential, no place.
CREATE TABLE volunteer_history (
    history_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    volunteer_id uuid NOT NULL REFERENCES volunteers ON DELETE CASCADE,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,                           -- an account's id
    reason text,
    events text[] NOT NULL,                             -- the types of the events that were told
    fields jsonb NOT NULL                               -- field -> [before, after]
);
CREATE INDEX volunteer_history_of ON volunteer_history (volunteer_id, history_id);

-- The talent register. An entry that was a mistake is withdrawn, not deleted.
CREATE TABLE trainings (
    training_id uuid PRIMARY KEY,                       -- derived from volunteer, course, issuer and day
    volunteer_id uuid NOT NULL REFERENCES volunteers ON DELETE CASCADE,
    course text NOT NULL,
    issuer text NOT NULL,
    hours numeric(6, 2) NOT NULL,
    held_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text,
    withdrawn_reason text,
    CONSTRAINT trainings_hours_are_bounded CHECK (hours > 0 AND hours <= 1000),
    CONSTRAINT trainings_withdrawn_whole CHECK (num_nulls(withdrawn_at, withdrawn_by, withdrawn_reason) IN (0, 3))
);
CREATE INDEX trainings_of ON trainings (volunteer_id, held_on);

-- The daily timer of credentials becomes the one clock of all volunteers.
UPDATE timers SET kind = 'volunteer-clock', key = 'next', due_at = now(), retry_at = now()
WHERE kind = 'expire-credentials';
