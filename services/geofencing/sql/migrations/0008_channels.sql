-- By what kinds of channels a volunteer can be paged; NULL while nobody said.
ALTER TABLE member ADD COLUMN channels text[];
