-- Letters: one row per person, channel and stage; later channels wait for earlier ones; receipts; codes.

ALTER TABLE contact_method ADD COLUMN receipts boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN contact_method.receipts IS 'its gateway says afterwards whether a letter was delivered';

-- The code that was sent through a contact method, to see that it reaches whom it should. Never the code itself.
CREATE TABLE contact_code (
    contact_method_id bigint PRIMARY KEY REFERENCES contact_method ON DELETE CASCADE,
    salt text NOT NULL,
    sha256 text NOT NULL,
    sent_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0
);

ALTER TABLE outbox DROP CONSTRAINT outbox_state_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_state_check CHECK (
    state IN ('waiting', 'queued', 'leased', 'sent', 'spared', 'failed'));
ALTER TABLE outbox
    ADD COLUMN organisation_id bigint REFERENCES organisation,
    ADD COLUMN person_id bigint REFERENCES person,
    ADD COLUMN chain text,
    ADD COLUMN priority integer NOT NULL DEFAULT 1,
    ADD COLUMN weight smallint NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 3),
    ADD COLUMN gateway text NOT NULL DEFAULT '',
    ADD COLUMN shown text NOT NULL DEFAULT '',
    ADD COLUMN receipts boolean NOT NULL DEFAULT false,
    ADD COLUMN released_at timestamptz,
    ADD COLUMN delivered_at timestamptz,
    ADD COLUMN undelivered_at timestamptz,
    ADD CONSTRAINT outbox_waits_in_a_chain CHECK (state <> 'waiting' OR chain IS NOT NULL);
COMMENT ON COLUMN outbox.chain IS 'all letters that tell one person one thing; those of a later priority wait for the earlier';
COMMENT ON COLUMN outbox.weight IS '1: first page, 2: repeat or reminder, 3: can wait; see alerting/rates.py';
COMMENT ON COLUMN outbox.gateway IS 'whose rate limit it counts against; holds no secret';
COMMENT ON COLUMN outbox.shown IS 'the address as pages may show it; the address itself can be a secret';
COMMENT ON COLUMN outbox.next_at IS 'queued: the next try; waiting: when it is looked at again at the latest';
COMMENT ON COLUMN outbox.released_at IS 'since when it is no longer waiting; NULL: it never waited';
-- A sending through a channel may end as delivered long after its outcome was unsure.
ALTER TABLE outbox_attempt
    ADD COLUMN receipt_sha256 text UNIQUE,
    ADD COLUMN delivered_at timestamptz,
    ADD COLUMN undelivered_at timestamptz;
CREATE INDEX outbox_attempt_started ON outbox_attempt (started_at);
CREATE INDEX outbox_attempt_outbox ON outbox_attempt (outbox_id);
DROP INDEX outbox_next;
CREATE INDEX outbox_next ON outbox (weight, next_at) WHERE state IN ('queued', 'leased');
CREATE INDEX outbox_waiting ON outbox (next_at) WHERE state = 'waiting';
CREATE INDEX outbox_chain ON outbox (chain) WHERE chain IS NOT NULL;
CREATE INDEX outbox_dispatch ON outbox (dispatch_id) WHERE dispatch_id IS NOT NULL;

-- What gateways say afterwards; written by the api, carried over by alerting. Whatever comes twice is one row.
CREATE TABLE receipt (
    attempt_id bigint NOT NULL REFERENCES outbox_attempt,
    state text NOT NULL CHECK (state IN ('delivered', 'undelivered')),
    detail text NOT NULL DEFAULT '',
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (attempt_id, state)
);
CREATE INDEX receipt_received ON receipt (received_at);
CREATE TRIGGER receipt_hint AFTER INSERT ON receipt FOR EACH STATEMENT EXECUTE FUNCTION hint();
