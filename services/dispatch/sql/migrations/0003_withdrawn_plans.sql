-- A plan that nobody had approved is given up when its zone is lifted; its number is free if the zone stands again.
ALTER TABLE missions ADD COLUMN is_withdrawn boolean NOT NULL DEFAULT false;
ALTER TABLE missions DROP CONSTRAINT missions_team;
CREATE UNIQUE INDEX missions_team ON missions (zone_id, team_no) WHERE NOT is_withdrawn;
