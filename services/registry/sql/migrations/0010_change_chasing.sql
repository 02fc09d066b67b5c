-- Proposals that nobody decides are chased; it begins with this version and goes on by itself from day to day.
ALTER TABLE station_proposals ADD COLUMN chased integer NOT NULL DEFAULT 0;
CREATE INDEX station_proposals_waiting ON station_proposals (number) WHERE state = 'open';
INSERT INTO timers (kind, key, id, due_at, payload, context, retry_at)
VALUES ('chase-station-changes', 'daily', gen_random_uuid(), 'epoch', '{}',
        jsonb_build_object('correlation_id', gen_random_uuid(), 'causation_id', NULL, 'exercise', false,
                           'jurisdiction', '[]'::jsonb, 'traceparent', NULL), 'epoch');
