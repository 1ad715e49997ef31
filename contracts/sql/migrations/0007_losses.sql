-- Sequence numbers [from_seq, to_seq) that a device says it gave up; `arrived` of them came all the same.
CREATE TABLE loss (
    device_id integer NOT NULL REFERENCES device,
    boot uuid NOT NULL,
    lane text NOT NULL CHECK (lane IN ('telemetry', 'event')),
    from_seq bigint NOT NULL,
    to_seq bigint NOT NULL CHECK (to_seq > from_seq),
    arrived bigint NOT NULL,
    reported_at timestamptz NOT NULL,
    PRIMARY KEY (device_id, boot, lane, from_seq)
);

-- What to add to a device's time to have the centre's, as the device measured it when it sent the file.
ALTER TABLE evidence ADD COLUMN clock_offset_ms bigint;
