-- Stations in a tree, with what they offer, when, to whom and how well that is known; and the history of every change.
-- All columns have defaults: the previous version goes on writing beside this one.

ALTER TABLE stations
    ADD COLUMN parent_id uuid REFERENCES stations DEFERRABLE INITIALLY DEFERRED,
    ADD COLUMN parent_explanation text,
    ADD COLUMN setting text,
    ADD COLUMN institution jsonb,
    ADD COLUMN services text[] NOT NULL DEFAULT '{}',
    ADD COLUMN room_count integer,
    ADD COLUMN seat_count integer,
    ADD COLUMN line_count integer,
    ADD COLUMN opening_hours jsonb,                   -- China's civil time
    ADD COLUMN catchment jsonb,
    ADD COLUMN is_suspended boolean NOT NULL DEFAULT false,
    ADD COLUMN verified_on date,
    ADD COLUMN is_stale boolean NOT NULL DEFAULT false, -- station.went-stale was published since it was last verified
    ADD CONSTRAINT stations_are_not_their_own_parent CHECK (parent_id IS DISTINCT FROM station_id),
    ADD CONSTRAINT stations_count_from_zero CHECK (
        coalesce(room_count, 0) >= 0 AND coalesce(seat_count, 0) >= 0 AND coalesce(line_count, 0) >= 0);
CREATE INDEX stations_by_parent ON stations (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX stations_by_detachment ON stations (detachment_id) WHERE detachment_id IS NOT NULL;
CREATE INDEX stations_to_verify ON stations (coalesce(verified_on, (registered_at AT TIME ZONE 'Asia/Shanghai')::date))
    WHERE NOT is_stale AND is_open;

-- Who changed what about a station, when and why. Only ever added to.
CREATE TABLE station_history (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_id uuid NOT NULL,                         -- no reference: it outlives a registration that is undone
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,                         -- account id
    way text NOT NULL,                                -- how it came about
    proposal_id uuid,
    reason text,
    changes text[] NOT NULL,
    before jsonb,                                     -- the fields that differ; NULL: it is new
    after jsonb NOT NULL,
    CONSTRAINT station_history_way_is_known CHECK (way IN ('import', 'proposal', 'verification', 'suspension'))
);
CREATE INDEX station_history_of_station ON station_history (station_id, entry_id DESC);

CREATE FUNCTION refuse_to_rewrite_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history is only ever added to';
END $$;
CREATE TRIGGER station_history_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON station_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history();

-- Chasing stale entries begins with this version and goes on by itself from day to day (stations/commands.py).
INSERT INTO timers (kind, key, id, due_at, payload, context, retry_at)
VALUES ('chase-stale-stations', 'daily', gen_random_uuid(), 'epoch', '{}',
        jsonb_build_object('correlation_id', gen_random_uuid(), 'causation_id', NULL, 'exercise', false,
                           'jurisdiction', '[]'::jsonb, 'traceparent', NULL), 'epoch');
