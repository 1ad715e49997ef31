-- Other systems: what is told of incidents, findings and devices, webhooks, and looking things up in the audit log.

-- What leaves the house about a rescue, a finding and a silence: no person, no link. Webhooks and /api/v1 say the same.
CREATE VIEW told_incident AS
SELECT i.id, i.number, i.state, i.tier, i.rule, i.source, i.source = 'drill' AS drill, l.code AS lift,
       l.name_zh AS lift_zh, l.name_en AS lift_en, m.code AS maintenance, p.code AS place, p.name_zh AS place_zh,
       p.name_en AS place_en, p.address_zh, p.address_en, p.town_code AS town, p.lat, p.lon, i.floor_text AS floor,
       i.people_inside, i.people_released, i.hazards,
       (SELECT number FROM mass_incident WHERE id = i.mass_id) AS mass,
       (SELECT number FROM incident WHERE id = i.merged_into) AS merged_into,
       i.cause, i.sub_cause, i.rescue_method, i.alarm_at, i.opened_at, i.dispatched_at, i.accepted_at, i.arrived_at,
       i.released_at, i.closed_at
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
LEFT JOIN organisation m ON m.id = l.maintenance_org_id;

CREATE VIEW told_finding AS
SELECT f.id, f.number, f.state, f.class AS kind, f.rule, k.code AS kitchen, l.code AS lift,
       coalesce(k.name_zh, l.name_zh) AS name_zh, coalesce(k.name_en, l.name_en) AS name_en, d.code AS device, f.zone,
       f.confidence, f.level, f.repeats, p.code AS place, p.name_zh AS place_zh, p.name_en AS place_en, p.address_zh,
       p.address_en, p.town_code AS town, p.lat, p.lon, f.at, f.opened_at, f.pushed_at, f.rectify_due, f.rectified_at,
       f.appealed_at, f.verified_at, f.closed_at
FROM finding f LEFT JOIN kitchen k ON k.id = f.kitchen_id LEFT JOIN lift l ON l.id = f.lift_id
JOIN place p ON p.id = coalesce(k.place_id, l.place_id) JOIN device d ON d.id = f.device_id;

-- An agent is where the first of its devices is.
CREATE VIEW told_silence AS
SELECT s.id, d.code, d.kind, d.site, l.code AS lift, k.code AS kitchen, s.cause, s.since, s.noticed_at, s.ended_at,
       coalesce(p.town_code, (
           SELECT q.town_code FROM device b LEFT JOIN lift bl ON bl.id = b.lift_id
           LEFT JOIN kitchen bk ON bk.id = b.kitchen_id JOIN place q ON q.id = coalesce(bl.place_id, bk.place_id)
           WHERE b.site = d.site AND d.kind = 'agent' ORDER BY b.id LIMIT 1)) AS town
FROM silence s JOIN device d ON d.id = s.device_id LEFT JOIN lift l ON l.id = d.lift_id
LEFT JOIN kitchen k ON k.id = d.kitchen_id LEFT JOIN place p ON p.id = coalesce(l.place_id, k.place_id);

-- What happened, in the order in which everybody is told of it. Written by alerting, by one worker at a time, so that
-- no number appears below one that was seen. `document` is text as it is sent.
CREATE TABLE happening (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    source text NOT NULL CHECK (source IN ('incident', 'finding', 'silent', 'heard')),
    source_row bigint NOT NULL,
    kind text NOT NULL,
    town_code text,
    drill boolean NOT NULL,
    subject text NOT NULL,
    at timestamptz NOT NULL,
    made_at timestamptz NOT NULL,
    document text NOT NULL,
    UNIQUE (source, source_row)
);
COMMENT ON COLUMN happening.subject IS 'whose story it is part of: told in order';
CREATE INDEX happening_made ON happening (made_at);

-- Whom we tell. Register data, written by the owner (sunlit webhook).
CREATE TABLE webhook (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
    url text NOT NULL,
    shown text NOT NULL,
    secret text NOT NULL CHECK (secret <> ''),
    old_secret text,
    old_until timestamptz,
    kinds text[],
    town_codes text[],
    drills boolean NOT NULL DEFAULT false,
    active boolean NOT NULL DEFAULT true,
    author text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    epoch integer NOT NULL DEFAULT 1,
    from_seq bigint NOT NULL,
    CHECK ((old_secret IS NULL) = (old_until IS NULL))
);
COMMENT ON COLUMN webhook.shown IS 'the address as pages may show it; the address itself can be a secret';
COMMENT ON COLUMN webhook.kinds IS 'NULL: everything, what later versions tell of as well';
COMMENT ON COLUMN webhook.town_codes IS 'NULL: every town, and what belongs to none';
COMMENT ON COLUMN webhook.epoch IS 'counted up to begin again behind from_seq';

