-- Who can come, and how soon: rosters and their holes, travel times by road, and which lifts are out of reach.

-- An organisation with a row here promises that somebody is on duty round the clock. Register data, like all duty_ tables.
CREATE TABLE roster (
    organisation_id bigint PRIMARY KEY REFERENCES organisation,
    timezone text NOT NULL,
    source text NOT NULL,
    imported_at timestamptz NOT NULL
);
COMMENT ON COLUMN roster.timezone IS 'the clock by which its weekly lines are read';

CREATE TABLE duty_pattern (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisation,
    person_id bigint NOT NULL REFERENCES person,
    day text NOT NULL CHECK (day IN ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun', 'holiday')),
    starts time NOT NULL,
    ends time NOT NULL,
    UNIQUE (organisation_id, person_id, day, starts)
);
COMMENT ON COLUMN duty_pattern.ends IS 'not after starts: on the next day';

-- Days that are not what their weekday says.
CREATE TABLE duty_day (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    day date NOT NULL,
    organisation_id bigint REFERENCES organisation,
    works_as text NOT NULL CHECK (works_as IN ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun', 'holiday')),
    name_zh text NOT NULL,
    name_en text NOT NULL,
    UNIQUE NULLS NOT DISTINCT (day, organisation_id)
);
COMMENT ON COLUMN duty_day.organisation_id IS 'NULL: all of them; its own line goes before that';

CREATE TABLE duty_substitute (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisation,
    person_id bigint NOT NULL REFERENCES person,
    substitute_id bigint REFERENCES person,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    reason text NOT NULL CHECK (reason <> '')
);
COMMENT ON COLUMN duty_substitute.substitute_id IS 'who comes instead; NULL: nobody; the same person: after all they do';
CREATE INDEX duty_shift_organisation ON duty_shift (organisation_id, ends_at);
CREATE INDEX duty_substitute_organisation ON duty_substitute (organisation_id, ends_at);

-- Hours of a roster in which nobody is on duty, found before they begin.
CREATE TABLE roster_hole (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisation,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    found_at timestamptz NOT NULL,
    told_at timestamptz,
    filled_at timestamptz,
    CHECK (ends_at > starts_at)
);
COMMENT ON COLUMN roster_hole.filled_at IS 'when somebody was found to be on duty then after all';
CREATE INDEX roster_hole_open ON roster_hole (organisation_id, ends_at) WHERE filled_at IS NULL;
-- The look of a day: whoever inserts it tells people.
CREATE TABLE roster_look (
    day date PRIMARY KEY,
    at timestamptz NOT NULL,
    rosters integer NOT NULL,
    holes integer NOT NULL
);

-- What a routing server said of a way, without traffic. Keyed by its ends: who moves has no row until it is asked again.
CREATE TABLE travel_time (
    to_lat double precision NOT NULL,
    to_lon double precision NOT NULL,
    from_lat double precision NOT NULL,
    from_lon double precision NOT NULL,
    seconds double precision CHECK (seconds >= 0),
    metres double precision CHECK (metres >= 0),
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (to_lat, to_lon, from_lat, from_lon)
);
COMMENT ON COLUMN travel_time.seconds IS 'NULL: it knows no way';
CREATE INDEX dispatch_offered ON dispatch (organisation_id) WHERE state = 'offered';

-- Places that nobody of a tier's kind reaches within the policy's limit; a row stays while that is so.
CREATE TABLE coverage_gap (
    tier integer NOT NULL,
    place_id bigint NOT NULL REFERENCES place,
    lifts integer NOT NULL,
    limit_s double precision NOT NULL,
    nearest_id bigint REFERENCES organisation,
    travel_s double precision,
    since timestamptz NOT NULL,
    PRIMARY KEY (tier, place_id)
);
CREATE TABLE coverage_look (
    tier integer PRIMARY KEY,
    at timestamptz NOT NULL,
    kinds text[] NOT NULL,
    limit_s double precision NOT NULL,
    remote_limit_s double precision NOT NULL,
    speed_kmh double precision NOT NULL,
    lifts integer NOT NULL,
    stations integer NOT NULL
);

-- Whom the desk may have to tell something and cannot, or cannot be sure to.
CREATE VIEW hard_to_reach AS
WITH needed AS (
    SELECT o.id, o.code, o.kind, o.name_zh, o.name_en, o.town_code FROM organisation o
    WHERE o.active AND CASE o.kind
        WHEN 'maintenance' THEN EXISTS (SELECT FROM lift l WHERE l.maintenance_org_id = o.id AND l.in_use)
        WHEN 'property' THEN EXISTS (
            SELECT FROM place p JOIN lift l ON l.place_id = p.id AND l.in_use WHERE p.property_org_id = o.id)
        WHEN 'caterer' THEN EXISTS (SELECT FROM kitchen k WHERE k.owner_org_id = o.id AND k.in_use)
        ELSE o.kind IN ('bureau', 'rescue_station', 'city_rescue', 'ambulance', 'grid_office') END
), own AS (
    SELECT organisation_id, count(verified_at) AS verified FROM contact_method
    WHERE active AND organisation_id IS NOT NULL GROUP BY 1
), people AS (
    SELECT DISTINCT p.organisation_id FROM person p JOIN contact_method m ON m.person_id = p.id AND m.active
    WHERE p.active
)
SELECT n.*, CASE WHEN own.verified = 0 THEN 'unverified'
                 WHEN people.organisation_id IS NOT NULL THEN 'people_only' ELSE 'none' END AS fault
FROM needed n LEFT JOIN own ON own.organisation_id = n.id LEFT JOIN people ON people.organisation_id = n.id
WHERE own.organisation_id IS NULL OR own.verified = 0;
