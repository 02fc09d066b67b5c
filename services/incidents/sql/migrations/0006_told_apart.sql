-- The other answer to a proposal to merge: these are different.

ALTER TABLE incident_likenesses
    ADD COLUMN told_apart_at timestamptz,                     -- NULL: nobody has answered so
    ADD COLUMN told_apart_by text;                            -- account id; the reason is in incident_changes of both

ALTER TABLE incident_changes
    DROP CONSTRAINT incident_changes_what_is_known,
    ADD CONSTRAINT incident_changes_what_is_known CHECK (what IN (
        'needs-stated', 'level-raised', 'level-lowered', 'closed', 'area-revised', 'phase-advanced', 'merged', 'told-apart',
        'reopened', 'source-withdrew'));
