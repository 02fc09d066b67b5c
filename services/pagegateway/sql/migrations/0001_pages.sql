-- What was asked of the simulated provider, and the switches that make it fail.

CREATE TABLE pages (
    page_id uuid PRIMARY KEY,
    position bigint UNIQUE,             -- order of effects; NULL while only failed attempts were seen
    receipt_id uuid NOT NULL,
    content_sha256 bytea,
    recipient uuid,
    purpose text CHECK (purpose IN ('ask', 'mission', 'stand-down')),
    token text,
    text_zh text,
    text_en text,
    exercise boolean,
    first_seen_at timestamptz NOT NULL,
    accepted_at timestamptz,
    effects integer NOT NULL DEFAULT 0 CHECK (effects IN (0, 1)),
    attempts integer NOT NULL DEFAULT 1,
    CHECK ((position IS NULL) = (effects = 0))
);
CREATE INDEX pages_age ON pages (first_seen_at);

-- Positions are given under the lock of this row: a reader that has seen N has seen everything up to N.
CREATE TABLE counter (id integer PRIMARY KEY CHECK (id = 1), last_position bigint NOT NULL);
INSERT INTO counter VALUES (1, 0);

CREATE TABLE faults (
    id integer PRIMARY KEY CHECK (id = 1),
    fail_next integer NOT NULL CHECK (fail_next >= 0),
    timeout_next integer NOT NULL CHECK (timeout_next >= 0)
);
INSERT INTO faults VALUES (1, 0, 0);
