-- A camera sends one stream, however many people look: their leases count the viewers, the last one out ends it.

-- Written by the api alone; a row is there as long as somebody looks.
CREATE TABLE live_stream (
    id uuid PRIMARY KEY,
    device_id integer NOT NULL UNIQUE REFERENCES device,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    until timestamptz NOT NULL,
    asked_at timestamptz NOT NULL
);
COMMENT ON COLUMN live_stream.id IS 'what the edge is told as the lease of its video';

-- The stream is gone when its viewers are; the lease remembers which one it was.
ALTER TABLE live_lease ADD COLUMN stream_id uuid;
CREATE INDEX live_lease_stream ON live_lease (stream_id) WHERE stream_id IS NOT NULL;
