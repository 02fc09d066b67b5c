-- The register of stations and volunteers. Who a volunteer is stands in `identities` and nowhere else.

CREATE TABLE stations (
    station_id uuid PRIMARY KEY,
    ref text NOT NULL UNIQUE,                   -- the operator's own; station_id is derived from it
    kind text NOT NULL,
    tier text NOT NULL,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    area_code text NOT NULL,
    lat_deg double precision NOT NULL,
    lon_deg double precision NOT NULL,
    languages text[] NOT NULL,
    detachment_id uuid REFERENCES stations DEFERRABLE INITIALLY DEFERRED,
    is_open boolean NOT NULL,
    registered_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT stations_position_is_on_earth CHECK (lat_deg BETWEEN -90 AND 90 AND lon_deg BETWEEN -180 AND 180),
    CONSTRAINT stations_area_code_is_gb CHECK (area_code ~ '^\d{6}(\d{6})?$')
);

CREATE TABLE volunteers (
    volunteer_id uuid PRIMARY KEY,
    ref text NOT NULL UNIQUE,                   -- the operator's own; volunteer_id is derived from it
    home_station_id uuid NOT NULL REFERENCES stations,
    roles text[] NOT NULL,
    languages text[] NOT NULL,
    available boolean NOT NULL,
    availability_reason text,                   -- free text, kept here only
    is_adult boolean NOT NULL,
    is_retired boolean NOT NULL,
    usable_roles text[] NOT NULL,               -- these three as last published in volunteer.state
    deployable boolean NOT NULL,
    reasons text[] NOT NULL,
    enrolled_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT volunteers_minors_are_not_deployable CHECK (is_adult OR NOT deployable)
);
CREATE INDEX volunteers_by_home ON volunteers (home_station_id);

-- The vault. Nothing but the import writes it, and nothing reads it yet.
CREATE TABLE identities (
    volunteer_id uuid PRIMARY KEY REFERENCES volunteers,
    name text,
    phone text,
    changed_at timestamptz NOT NULL
);

CREATE TABLE memberships (
    volunteer_id uuid NOT NULL REFERENCES volunteers,
    station_id uuid NOT NULL REFERENCES stations,
    PRIMARY KEY (volunteer_id, station_id)
);
CREATE INDEX memberships_of_station ON memberships (station_id);

CREATE TABLE credentials (
    volunteer_id uuid NOT NULL REFERENCES volunteers,
    kind text NOT NULL,
    number text NOT NULL,
    issuer text NOT NULL,
    roles text[] NOT NULL,
    expires_on date,                            -- valid through this day; NULL: does not run out
    expiry_told boolean NOT NULL,               -- volunteer.credential-expired was published
    PRIMARY KEY (volunteer_id, kind, number)
);
CREATE INDEX credentials_running_out ON credentials (expires_on) WHERE NOT expiry_told AND expires_on IS NOT NULL;
