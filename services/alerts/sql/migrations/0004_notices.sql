-- What people are told on their phones that asks nothing of them; sent as pages are (an attempt is committed before it is made).
CREATE TABLE notice (
    notice_id uuid PRIMARY KEY,
    volunteer_id uuid NOT NULL,
    subject text NOT NULL CHECK (subject IN ('credential-expiring', 'team-changed')),
    mission_id uuid,
    exercise boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0,
    in_doubt boolean NOT NULL DEFAULT false,
    due_at timestamptz NOT NULL,        -- next attempt, or end of the lease while `sending`
    lapses_at timestamptz NOT NULL,     -- old news from then on
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    last_error text,
    CONSTRAINT notice_of_a_team_has_its_mission CHECK ((subject = 'team-changed') = (mission_id IS NOT NULL))
);
CREATE INDEX notice_due ON notice (due_at) WHERE state IN ('pending', 'sending');
