-- What `services/kit/at_once.py` calls from inside a service's own statement, so that a command is one round trip.

-- Whether the request is new; it then has its answer kept. Without a key every request is.
CREATE FUNCTION claim_request(
    subject text, route text, key text, body_sha256 bytea, status integer, answer bytea, content_type text,
    stored_at timestamptz
) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF key IS NULL THEN
        RETURN true;
    END IF;
    INSERT INTO idempotency VALUES (subject, route, key, body_sha256, status, answer, content_type, stored_at)
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
END $$;

-- Put an event into the outbox with the next sequence of its topic and key.
CREATE FUNCTION append_event(topic text, key text, value bytea, headers bytea, created_at timestamptz)
RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    given bigint;
BEGIN
    INSERT INTO outbox_sequence AS s (topic, key, last_sequence)
    VALUES (append_event.topic, append_event.key, 1)
    ON CONFLICT (topic, key) DO UPDATE SET last_sequence = s.last_sequence + 1
    RETURNING last_sequence INTO given;
    INSERT INTO outbox (topic, key, sequence, value, headers, created_at)
    VALUES (append_event.topic, convert_to(append_event.key, 'UTF8'), given, append_event.value, append_event.headers,
            append_event.created_at);
    RETURN given;
END $$;
