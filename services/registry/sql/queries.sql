-- Statements that stations and volunteers share. Parameters are positional.

-- name: lock_register
-- One batch at a time: two that name the same new station or volunteer would each think they create it.
SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ':register', 0));
