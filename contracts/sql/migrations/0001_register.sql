-- The register: one set of places, organisations, people and devices for both domains. Written by the owner role
-- (sunlit db, sunlit register); every service reads it.

CREATE TABLE town (
    code text PRIMARY KEY,
    name_zh text NOT NULL,
    name_en text NOT NULL
);

CREATE TABLE organisation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('bureau', 'maintenance', 'rescue_station', 'city_rescue', 'property',
                                       'caterer', 'inspection_body', 'association')),
    name_zh text NOT NULL,
    name_en text NOT NULL,
    town_code text REFERENCES town,
    lat double precision CHECK (lat BETWEEN -90 AND 90),
    lon double precision CHECK (lon BETWEEN -180 AND 180),
    phone text NOT NULL DEFAULT '',
    credit_class text CHECK (credit_class IN ('A', 'B', 'C', 'D')),
    active boolean NOT NULL DEFAULT true
);

CREATE TABLE place (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE,
    kind text NOT NULL DEFAULT 'other',
    name_zh text NOT NULL,
    name_en text NOT NULL,
    address_zh text NOT NULL DEFAULT '',
    address_en text NOT NULL DEFAULT '',
    town_code text NOT NULL REFERENCES town,
    grid_code text NOT NULL DEFAULT '',
    lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
    property_org_id bigint REFERENCES organisation,
    remote boolean NOT NULL DEFAULT false
);
CREATE INDEX place_town ON place (town_code);

CREATE TABLE person (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login text NOT NULL UNIQUE,
    name text NOT NULL,
    language text NOT NULL DEFAULT 'zh' CHECK (language IN ('zh', 'en')),
    organisation_id bigint REFERENCES organisation,
    password_hash text,
    active boolean NOT NULL DEFAULT true
);

-- A role holds for everything unless a town or an organisation narrows it.
CREATE TABLE person_role (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id bigint NOT NULL REFERENCES person ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('admin', 'operator', 'owner', 'regulator', 'crew')),
    town_code text REFERENCES town,
    organisation_id bigint REFERENCES organisation,
    UNIQUE NULLS NOT DISTINCT (person_id, role, town_code, organisation_id)
);

-- How an organisation (its duty desk) or one person is reached; lower priority is tried first.
CREATE TABLE contact_method (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id bigint REFERENCES organisation,
    person_id bigint REFERENCES person,
    channel text NOT NULL CHECK (channel IN ('webhook', 'email', 'apprise')),
    address text NOT NULL,
    language text NOT NULL DEFAULT 'zh' CHECK (language IN ('zh', 'en')),
    priority integer NOT NULL DEFAULT 1,
    verified_at timestamptz,
    active boolean NOT NULL DEFAULT true,
    CHECK (num_nonnulls(organisation_id, person_id) = 1)
);

CREATE TABLE duty_shift (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisation,
    person_id bigint NOT NULL REFERENCES person,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at)
);

CREATE TABLE lift (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[0-9]{5,7}$'),
    place_id bigint NOT NULL REFERENCES place,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    kind text NOT NULL DEFAULT 'passenger' CHECK (kind IN ('passenger', 'goods', 'escalator', 'dumbwaiter')),
    maintenance_org_id bigint REFERENCES organisation,
    floors integer NOT NULL DEFAULT 2 CHECK (floors >= 2),
    rated_speed double precision,
    rated_load double precision,
    next_inspection date,
    machine_room_note text NOT NULL DEFAULT '',
    in_use boolean NOT NULL DEFAULT true
);
CREATE INDEX lift_place ON lift (place_id);

CREATE TABLE kitchen (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE,
    place_id bigint NOT NULL REFERENCES place,
    owner_org_id bigint NOT NULL REFERENCES organisation,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    kind text NOT NULL DEFAULT 'small_restaurant',
    licence text NOT NULL DEFAULT '',
    in_use boolean NOT NULL DEFAULT true
);
CREATE INDEX kitchen_owner ON kitchen (owner_org_id);

-- A device speaks on sunlit/v1/{shard}/{site}/{code}/...; an agent carries the devices of its site.
CREATE TABLE device (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
    kind text NOT NULL CHECK (kind IN ('agent', 'lift', 'camera', 'kitchen_sensor')),
    site text NOT NULL CHECK (site ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
    lift_id bigint REFERENCES lift,
    kitchen_id bigint REFERENCES kitchen,
    name_zh text NOT NULL DEFAULT '',
    name_en text NOT NULL DEFAULT '',
    zone text NOT NULL DEFAULT '',
    zone_kind text NOT NULL DEFAULT '',
    upload_token_sha256 text,
    commissioned_at timestamptz,
    retired_at timestamptz
);
CREATE INDEX device_lift ON device (lift_id);
CREATE INDEX device_kitchen ON device (kitchen_id);