-- How far each is, and how it answers. Written by alerting.
CREATE TABLE webhook_state (
    webhook_id bigint PRIMARY KEY REFERENCES webhook ON DELETE CASCADE,
    epoch integer NOT NULL,
    cursor bigint NOT NULL,
    worker text,
    lease_until timestamptz,
    failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    hold_until timestamptz,
    last_at timestamptz,
    last_answer text NOT NULL DEFAULT '',
    answered_at timestamptz,
    stopped_at timestamptz
);
COMMENT ON COLUMN webhook_state.answered_at IS 'when it took something last';
CREATE TABLE webhook_delivery (
    webhook_id bigint NOT NULL REFERENCES webhook ON DELETE CASCADE,
    epoch integer NOT NULL,
    seq bigint NOT NULL REFERENCES happening,
    subject text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    queued_at timestamptz NOT NULL,
    next_at timestamptz NOT NULL,
    ended_at timestamptz,
    last_answer text NOT NULL DEFAULT '',
    PRIMARY KEY (webhook_id, epoch, seq),
    CHECK ((ended_at IS NULL) = (state = 'queued'))
);
CREATE INDEX webhook_delivery_queued ON webhook_delivery (webhook_id, seq) WHERE state = 'queued';
CREATE INDEX webhook_delivery_seq ON webhook_delivery (seq);

-- The audit log is the api's to write. What is stopped by itself is noted by the database, whoever stops it.
CREATE FUNCTION note_webhook_stop() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO audit_log (at, actor, action, object, reason)
    SELECT NEW.stopped_at, 'sunlit', 'webhook_stopped', 'webhook ' || w.name,
           'no answer since ' || to_char(NEW.failing_since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
    FROM webhook w WHERE w.id = NEW.webhook_id;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION note_webhook_stop() FROM PUBLIC;
CREATE TRIGGER webhook_stop AFTER UPDATE OF stopped_at ON webhook_state
    FOR EACH ROW WHEN (OLD.stopped_at IS NULL AND NEW.stopped_at IS NOT NULL) EXECUTE FUNCTION note_webhook_stop();

-- A week of a timeline without a reading of all of it; such an index costs next to nothing where rows come in order.
CREATE INDEX incident_entry_at ON incident_entry USING brin (at) WITH (autosummarize = on);
CREATE INDEX finding_entry_at ON finding_entry USING brin (at) WITH (autosummarize = on);
CREATE INDEX silence_noticed ON silence (noticed_at);

-- Looking things up in the audit log, the newest first.
CREATE INDEX audit_log_at ON audit_log (at);
CREATE INDEX audit_log_person ON audit_log (person_id, id);
CREATE INDEX audit_log_actor ON audit_log (actor, id);
CREATE INDEX audit_log_action ON audit_log (action, id);

-- A line of the audit log with the number of what it is about, and the town where that is; NULL: of no town.
CREATE VIEW audit_entry AS
SELECT a.id, a.at, a.person_id, a.actor, a.action, a.reason, a.details,
       coalesce(a.kind || ' ' || coalesce(i.number, f.number), a.object) AS object,
       coalesce(i.number, f.number, a.named) AS named, a.kind,
       coalesce(ip.town_code, fp.town_code, dp.town_code, lp.town_code, kp.town_code) AS town
FROM (SELECT *, split_part(object, ' ', 1) AS kind, split_part(object, ' ', 2) AS named,
             CASE WHEN split_part(object, ' ', 2) ~ '^[0-9]{1,18}$' THEN split_part(object, ' ', 2)::bigint END AS row
      FROM audit_log) AS a
LEFT JOIN incident i ON a.kind IN ('incident', 'rescue') AND (i.id = a.row OR (a.row IS NULL AND i.number = a.named))
LEFT JOIN lift il ON il.id = i.lift_id LEFT JOIN place ip ON ip.id = il.place_id
LEFT JOIN finding f ON a.kind = 'finding' AND (f.id = a.row OR (a.row IS NULL AND f.number = a.named))
LEFT JOIN kitchen fk ON fk.id = f.kitchen_id LEFT JOIN lift fl ON fl.id = f.lift_id
LEFT JOIN place fp ON fp.id = coalesce(fk.place_id, fl.place_id)
LEFT JOIN device d ON a.kind IN ('camera', 'device') AND d.code = a.named
LEFT JOIN kitchen dk ON dk.id = d.kitchen_id LEFT JOIN lift dl ON dl.id = d.lift_id
LEFT JOIN place dp ON dp.id = coalesce(dk.place_id, dl.place_id)
LEFT JOIN lift l ON a.kind = 'lift' AND l.code = a.named LEFT JOIN place lp ON lp.id = l.place_id
LEFT JOIN kitchen k ON a.kind = 'kitchen' AND k.code = a.named LEFT JOIN place kp ON kp.id = k.place_id;

CREATE INDEX IF NOT EXISTS finding_opened ON finding (opened_at);
CREATE INDEX incident_open_since ON incident (opened_at, id) WHERE closed_at IS NULL;
CREATE INDEX finding_open_since ON finding (opened_at, id) WHERE closed_at IS NULL;
