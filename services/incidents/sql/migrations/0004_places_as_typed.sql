-- What was typed where a place was not given as coordinates, and what it was taken for. Both stay here: what was typed
-- may name people.
ALTER TABLE incidents
    ADD COLUMN place_stated jsonb,
    ADD COLUMN place_found jsonb;
