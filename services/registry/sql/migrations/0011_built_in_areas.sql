-- Prefectures and counties are built in too (services/registry/areas/built_in.py). Another kind of timer than that of
-- 0002, so that a process of before leaves it alone.
INSERT INTO timers (kind, key, id, due_at, payload, context, retry_at)
VALUES ('register-areas', '1', gen_random_uuid(), now(), '{}',
        jsonb_build_object('correlation_id', gen_random_uuid(), 'causation_id', NULL, 'exercise', false,
                           'jurisdiction', '[]'::jsonb, 'traceparent', NULL), now());
