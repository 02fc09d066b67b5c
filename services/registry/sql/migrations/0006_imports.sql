-- Files that are imported: how far each has come, what was wrong in which row, and what it changed, so that it can be
-- undone. A file stands here only until it is done, because it holds names and telephone numbers.

CREATE TABLE imports (
    import_id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('stations', 'volunteers')),
    dry_run boolean NOT NULL,
    all_or_nothing boolean NOT NULL,
    state text NOT NULL
        CHECK (state IN ('waiting', 'checking', 'storing', 'done', 'refused', 'failed', 'undoing', 'undone')),
    sha256 bytea NOT NULL,
    file_bytes bigint NOT NULL,
    file_format text,                           -- told by the content: csv or xlsx
    file_detail text,                           -- encoding and separator, or the sheet
    same_file_as uuid,                          -- an earlier import of the very same bytes
    actor text NOT NULL,
    areas text[] NOT NULL,                      -- of the account; the work goes on after a restart with these rights
    rows_total integer,
    rows_done integer NOT NULL DEFAULT 0,
    created integer NOT NULL DEFAULT 0,
    unchanged integer NOT NULL DEFAULT 0,
    changed integer NOT NULL DEFAULT 0,
    refused integer NOT NULL DEFAULT 0,
    errors_total integer NOT NULL DEFAULT 0,
    restored integer NOT NULL DEFAULT 0,
    left_as_is integer NOT NULL DEFAULT 0,
    requested_at timestamptz NOT NULL,
    finished_at timestamptz,
    undone_at timestamptz,
    CONSTRAINT imports_dry_runs_change_nothing CHECK (NOT dry_run OR state NOT IN ('storing', 'undoing', 'undone'))
);
CREATE INDEX imports_open ON imports (requested_at) WHERE state IN ('waiting', 'checking', 'storing', 'undoing');
CREATE INDEX imports_by_content ON imports (sha256);

-- The bytes of files that are not done. Parts of uploads that broke off are swept away.
CREATE TABLE import_parts (
    import_id uuid NOT NULL,
    number integer NOT NULL,
    content bytea NOT NULL,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (import_id, number)
);
ALTER TABLE import_parts ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE import_errors (
    import_id uuid NOT NULL REFERENCES imports,
    ordinal integer NOT NULL,
    row_number integer,                         -- NULL: the file as a whole
    column_name text,                           -- the heading as the file writes it
    field text,
    code text NOT NULL,
    what text NOT NULL,
    what_zh text NOT NULL,
    value text,                                 -- never a personal one
    PRIMARY KEY (import_id, ordinal)
);

-- What an import created or changed: the form before, and a digest of the form after, which tells whether something was
-- changed since.
CREATE TABLE import_changes (
    import_id uuid NOT NULL REFERENCES imports,
    ordinal integer NOT NULL,                   -- in the order in which it was stored
    row_number integer NOT NULL,
    object_id uuid NOT NULL,
    before jsonb,                               -- NULL: it was created
    after_digest bytea NOT NULL,
    stored_at timestamptz NOT NULL,
    outcome text CHECK (outcome IN ('restored', 'left')),   -- NULL: not undone
    PRIMARY KEY (import_id, ordinal)
);

-- Part of the vault: names and numbers as they were before an import changed them.
CREATE TABLE import_identities (
    import_id uuid NOT NULL REFERENCES imports,
    volunteer_id uuid NOT NULL REFERENCES volunteers ON DELETE CASCADE,
    name text,
    phone text,
    PRIMARY KEY (import_id, volunteer_id)
);
