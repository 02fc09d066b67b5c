-- People living in an area, where that is known, and when the register last spoke of a volunteer: the age of a place
-- that no phone reported.
ALTER TABLE area ADD COLUMN population bigint, ADD COLUMN population_year integer;
ALTER TABLE member ADD COLUMN told_at timestamptz NOT NULL DEFAULT now();
