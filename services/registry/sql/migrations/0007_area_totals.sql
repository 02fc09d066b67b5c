-- How many communities, hospitals, schools ... an area has in all, as an operator says; what norms ask a share of. Only
-- ever added to: the total of the latest day counts.

CREATE TABLE area_totals (
    total_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    area_code text NOT NULL,                          -- or * for everything
    what text NOT NULL,
    count bigint NOT NULL,
    as_of_on date NOT NULL,
    source text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,                        -- account id
    CONSTRAINT area_totals_count_something CHECK (count > 0)
);
CREATE INDEX area_totals_latest ON area_totals (area_code, what, as_of_on DESC, total_id DESC);
