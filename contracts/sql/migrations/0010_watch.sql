-- Who is not heard, and who is heard without being known. Written by ingest alone.

-- The shard of a site as contracts.topics.shard_of has it: CRC-32, modulo 64. A worker judges its own shards only.
CREATE FUNCTION shard_of(site text) RETURNS smallint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE crc bigint := 4294967295;
BEGIN
    FOR place IN 1 .. length(site) LOOP
        crc := crc # ascii(substr(site, place, 1));
        FOR bit IN 1 .. 8 LOOP
            crc := CASE WHEN crc & 1 = 1 THEN (crc >> 1) # 3988292384 ELSE crc >> 1 END;
        END LOOP;
    END LOOP;
    RETURN (crc # 4294967295) % 64;
END $$;
ALTER TABLE device ADD COLUMN shard smallint GENERATED ALWAYS AS (shard_of(site)) STORED;
CREATE INDEX device_site ON device (site, kind);

-- Which agents speak for a device.
CREATE VIEW agent_of AS
SELECT d.id AS device_id, a.id AS agent_id FROM device d JOIN device a ON a.site = d.site
WHERE d.kind <> 'agent' AND a.kind = 'agent' AND a.retired_at IS NULL;

-- One row per silence, open until the device speaks again. `since` is its last word, or when it was commissioned.
CREATE TABLE silence (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id integer NOT NULL REFERENCES device,
    cause text NOT NULL CHECK (cause IN ('offline', 'silent', 'never')),
    since timestamptz NOT NULL,
    noticed_at timestamptz NOT NULL,
    ended_at timestamptz CHECK (ended_at >= noticed_at)
);
CREATE UNIQUE INDEX silence_one_open ON silence (device_id) WHERE ended_at IS NULL;
CREATE INDEX silence_ended ON silence (ended_at);

-- Everybody who is not heard now: those with a silence of their own, and those whom a silent agent took along.
CREATE VIEW silent_device AS
SELECT device_id, id AS silence_id, cause, since, noticed_at, NULL::integer AS agent_id FROM silence
WHERE ended_at IS NULL
UNION ALL
SELECT b.device_id, a.id, 'behind', least(a.since, s.seen_at), a.noticed_at, a.device_id
FROM silence a JOIN agent_of b ON b.agent_id = a.device_id JOIN device d ON d.id = b.device_id
LEFT JOIN device_status s ON s.device_id = b.device_id
WHERE a.ended_at IS NULL AND d.retired_at IS NULL AND (s.seen_at IS NULL OR s.seen_at <= a.noticed_at)
  AND NOT EXISTS (SELECT FROM silence own WHERE own.device_id = b.device_id AND own.ended_at IS NULL);

-- Devices that speak and are not in the register, or no longer: what they said is in `reject`, up to a bound.
CREATE TABLE stranger (
    site text NOT NULL,
    code text NOT NULL,
    reason text NOT NULL CHECK (reason IN ('unknown', 'retired', 'elsewhere')),
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    messages bigint NOT NULL,
    events bigint NOT NULL,
    last_event timestamptz,
    kept bigint NOT NULL,
    forgotten bigint NOT NULL DEFAULT 0,
    lanes text[] NOT NULL,
    PRIMARY KEY (site, code)
);
-- The numbers of what was forgotten of them, so that they are accounted for when the device is adopted.
CREATE TABLE stranger_forgotten (
    site text NOT NULL,
    code text NOT NULL,
    boot uuid NOT NULL,
    lane text NOT NULL CHECK (lane IN ('telemetry', 'event')),
    numbers int8multirange NOT NULL,
    PRIMARY KEY (site, code, boot, lane)
);

-- Whether the stream of its device counts it as rejected: then a replay moves it to the stored.
ALTER TABLE reject ADD COLUMN counted boolean NOT NULL DEFAULT false;
UPDATE reject SET counted = true WHERE seq IS NOT NULL AND reason NOT LIKE 'device: %' AND reason NOT LIKE 'site: %';
CREATE INDEX gap_open ON gap (opened_at) WHERE missing > 0;
CREATE INDEX gap_filled ON gap (filled_at) WHERE filled_at IS NOT NULL;
CREATE INDEX reject_open ON reject (received) WHERE replayed_at IS NULL;
CREATE INDEX reject_identity ON reject (device_code, boot, lane, seq);

-- The centre's own measure of a device's clock: what to add to its time, too large by the way of the message at most.
ALTER TABLE device_status ADD COLUMN heard_offset_ms bigint, ADD COLUMN heard_offset_at timestamptz;
