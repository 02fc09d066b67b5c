-- A revision of the incident's area may lift a zone: teams that were sent stay with it, no team is planned for it again.
ALTER TABLE zones ADD COLUMN is_lifted boolean NOT NULL DEFAULT false;
-- Where a team was sent stays what its members were told, although the zone's middle moves. NULL: not sent yet, or sent
-- by code that did not keep it; then it is the zone's middle.
ALTER TABLE missions ADD COLUMN lat_deg double precision, ADD COLUMN lon_deg double precision;
