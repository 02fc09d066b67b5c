-- What every batch of units writes, as functions, so that one round trip does all of it.

-- Write the new positions of keys; `was` is the sequence as it was read and locked (0: the key was new).
CREATE FUNCTION move_positions(topics text[], keys text[], nexts bigint[], was bigint[])
RETURNS void LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    IF cardinality(topics) = 0 THEN
        RETURN;
    END IF;
    UPDATE inbox_position p SET last_sequence = m.next
    FROM unnest(topics, keys, nexts, move_positions.was) AS m (topic, key, next, was)
    WHERE p.topic = m.topic AND p.key = m.key AND m.was > 0;
    INSERT INTO inbox_position (topic, key, last_sequence)
    SELECT topic, key, next FROM unnest(topics, keys, nexts, move_positions.was) AS m (topic, key, next, was)
    WHERE m.was = 0 ORDER BY topic, key;
END $$;

-- Cancel timers, then set some; one of the same kind and key is replaced.
CREATE FUNCTION set_timers(
    cancelled_kinds text[], cancelled_keys text[],
    kinds text[], keys text[], ids uuid[], due_ats timestamptz[], payloads text[], contexts text[]
) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    IF cardinality(cancelled_kinds) > 0 THEN
        DELETE FROM timers USING unnest(cancelled_kinds, cancelled_keys) AS c (kind, key)
        WHERE timers.kind = c.kind AND timers.key = c.key;
    END IF;
    IF cardinality(kinds) > 0 THEN
        INSERT INTO timers (kind, key, id, due_at, retry_at, payload, context)
        SELECT kind, key, id, due_at, due_at, payload::jsonb, context::jsonb
        FROM unnest(kinds, keys, ids, due_ats, payloads, contexts) AS n (kind, key, id, due_at, payload, context)
        ORDER BY kind, key
        ON CONFLICT (kind, key) DO UPDATE SET id = excluded.id, due_at = excluded.due_at,
            retry_at = excluded.retry_at, payload = excluded.payload, context = excluded.context, attempts = 0,
            last_error = NULL;
    END IF;
END $$;

-- Give each event the next sequence of its topic and key and put it into the outbox, in the given order.
CREATE FUNCTION append_events(topics text[], keys text[], contents bytea[], headers bytea[], created_at timestamptz)
RETURNS void LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    IF cardinality(topics) = 0 THEN
        RETURN;
    END IF;
    WITH incoming AS (
        SELECT * FROM unnest(topics, keys, contents, append_events.headers)
            WITH ORDINALITY AS i (topic, key, value, headers, ordinal)
    ), counted AS (
        SELECT topic, key, count(*) AS n FROM incoming GROUP BY topic, key
    ), raised AS (
        INSERT INTO outbox_sequence AS s (topic, key, last_sequence)
        SELECT topic, key, n FROM counted ORDER BY topic, key  -- one lock order for everybody: no deadlock
        ON CONFLICT (topic, key) DO UPDATE SET last_sequence = s.last_sequence + excluded.last_sequence
        RETURNING topic, key, last_sequence
    )
    INSERT INTO outbox (topic, key, sequence, value, headers, created_at)
    SELECT i.topic, convert_to(i.key, 'UTF8'),
           r.last_sequence - c.n + row_number() OVER (PARTITION BY i.topic, i.key ORDER BY i.ordinal),
           i.value, i.headers, append_events.created_at
    FROM incoming i JOIN raised r USING (topic, key) JOIN counted c USING (topic, key)
    ORDER BY i.ordinal;
END $$;
