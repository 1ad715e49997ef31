-- Sessions, audit, reports from the public. Written by the api alone.

CREATE TABLE session (
    token_sha256 text PRIMARY KEY,
    person_id bigint NOT NULL REFERENCES person,
    csrf text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);

CREATE TABLE login_attempt (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    ok boolean NOT NULL
);
CREATE INDEX login_attempt_login ON login_attempt (login, at);

CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    person_id bigint REFERENCES person,
    actor text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    reason text NOT NULL DEFAULT '',
    details jsonb NOT NULL DEFAULT '{}'
);
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE public_report (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    lift_id bigint REFERENCES lift,
    kitchen_id bigint REFERENCES kitchen,
    body text NOT NULL CHECK (length(body) BETWEEN 1 AND 2000),
    contact text NOT NULL DEFAULT ''
);

CREATE TABLE api_beat (
    instance text PRIMARY KEY,
    at timestamptz NOT NULL,
    info jsonb NOT NULL DEFAULT '{}'
);

CREATE VIEW service_health AS
SELECT 'ingest' AS service, instance, at, info FROM ingest_beat
UNION ALL SELECT 'alerting', instance, at, info FROM alerting_beat
UNION ALL SELECT 'api', instance, at, info FROM api_beat;
