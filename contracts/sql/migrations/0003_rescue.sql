-- The rescue desk. Written by alerting alone, except `command`, which is how the api asks.

CREATE TABLE policy (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('lift', 'kitchen')),
    version integer NOT NULL,
    body jsonb NOT NULL,
    sha256 text NOT NULL,
    activated_at timestamptz NOT NULL,
    author text NOT NULL,
    UNIQUE (kind, version)
);

-- Which event revisions alerting has dealt with, and what it made of them.
CREATE TABLE event_handled (
    event_row bigint PRIMARY KEY REFERENCES event,
    at timestamptz NOT NULL,
    outcome text NOT NULL
);

CREATE TABLE incident (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE,
    lift_id bigint NOT NULL REFERENCES lift,
    event_id uuid,
    rule text NOT NULL,
    source text NOT NULL DEFAULT 'sensor' CHECK (source IN ('sensor', 'phone', 'operator', 'drill')),
    state text NOT NULL CHECK (state IN ('received', 'verifying', 'dispatched', 'accepted', 'en_route', 'arrived',
                                         'released', 'followed_up', 'closed', 'false_alarm', 'self_released',
                                         'fault_not_trapped', 'merged')),
    tier integer NOT NULL DEFAULT 0 CHECK (tier BETWEEN 0 AND 3),
    version integer NOT NULL DEFAULT 0,
    policy_id bigint NOT NULL REFERENCES policy,
    people_inside integer,
    injuries boolean NOT NULL DEFAULT false,
    floor_text text NOT NULL DEFAULT '',
    details jsonb NOT NULL DEFAULT '{}',
    repeats integer NOT NULL DEFAULT 0,
    alarm_at timestamptz NOT NULL,
    opened_at timestamptz NOT NULL,
    called_at timestamptz,
    dispatched_at timestamptz,
    accepted_at timestamptz,
    arrived_at timestamptz,
    released_at timestamptz,
    sensors_clear_at timestamptz,
    closed_at timestamptz,
    cause text,
    sub_cause text,
    rescue_method text,
    due_at timestamptz,
    due_reason text NOT NULL DEFAULT '',
    merged_into bigint REFERENCES incident,
    CHECK (released_at IS NULL OR released_at >= alarm_at),
    CHECK ((closed_at IS NULL) = (state NOT IN ('closed', 'false_alarm', 'self_released', 'fault_not_trapped', 'merged')))
);
CREATE UNIQUE INDEX incident_one_open ON incident (lift_id) WHERE closed_at IS NULL;
CREATE INDEX incident_due ON incident (due_at) WHERE closed_at IS NULL;
CREATE INDEX incident_opened ON incident (opened_at);

-- The timeline: append-only (a trigger refuses anything else).
CREATE TABLE incident_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint NOT NULL REFERENCES incident,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    reason text NOT NULL,
    tier integer,
    policy_version integer NOT NULL,
    details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX incident_entry_incident ON incident_entry (incident_id, id);

CREATE TABLE dispatch (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint NOT NULL REFERENCES incident,
    tier integer NOT NULL CHECK (tier BETWEEN 1 AND 3),
    organisation_id bigint NOT NULL REFERENCES organisation,
    state text NOT NULL CHECK (state IN ('offered', 'accepted', 'en_route', 'arrived', 'released', 'declined',
                                         'stood_down')),
    offered_at timestamptz NOT NULL,
    accept_due timestamptz,
    accepted_at timestamptz,
    en_route_at timestamptz,
    eta_at timestamptz,
    arrive_due timestamptz,
    arrived_at timestamptz,
    arrival_proof text,
    released_at timestamptz,
    ended_at timestamptz,
    decline_reason text,
    distance_m double precision,
    link_sha256 text NOT NULL UNIQUE,
    link_expires timestamptz NOT NULL,
    UNIQUE (incident_id, tier, organisation_id)
);

-- One row per address, channel and stage. A row is leased, attempted, and its outcome written.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dedupe text NOT NULL UNIQUE,
    incident_id bigint REFERENCES incident,
    finding_id bigint,
    dispatch_id bigint REFERENCES dispatch,
    contact_method_id bigint REFERENCES contact_method,
    channel text NOT NULL,
    address text NOT NULL,
    stage text NOT NULL,
    language text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'leased', 'sent', 'failed')),
    created_at timestamptz NOT NULL,
    next_at timestamptz NOT NULL,
    give_up_at timestamptz NOT NULL,
    lease_until timestamptz,
    worker text,
    attempts integer NOT NULL DEFAULT 0,
    sent_at timestamptz,
    receipt text
);
CREATE INDEX outbox_next ON outbox (next_at) WHERE state IN ('queued', 'leased');
CREATE INDEX outbox_incident ON outbox (incident_id);

-- Every attempt has an outcome.
CREATE TABLE outbox_attempt (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    outbox_id bigint NOT NULL REFERENCES outbox,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    outcome text CHECK (outcome IN ('sent', 'refused', 'unsure')),
    detail text NOT NULL DEFAULT ''
);

-- What people asked for: written by the api, carried out by alerting. `client_at` is the true time of a tap made offline.
CREATE TABLE command (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    actor_person_id bigint REFERENCES person,
    actor text NOT NULL,
    incident_id bigint REFERENCES incident,
    dispatch_id bigint REFERENCES dispatch,
    finding_id bigint,
    lift_id bigint REFERENCES lift,
    reason text NOT NULL DEFAULT '',
    args jsonb NOT NULL DEFAULT '{}',
    client_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX command_created ON command (created_at);

CREATE TABLE command_result (
    command_id uuid PRIMARY KEY REFERENCES command,
    at timestamptz NOT NULL,
    ok boolean NOT NULL,
    reason text NOT NULL
);

CREATE TABLE alerting_beat (
    instance text PRIMARY KEY,
    at timestamptz NOT NULL,
    info jsonb NOT NULL DEFAULT '{}'
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER incident_entry_append_only BEFORE UPDATE OR DELETE ON incident_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A hint for whoever waits; the query over rows stays the truth.
CREATE FUNCTION hint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('sunlit', TG_TABLE_NAME);
    RETURN NULL;
END $$;
CREATE TRIGGER event_hint AFTER INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION hint();
CREATE TRIGGER command_hint AFTER INSERT ON command FOR EACH STATEMENT EXECUTE FUNCTION hint();
CREATE TRIGGER incident_hint AFTER INSERT OR UPDATE ON incident FOR EACH STATEMENT EXECUTE FUNCTION hint();
CREATE TRIGGER outbox_hint AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION hint();
