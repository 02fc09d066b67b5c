-- A notice asks nothing of anybody, but takes the same way to the phone.
ALTER TABLE pages DROP CONSTRAINT pages_purpose_check;
ALTER TABLE pages ADD CONSTRAINT pages_purpose_check CHECK (purpose IN ('ask', 'mission', 'stand-down', 'notice'));
