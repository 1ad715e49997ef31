-- Who may come in: roles narrowed to one kitchen, programs' tokens, sessions that end, second factors, a bureau's own
-- identity provider, links that are good once. From here on the api writes people and their roles, too.

-- One kitchen of an organisation; the grant is empty as soon as the kitchen belongs to another.
ALTER TABLE person_role ADD COLUMN kitchen_id bigint REFERENCES kitchen;
ALTER TABLE person_role ADD CONSTRAINT person_role_kitchen
    CHECK (kitchen_id IS NULL OR (role = 'owner' AND organisation_id IS NOT NULL));
ALTER TABLE person_role DROP CONSTRAINT person_role_person_id_role_town_code_organisation_id_key;
ALTER TABLE person_role ADD CONSTRAINT person_role_once
    UNIQUE NULLS NOT DISTINCT (person_id, role, town_code, organisation_id, kitchen_id);

-- Who a bureau's identity provider says it is; bound at the first sign-in.
ALTER TABLE person ADD COLUMN oidc_issuer text, ADD COLUMN oidc_subject text,
    ADD CONSTRAINT person_oidc_whole CHECK ((oidc_issuer IS NULL) = (oidc_subject IS NULL)),
    ADD CONSTRAINT person_oidc_once UNIQUE (oidc_issuer, oidc_subject);

-- A program's way in. The token itself is shown once and kept nowhere.
CREATE TABLE api_token (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_sha256 text NOT NULL UNIQUE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    town_codes text[] CHECK (cardinality(town_codes) > 0),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz
);
COMMENT ON COLUMN api_token.town_codes IS 'NULL: all towns';

-- `previous_sha256` still opens the session for some seconds, so that what a page asks for while its cookie changes
-- is answered.
ALTER TABLE session ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN browser text NOT NULL DEFAULT '',
    ADD COLUMN renew boolean NOT NULL DEFAULT false,
    ADD COLUMN previous_sha256 text,
    ADD COLUMN previous_until timestamptz,
    ADD CONSTRAINT session_id UNIQUE (id);
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_previous ON session (previous_sha256) WHERE previous_sha256 IS NOT NULL;

ALTER TABLE login_attempt ADD COLUMN address text NOT NULL DEFAULT '';
CREATE INDEX login_attempt_address ON login_attempt (address, at);

-- A time-based code (RFC 6238) beside the password. `last_step`: no code of this half minute or before counts again.
CREATE TABLE second_factor (
    person_id bigint PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    secret text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0
);
CREATE TABLE recovery_code (
    person_id bigint NOT NULL REFERENCES second_factor ON DELETE CASCADE,
    code_sha256 text NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (person_id, code_sha256)
);

-- What is good once and for a while: the way between password and code, an invitation, the first admin, the way to an
-- identity provider and back. Used up by being deleted.
CREATE TABLE pass (
    token_sha256 text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('second_factor', 'enrol', 'invitation', 'first_admin', 'provider')),
    person_id bigint REFERENCES person ON DELETE CASCADE,
    details jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
