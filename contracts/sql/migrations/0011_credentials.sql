-- The agent through which a device speaks; NULL: whoever connects for its site. And what a device connects with: a
-- certificate, of which the register keeps no more than is needed to let it in and to shut it out. Written by the owner
-- role (sunlit device); its private key is nobody's but the device's.

ALTER TABLE device ADD COLUMN agent_id integer REFERENCES device CHECK (agent_id <> id);
CREATE INDEX device_agent ON device (agent_id);

CREATE TABLE credential (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id integer NOT NULL REFERENCES device,
    serial text NOT NULL UNIQUE CHECK (serial ~ '^[0-9a-f]{40}$'),
    fingerprint text NOT NULL UNIQUE CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
    not_before timestamptz NOT NULL,
    not_after timestamptz NOT NULL CHECK (not_after > not_before),
    issued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz,
    revoked_at timestamptz,
    revoked_why text NOT NULL DEFAULT '',
    CHECK ((revoked_at IS NULL) = (revoked_why = ''))
);
CREATE INDEX credential_device ON credential (device_id);
COMMENT ON COLUMN credential.ends_at IS 'a newer one has taken its place, and after this it serves no longer';
