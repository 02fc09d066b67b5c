-- Volunteers as they stand; `sequence` only grows, so count and sum tell whether anything changed.
CREATE TABLE volunteer (
    volunteer_id uuid PRIMARY KEY,
    home_station_id uuid NOT NULL,
    roles text[] NOT NULL,
    languages text[] NOT NULL,
    deployable boolean NOT NULL,
    reasons text[] NOT NULL,
    sequence bigint NOT NULL
);

-- One alert per incident. Its row is locked by everything that decides about it. `needs` and `zones` arrive by
-- different topics; the alert opens when both are there.
CREATE TABLE alert (
    alert_id uuid PRIMARY KEY,
    incident_id uuid NOT NULL UNIQUE,
    state text NOT NULL CHECK (state IN ('waiting', 'open', 'closed')),
    exercise boolean NOT NULL,
    jurisdiction text[] NOT NULL,
    correlation_id uuid NOT NULL,
    level text,
    clock jsonb,
    needs jsonb,
    zones jsonb,                        -- [[kind, zone_id], ...], gravest first
    reach jsonb,                        -- [[station_id, distance_km, kind or null], ...], nearest first
    wave integer NOT NULL DEFAULT 0,
    exhausted boolean NOT NULL DEFAULT false,
    opened_at timestamptz,
    closed_at timestamptz,
    CHECK (state <> 'open' OR (needs IS NOT NULL AND zones IS NOT NULL))
);
CREATE INDEX alert_exhausted ON alert (alert_id) WHERE exhausted AND state = 'open';

CREATE TABLE quota (
    alert_id uuid NOT NULL REFERENCES alert,
    need_id text NOT NULL,
    zone_id uuid NOT NULL,
    zone_kind text NOT NULL,
    role text NOT NULL,
    language text,
    count integer NOT NULL CHECK (count >= 1),
    accepted integer NOT NULL DEFAULT 0,
    ring integer NOT NULL DEFAULT 0,    -- index of the ring that the next wave begins with
    ordinal integer NOT NULL,
    PRIMARY KEY (alert_id, need_id),
    CONSTRAINT quota_not_overfilled CHECK (accepted BETWEEN 0 AND count)
);

CREATE TABLE wave (
    alert_id uuid NOT NULL REFERENCES alert,
    wave integer NOT NULL,
    ring_km double precision NOT NULL,
    asked integer NOT NULL,
    shortfalls jsonb NOT NULL,
    explanation jsonb NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (alert_id, wave)
);

-- One ask per alert and person. `page_id` is the page that asks.
CREATE TABLE ask (
    page_id uuid PRIMARY KEY,
    alert_id uuid NOT NULL REFERENCES alert,
    volunteer_id uuid NOT NULL,
    world text NOT NULL CHECK (world IN ('real', 'exercise')),
    need_id text NOT NULL,
    wave integer NOT NULL,
    distance_km double precision NOT NULL,
    why text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'accepted', 'declined', 'later', 'stood-down', 'released')),
    answer text,
    eta_minutes integer,
    asked_at timestamptz NOT NULL,
    lapses_at timestamptz NOT NULL,     -- from then on, an unanswered ask keeps nobody else from asking
    answered_at timestamptz,
    answered_by text,                   -- account that answered on the volunteer's behalf
    behalf_reason text,
    CONSTRAINT ask_once_per_alert UNIQUE (alert_id, volunteer_id)
);
CREATE INDEX ask_open ON ask (world, volunteer_id) WHERE state = 'open';

-- When each person was asked last, to share the load.
CREATE TABLE asked (
    volunteer_id uuid NOT NULL,
    world text NOT NULL,
    last_asked_at timestamptz NOT NULL,
    PRIMARY KEY (volunteer_id, world)
);

-- Who has promised to come. The key is the promise itself: one per person and world.
CREATE TABLE commitment (
    volunteer_id uuid NOT NULL,
    world text NOT NULL CHECK (world IN ('real', 'exercise')),
    alert_id uuid NOT NULL REFERENCES alert,
    page_id uuid NOT NULL,
    mission_id uuid,
    dispatched boolean NOT NULL DEFAULT false,
    committed_at timestamptz NOT NULL,
    CONSTRAINT commitment_once PRIMARY KEY (volunteer_id, world)
);
CREATE INDEX commitment_alert ON commitment (alert_id);
CREATE INDEX commitment_mission ON commitment (mission_id) WHERE mission_id IS NOT NULL;

-- Pages, and the record of the attempt to send each, which is committed before the attempt is made. A page in state
-- `sending` whose lease is over may have reached the provider or not: it is `in_doubt`, and the provider is asked.
CREATE TABLE page (
    page_id uuid PRIMARY KEY,
    alert_id uuid NOT NULL REFERENCES alert,
    volunteer_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('ask', 'mission', 'stand-down')),
    mission_id uuid,
    state text NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0,
    in_doubt boolean NOT NULL DEFAULT false,
    repeated boolean NOT NULL DEFAULT false,
    due_at timestamptz NOT NULL,        -- next attempt, or end of the lease while `sending`
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    last_error text,
    CHECK ((purpose = 'mission') = (mission_id IS NOT NULL))
);
CREATE INDEX page_due ON page (due_at) WHERE state IN ('pending', 'sending');
CREATE INDEX page_alert ON page (alert_id);
