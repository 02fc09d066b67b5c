-- By what kinds of channels volunteers can be paged; NULL where nobody said. Assumed ones follow from the number in the
-- vault, which stays there.
ALTER TABLE volunteers
    ADD COLUMN channels text[],
    ADD COLUMN channels_assumed boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT channels_known
        CHECK (channels <@ ARRAY['app-push', 'sms', 'voice-call', 'e-mail', 'chat']),
    ADD CONSTRAINT channels_assumed_of_something CHECK (channels IS NOT NULL OR NOT channels_assumed);
