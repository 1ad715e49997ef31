-- What the edge said. Written by ingest alone.

CREATE TABLE lift_sample (
    time timestamptz NOT NULL,
    device_id integer NOT NULL,
    boot uuid NOT NULL,
    seq bigint NOT NULL,
    n smallint NOT NULL,
    received timestamptz NOT NULL,
    mode smallint,
    car smallint,
    direction smallint,
    floor text,
    door_zone boolean,
    door_closed boolean,
    passenger boolean,
    power smallint,
    alarm_button boolean,
    speed real,
    position real,
    load real,
    acceleration real,
    codes text[],
    PRIMARY KEY (device_id, time, boot, seq, n)
);

CREATE TABLE climate_sample (
    time timestamptz NOT NULL,
    device_id integer NOT NULL,
    boot uuid NOT NULL,
    seq bigint NOT NULL,
    n smallint NOT NULL,
    received timestamptz NOT NULL,
    temperature real,
    humidity real,
    door_open boolean,
    uv_lamp boolean,
    PRIMARY KEY (device_id, time, boot, seq, n)
);

CREATE TABLE camera_sample (
    time timestamptz NOT NULL,
    device_id integer NOT NULL,
    boot uuid NOT NULL,
    seq bigint NOT NULL,
    n smallint NOT NULL,
    received timestamptz NOT NULL,
    state text NOT NULL,
    frames bigint NOT NULL,
    looks bigint NOT NULL,
    detections bigint NOT NULL,
    people integer NOT NULL,
    PRIMARY KEY (device_id, time, boot, seq, n)
);

-- One row per revision of an event; few enough to stay a plain table, so that its identity can be unique.
CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    rev integer NOT NULL,
    device_id integer NOT NULL REFERENCES device,
    boot uuid NOT NULL,
    seq bigint NOT NULL,
    phase text NOT NULL CHECK (phase IN ('start', 'update', 'end')),
    rule text NOT NULL,
    at timestamptz NOT NULL,
    observed timestamptz NOT NULL,
    received timestamptz NOT NULL,
    subject text NOT NULL DEFAULT '',
    zone text NOT NULL DEFAULT '',
    confidence real NOT NULL,
    clock_offset_ms bigint,
    body jsonb NOT NULL,
    UNIQUE (event_id, rev)
);
CREATE INDEX event_received ON event (received);
CREATE INDEX event_device ON event (device_id, at);

-- The last retained status of each device; `seen_at` is database time of the last word on any lane.
CREATE TABLE device_status (
    device_id integer PRIMARY KEY REFERENCES device,
    boot uuid,
    online boolean NOT NULL DEFAULT false,
    at timestamptz,
    seen_at timestamptz NOT NULL,
    agent text NOT NULL DEFAULT '',
    spooled bigint NOT NULL DEFAULT 0,
    clock_offset_ms bigint,
    camera_state text NOT NULL DEFAULT '',
    health jsonb NOT NULL DEFAULT '{}'
);

-- Loss accounting: per device, boot and lane (published = stored + rejected + lost + not yet received).
CREATE TABLE stream (
    device_id integer NOT NULL REFERENCES device,
    boot uuid NOT NULL,
    lane text NOT NULL CHECK (lane IN ('telemetry', 'event')),
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    next_seq bigint NOT NULL DEFAULT 0,
    stored bigint NOT NULL DEFAULT 0,
    duplicates bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    published bigint NOT NULL DEFAULT 0,
    lost bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (device_id, boot, lane)
);

-- Sequence numbers [from_seq, to_seq) that never came; `missing` shrinks as late messages fill it.
CREATE TABLE gap (
    device_id integer NOT NULL,
    boot uuid NOT NULL,
    lane text NOT NULL,
    from_seq bigint NOT NULL,
    to_seq bigint NOT NULL CHECK (to_seq > from_seq),
    opened_at timestamptz NOT NULL,
    missing bigint NOT NULL,
    filled_at timestamptz,
    PRIMARY KEY (device_id, boot, lane, from_seq)
);

-- Which messages are stored: the identity of a message, so that a redelivery is told from a new one.
CREATE TABLE message_seen (
    device_id integer NOT NULL,
    boot uuid NOT NULL,
    lane text NOT NULL,
    seq bigint NOT NULL,
    received timestamptz NOT NULL,
    PRIMARY KEY (device_id, boot, lane, seq)
);
CREATE INDEX message_seen_received ON message_seen (received);

-- Bytes that could not be stored, kept whole with the reason.
CREATE TABLE reject (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received timestamptz NOT NULL,
    topic text NOT NULL,
    payload bytea NOT NULL,
    reason text NOT NULL,
    device_code text,
    lane text,
    boot uuid,
    seq bigint,
    digest bytea NOT NULL,
    times integer NOT NULL DEFAULT 1,
    replayed_at timestamptz,
    UNIQUE (topic, digest)
);

CREATE TABLE ingest_beat (
    instance text PRIMARY KEY,
    at timestamptz NOT NULL,
    info jsonb NOT NULL DEFAULT '{}'
);
