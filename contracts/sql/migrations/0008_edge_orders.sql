-- What the centre asks of edges, what they answered, and who looked at whose video.

-- The api writes what is asked, alerting carries it to the broker, ingest writes what the edge answered.
CREATE TABLE edge_order (
    id uuid PRIMARY KEY,
    device_id integer NOT NULL REFERENCES device,
    kind text NOT NULL,
    args jsonb NOT NULL DEFAULT '{}',
    actor text NOT NULL,
    reason text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX edge_order_expires ON edge_order (expires_at);
CREATE TRIGGER edge_order_hint AFTER INSERT ON edge_order FOR EACH STATEMENT EXECUTE FUNCTION hint();

-- How often an order was handed to the broker; asked again until the edge answers, which it does once.
CREATE TABLE edge_order_sent (
    order_id uuid PRIMARY KEY REFERENCES edge_order,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    times integer NOT NULL DEFAULT 1
);

CREATE TABLE edge_reply (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id uuid NOT NULL,
    device_id integer NOT NULL REFERENCES device,
    at timestamptz NOT NULL,
    received timestamptz NOT NULL,
    ok boolean NOT NULL,
    final boolean NOT NULL,
    reason text NOT NULL DEFAULT '',
    UNIQUE (order_id, at)
);
CREATE INDEX edge_reply_order ON edge_reply (order_id);
CREATE TRIGGER edge_reply_hint AFTER INSERT ON edge_reply FOR EACH STATEMENT EXECUTE FUNCTION hint();

-- One person's leave to look through one camera for a while. Written by the api alone.
CREATE TABLE live_lease (
    id uuid PRIMARY KEY,
    device_id integer NOT NULL REFERENCES device,
    person_id bigint NOT NULL REFERENCES person,
    role text NOT NULL CHECK (role IN ('owner', 'regulator', 'operator')),
    mode text NOT NULL CHECK (mode IN ('live', 'playback', 'clip')),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
    starts_at timestamptz,
    ends_at timestamptz,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    until timestamptz NOT NULL,
    asked_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_why text NOT NULL DEFAULT '',
    CHECK ((mode <> 'live') = (starts_at IS NOT NULL AND ends_at IS NOT NULL))
);
CREATE INDEX live_lease_open ON live_lease (until) WHERE closed_at IS NULL;

-- Why the newest still of a camera was not made; said instead of the picture.
CREATE TABLE still_withheld (
    device_id integer PRIMARY KEY REFERENCES device,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL
);

-- A picture older than a reason that it was withheld for is not shown: it says nothing about now.
CREATE OR REPLACE VIEW public_still AS
SELECT d.code AS camera, k.code AS kitchen, d.name_zh, d.name_en, s.taken_at, s.sha256, s.picture
FROM still s JOIN device d ON d.id = s.device_id JOIN kitchen k ON k.id = d.kitchen_id
WHERE d.retired_at IS NULL AND k.in_use
  AND NOT EXISTS (SELECT FROM still_withheld w WHERE w.device_id = s.device_id AND w.at > s.taken_at);

CREATE VIEW public_withheld AS
SELECT d.code AS camera, k.code AS kitchen, d.name_zh, d.name_en, w.at, w.reason
FROM still_withheld w JOIN device d ON d.id = w.device_id JOIN kitchen k ON k.id = d.kitchen_id
WHERE d.retired_at IS NULL AND k.in_use
  AND NOT EXISTS (SELECT FROM still s WHERE s.device_id = w.device_id AND s.taken_at >= w.at);
