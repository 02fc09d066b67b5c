-- The state tells until when somebody is on a duty. Whoever has a calendar, or said that they are there for a time, is
-- looked at once, so that it is told and the clock knows when their duty ends.
UPDATE volunteers SET next_change_at = now() WHERE calendar IS NOT NULL OR available_until IS NOT NULL;
UPDATE timers SET due_at = now(), retry_at = now() WHERE kind = 'volunteer-clock';
