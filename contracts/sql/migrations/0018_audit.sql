-- The auditor, who watches those that watch, and drills.

-- Written by the auditor alone: its signs of life, and what it has found wrong.
CREATE TABLE auditor_beat (
    instance text PRIMARY KEY,
    at timestamptz NOT NULL,
    info jsonb NOT NULL DEFAULT '{}'
);

-- One row for each trouble while it lasts. `times`: how often it came back within the hour, this time included.
CREATE TABLE alarm (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    auditor text NOT NULL,
    name text NOT NULL,
    subject text NOT NULL DEFAULT '',
    grave boolean NOT NULL,
    since timestamptz NOT NULL,
    opened_at timestamptz NOT NULL,
    weight integer NOT NULL,
    times integer NOT NULL DEFAULT 1 CHECK (times >= 1),
    details jsonb NOT NULL,
    words_zh text NOT NULL,
    words_en text NOT NULL,
    last_said timestamptz,
    said_weight integer NOT NULL DEFAULT 0,
    said_grave boolean NOT NULL DEFAULT false,
    ended_at timestamptz
);
CREATE UNIQUE INDEX alarm_one_open ON alarm (auditor, name, subject) WHERE ended_at IS NULL;
CREATE INDEX alarm_ended ON alarm (ended_at);

CREATE OR REPLACE VIEW service_health AS
SELECT 'ingest' AS service, instance, at, info FROM ingest_beat
UNION ALL SELECT 'alerting', instance, at, info FROM alerting_beat
UNION ALL SELECT 'api', instance, at, info FROM api_beat
UNION ALL SELECT 'auditor', instance, at, info FROM auditor_beat;

-- What the auditor asks every few seconds.
CREATE INDEX event_alarm_path ON event (device_id, at) WHERE rule = 'alarm_path_untested';
CREATE INDEX edge_order_device ON edge_order (device_id, created_at);

-- An exercise: `id` is the event that the edge is asked to publish. Only what stands here is a drill: an event that calls
-- itself one and was not asked for is an alarm like any other.
CREATE TABLE drill (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
    lift_id bigint NOT NULL REFERENCES lift,
    device_id integer NOT NULL REFERENCES device,
    receivers text NOT NULL CHECK (receivers IN ('marked', 'all')),
    actor text NOT NULL,
    reason text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    until timestamptz NOT NULL,
    ended_at timestamptz,
    passed boolean,
    stages jsonb NOT NULL DEFAULT '[]',
    CHECK ((ended_at IS NULL) = (passed IS NULL))
);
CREATE INDEX drill_lift ON drill (lift_id, started_at);

-- What a way of being reached is for; one for drills alone never gets a real page.
ALTER TABLE contact_method ADD COLUMN purpose text NOT NULL DEFAULT 'rescue'
    CHECK (purpose IN ('rescue', 'both', 'drill'));
-- As before, but a way for drills alone is none.
CREATE OR REPLACE VIEW hard_to_reach AS
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
    WHERE active AND purpose <> 'drill' AND organisation_id IS NOT NULL GROUP BY 1
), people AS (
    SELECT DISTINCT p.organisation_id FROM person p JOIN contact_method m ON m.person_id = p.id AND m.active
        AND m.purpose <> 'drill'
    WHERE p.active
)
SELECT n.*, CASE WHEN own.verified = 0 THEN 'unverified'
                 WHEN people.organisation_id IS NOT NULL THEN 'people_only' ELSE 'none' END AS fault
FROM needed n LEFT JOIN own ON own.organisation_id = n.id LEFT JOIN people ON people.organisation_id = n.id
WHERE own.organisation_id IS NULL OR own.verified = 0;
