-- The rescue desk in full: hazards, mass incidents, hand-over, re-opening, campaigns, words for the car.

ALTER TABLE organisation DROP CONSTRAINT organisation_kind_check;
ALTER TABLE organisation ADD CONSTRAINT organisation_kind_check CHECK (kind IN (
    'bureau', 'maintenance', 'rescue_station', 'city_rescue', 'ambulance', 'property', 'caterer', 'grid_office',
    'inspection_body', 'association'));
ALTER TABLE organisation ADD COLUMN grid_code text NOT NULL DEFAULT '';
ALTER TABLE organisation ADD COLUMN crews integer NOT NULL DEFAULT 1 CHECK (crews >= 1);
COMMENT ON COLUMN organisation.crews IS 'how many rescues it can carry out at once; with as many under way it is busy';

-- Stricter policy for some places and a while: a holiday, an examination, a big event. Register data.
CREATE TABLE campaign (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
    name_zh text NOT NULL,
    name_en text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    town_code text REFERENCES town,
    place_kind text,
    CHECK (ends_at > starts_at)
);
COMMENT ON COLUMN campaign.town_code IS 'NULL: every town; with place_kind NULL too: all places of campaign_place, or of the city';
CREATE TABLE campaign_place (
    campaign_id bigint NOT NULL REFERENCES campaign ON DELETE CASCADE,
    place_id bigint NOT NULL REFERENCES place,
    PRIMARY KEY (campaign_id, place_id)
);

ALTER TABLE policy DROP CONSTRAINT policy_kind_check;
ALTER TABLE policy ADD CONSTRAINT policy_kind_check CHECK (kind IN ('lift', 'kitchen', 'fault'));

-- Several lifts of a place or a grid within minutes: one mass incident over the incidents of its lifts.
CREATE TABLE mass_incident (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE,
    cause text NOT NULL CHECK (cause IN ('power', 'cluster')),
    place_id bigint REFERENCES place,
    grid_code text NOT NULL DEFAULT '',
    drill boolean NOT NULL DEFAULT false,
    opened_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    lifts integer NOT NULL DEFAULT 0,
    closed_at timestamptz,
    CHECK ((place_id IS NULL) <> (grid_code = ''))
);
CREATE INDEX mass_incident_open ON mass_incident (opened_at) WHERE closed_at IS NULL;

ALTER TABLE incident DROP COLUMN injuries;
ALTER TABLE incident
    ADD COLUMN hazards text[] NOT NULL DEFAULT '{}' CHECK (hazards <@ ARRAY['injury', 'fire', 'water', 'child_alone']),
    ADD COLUMN mass_id bigint REFERENCES mass_incident,
    ADD COLUMN follows bigint REFERENCES incident,
    ADD COLUMN reopened integer NOT NULL DEFAULT 0,
    ADD COLUMN campaign text NOT NULL DEFAULT '',
    ADD COLUMN last_alarm_at timestamptz,
    ADD COLUMN confirmed_at timestamptz,
    ADD COLUMN comfort_at timestamptz,
    ADD COLUMN followed_up_at timestamptz,
    ADD COLUMN reminded_at timestamptz,
    ADD COLUMN follow_reminded_at timestamptz,
    ADD COLUMN people_released integer CHECK (people_released >= 0),
    ADD COLUMN emergency_at timestamptz;
COMMENT ON COLUMN incident.follows IS 'the incident of the same lift after whose release this one began';
COMMENT ON COLUMN incident.comfort_at IS 'when somebody last spoke to the people inside';
COMMENT ON COLUMN incident.emergency_at IS 'when 119 or 120 was called';

-- Whoever is out is out: who is trapped in the same lift after a release is a new incident, not a repeat.
DROP INDEX incident_one_open;
CREATE UNIQUE INDEX incident_one_open ON incident (lift_id) WHERE closed_at IS NULL AND released_at IS NULL;
-- The call a day later is due after an incident was closed, too.
DROP INDEX incident_due;
CREATE INDEX incident_due ON incident (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX incident_lift ON incident (lift_id, opened_at);
CREATE INDEX incident_mass ON incident (mass_id) WHERE mass_id IS NOT NULL;

ALTER TABLE dispatch
    ADD COLUMN delivered_at timestamptz,
    ADD COLUMN replaces bigint REFERENCES dispatch,
    ADD COLUMN travel_s double precision;
COMMENT ON COLUMN dispatch.replaces IS 'takes over from that crew, which stands down when this one has accepted';
COMMENT ON COLUMN dispatch.travel_s IS 'estimated when it was asked';
CREATE INDEX dispatch_busy ON dispatch (organisation_id) WHERE state IN ('accepted', 'en_route', 'arrived');

-- What the desk itself asks of a lift's edge (words for the people in the car). What people ask for is in `edge_order`.
CREATE TABLE rescue_order (
    id uuid PRIMARY KEY,
    incident_id bigint NOT NULL REFERENCES incident,
    device_id integer NOT NULL REFERENCES device,
    kind text NOT NULL,
    args jsonb NOT NULL DEFAULT '{}',
    actor text NOT NULL,
    reason text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX rescue_order_expires ON rescue_order (expires_at);
CREATE TRIGGER rescue_order_hint AFTER INSERT ON rescue_order FOR EACH STATEMENT EXECUTE FUNCTION hint();
ALTER TABLE edge_order_sent DROP CONSTRAINT edge_order_sent_order_id_fkey;
