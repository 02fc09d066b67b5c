-- Tables every service's schema has: what goes out, what came in, what is held back, what is due.

-- Events of committed decisions, waiting for the relay. Rows live for milliseconds, so pages are cleaned early.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key bytea,
    sequence bigint,                    -- NULL for dead letters, which are no events of this service
    value bytea,
    headers bytea NOT NULL,             -- packed (services/kit/outbox.py), without ce_sequence
    created_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);

-- The last sequence given per topic and key. Its row lock makes the order of ids the order of commits per key.
CREATE TABLE outbox_sequence (
    topic text NOT NULL,
    key text NOT NULL,
    last_sequence bigint NOT NULL CHECK (last_sequence > 0),
    PRIMARY KEY (topic, key)
) WITH (fillfactor = 80);

-- What the bus will never take (too large), with the reason.
CREATE TABLE outbox_dead (
    id bigint PRIMARY KEY,
    topic text NOT NULL,
    key bytea,
    sequence bigint,
    value bytea,
    headers bytea NOT NULL,
    created_at timestamptz NOT NULL,
    reason text NOT NULL,
    died_at timestamptz NOT NULL DEFAULT now()
);

-- How far each key of each consumed topic was handled.
CREATE TABLE inbox_position (
    topic text NOT NULL,
    key text NOT NULL,
    last_sequence bigint NOT NULL CHECK (last_sequence > 0),
    PRIMARY KEY (topic, key)
) WITH (fillfactor = 80);

-- Records that could not be handled ("quarantined") and those behind them that wait for their turn ("parked").
CREATE TABLE quarantine (
    id uuid PRIMARY KEY,
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    record_at_ms bigint NOT NULL,       -- a topic that was made anew counts its offsets from 0 again
    key bytea,
    key_text text,                      -- NULL if the key is not text
    sequence bigint,                    -- NULL if it could not be read
    event_id uuid,
    event_type text,
    state text NOT NULL CHECK (state IN ('quarantined', 'parked', 'released', 'discarded')),
    reason text NOT NULL,
    detail text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    value bytea,
    headers bytea NOT NULL,
    held_at timestamptz NOT NULL,
    resolved_at timestamptz,
    resolved_by text,
    resolution text,
    CHECK ((resolved_at IS NULL) = (state IN ('quarantined', 'parked')))
);
CREATE UNIQUE INDEX quarantine_record ON quarantine (topic, partition, record_offset, record_at_ms);
CREATE UNIQUE INDEX quarantine_turn ON quarantine (topic, key_text, sequence, event_id) NULLS NOT DISTINCT
    WHERE state IN ('quarantined', 'parked') AND sequence IS NOT NULL;
CREATE INDEX quarantine_list ON quarantine (state, held_at, id);

-- Durable timers. A row is there until its handler has committed.
CREATE TABLE timers (
    kind text NOT NULL,
    key text NOT NULL,
    id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    payload jsonb NOT NULL,
    context jsonb NOT NULL,             -- correlation, cause, exercise, jurisdiction of who scheduled it
    attempts integer NOT NULL DEFAULT 0,
    retry_at timestamptz NOT NULL,      -- due_at, or later after a failed attempt
    last_error text,
    PRIMARY KEY (kind, key)
);
CREATE INDEX timers_next ON timers (retry_at);

-- Answers to requests that carried an Idempotency-Key.
CREATE TABLE idempotency (
    subject text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    body_sha256 bytea NOT NULL,
    status integer,                     -- NULL while the first request is at work
    answer bytea,
    content_type text,
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, route, key)
);
CREATE INDEX idempotency_age ON idempotency (stored_at);
