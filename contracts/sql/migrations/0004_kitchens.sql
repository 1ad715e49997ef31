-- Findings are alerting's; evidence and stills reach the api by HTTPS and are the api's.

CREATE TABLE finding (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE,
    kitchen_id bigint NOT NULL REFERENCES kitchen,
    device_id integer NOT NULL REFERENCES device,
    event_id uuid NOT NULL UNIQUE,
    rule text NOT NULL,
    class text NOT NULL CHECK (class IN ('I', 'II', 'III', 'D')),
    state text NOT NULL CHECK (state IN ('detected', 'under_review', 'pushed', 'rectified_claimed', 'verified', 'closed',
                                         'overdue_yellow', 'overdue_red', 'appealed', 'rejected')),
    subject text NOT NULL DEFAULT '',
    zone text NOT NULL DEFAULT '',
    confidence real NOT NULL,
    version integer NOT NULL DEFAULT 0,
    policy_id bigint NOT NULL REFERENCES policy,
    repeats integer NOT NULL DEFAULT 0,
    at timestamptz NOT NULL,
    opened_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    due_at timestamptz,
    due_reason text NOT NULL DEFAULT '',
    rectified_at timestamptz,
    rectify_note text NOT NULL DEFAULT '',
    verified_at timestamptz,
    verified_by text NOT NULL DEFAULT '',
    closed_at timestamptz
);
CREATE INDEX finding_kitchen ON finding (kitchen_id, opened_at);
CREATE INDEX finding_due ON finding (due_at) WHERE closed_at IS NULL;
ALTER TABLE outbox ADD CONSTRAINT outbox_finding FOREIGN KEY (finding_id) REFERENCES finding;
ALTER TABLE command ADD CONSTRAINT command_finding FOREIGN KEY (finding_id) REFERENCES finding;

CREATE TABLE finding_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    finding_id bigint NOT NULL REFERENCES finding,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    reason text NOT NULL,
    policy_version integer NOT NULL,
    details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX finding_entry_finding ON finding_entry (finding_id, id);
CREATE TRIGGER finding_entry_append_only BEFORE UPDATE OR DELETE ON finding_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER finding_hint AFTER INSERT OR UPDATE ON finding FOR EACH STATEMENT EXECUTE FUNCTION hint();

-- The original bytes lie in the evidence folder under their hash, never re-encoded.
CREATE TABLE evidence (
    id uuid PRIMARY KEY,
    event_id uuid,
    finding_id bigint REFERENCES finding,
    device_id integer REFERENCES device,
    kind text NOT NULL CHECK (kind IN ('capture', 'rectification', 'appeal')),
    media text NOT NULL,
    sha256 text NOT NULL,
    bytes bigint NOT NULL,
    captured_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    source text NOT NULL,
    legal_hold boolean NOT NULL DEFAULT false,
    UNIQUE NULLS NOT DISTINCT (event_id, finding_id, sha256)
);

CREATE TABLE evidence_custody (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    evidence_id uuid NOT NULL REFERENCES evidence,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    address text NOT NULL DEFAULT '',
    reason text NOT NULL
);
CREATE TRIGGER evidence_custody_append_only BEFORE UPDATE OR DELETE ON evidence_custody
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The newest blurred still of each camera; there is no column for an unblurred one.
CREATE TABLE still (
    device_id integer PRIMARY KEY REFERENCES device,
    taken_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    sha256 text NOT NULL,
    picture bytea NOT NULL
);
