-- The operators' board: what one shift hands to the next, and indexes for three years of incidents. Written by the api.

CREATE TABLE hand_over (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    from_person_id bigint NOT NULL REFERENCES person,
    from_name text NOT NULL,
    to_person_id bigint REFERENCES person,
    to_name text NOT NULL DEFAULT '',
    towns text[],
    note text NOT NULL CHECK (length(note) <= 4000),
    open jsonb NOT NULL,
    confirmed_at timestamptz CHECK (confirmed_at >= at),
    confirmed_person_id bigint REFERENCES person,
    confirmed_name text NOT NULL DEFAULT '',
    CHECK ((confirmed_at IS NULL) = (confirmed_person_id IS NULL)),
    CHECK (confirmed_person_id <> from_person_id)
);
COMMENT ON COLUMN hand_over.towns IS 'the towns that the writer answers for; NULL: the whole city';
COMMENT ON COLUMN hand_over.open IS 'what was open when it was written, as it was then';
COMMENT ON COLUMN hand_over.to_person_id IS 'NULL: whoever comes next';
CREATE INDEX hand_over_unread ON hand_over (at) WHERE confirmed_at IS NULL;

CREATE INDEX incident_open ON incident (alarm_at) WHERE closed_at IS NULL;
CREATE INDEX incident_closed ON incident (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX stranger_event ON stranger (last_event) WHERE last_event IS NOT NULL;
-- Places and lifts are looked up by a part of their name.
CREATE INDEX lift_code_prefix ON lift (code text_pattern_ops);
CREATE INDEX rescue_order_incident ON rescue_order (incident_id);
