-- How incidents change, hang together and are told apart; need templates that were edited.

ALTER TABLE incidents
    ADD COLUMN intensity_contours jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN venues jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN box double precision[],                        -- west, south, east, north of the place; NULL: not measured
    ADD COLUMN area_revision integer NOT NULL DEFAULT 1,
    ADD COLUMN phase text NOT NULL DEFAULT 'acute',
    ADD COLUMN needs_by_hand boolean NOT NULL DEFAULT true,   -- false: the template's, which may follow level and phase
    ADD COLUMN parent_id uuid REFERENCES incidents,           -- always an older incident: no circles
    ADD COLUMN merged_into uuid REFERENCES incidents,
    ADD COLUMN continued_as uuid REFERENCES incidents,
    ADD CONSTRAINT incidents_phase_is_known CHECK (phase IN ('acute', 'transition', 'recovery')),
    ADD CONSTRAINT incidents_merged_are_closed CHECK (merged_into IS NULL OR state = 'closed'),
    ADD CONSTRAINT incidents_go_on_once CHECK (continued_as IS NULL OR (state = 'closed' AND merged_into IS NULL)),
    ADD CONSTRAINT incidents_are_not_their_own CHECK (
        parent_id <> incident_id AND merged_into <> incident_id AND continued_as <> incident_id);
CREATE INDEX incidents_children ON incidents (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX incidents_open_by_kind ON incidents (kind, exercise, occurred_at) WHERE state = 'open';

ALTER TABLE incident_changes
    DROP CONSTRAINT incident_changes_what_is_known,
    ADD CONSTRAINT incident_changes_what_is_known CHECK (what IN (
        'needs-stated', 'level-raised', 'level-lowered', 'closed', 'area-revised', 'phase-advanced', 'merged', 'reopened',
        'source-withdrew'));

-- Two incidents that may be the same: a proposal to merge them. Nothing merges by itself.
CREATE TABLE incident_likenesses (
    incident_id uuid NOT NULL REFERENCES incidents,           -- the newer one
    other_id uuid NOT NULL REFERENCES incidents,
    apart_km double precision NOT NULL,
    apart_minutes double precision NOT NULL,
    noted_at timestamptz NOT NULL,
    PRIMARY KEY (incident_id, other_id)
);
CREATE INDEX incident_likenesses_other ON incident_likenesses (other_id);

-- Edited need templates; the newest version of a kind, level and phase counts. What was never edited is in the code's data.
CREATE TABLE need_templates (
    version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    level text NOT NULL,
    phase text NOT NULL,
    needs jsonb NOT NULL,
    source text NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text                                               -- account id
);
CREATE INDEX need_templates_newest ON need_templates (kind, level, phase, version DESC);
