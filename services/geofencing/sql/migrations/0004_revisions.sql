-- What a later revision of the area does not say again but fencing needs: the kind and the level as it is now. The
-- defaults stand for fences drawn by code that did not keep them. `fenced` is the fence as it was published last.
ALTER TABLE fence
    ADD COLUMN revision integer NOT NULL DEFAULT 1,
    ADD COLUMN kind text NOT NULL DEFAULT 'other',
    ADD COLUMN level text NOT NULL DEFAULT 'IV';
