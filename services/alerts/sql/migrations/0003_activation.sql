-- How many minutes somebody needs until they are on their way; NULL: they did not say.
ALTER TABLE volunteer ADD COLUMN activation_minutes integer;
