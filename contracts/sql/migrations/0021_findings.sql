-- Findings in full: of lifts too, with a chain of who is told; mutings with an owner, a reason and an end.

-- What is muted, by whom, why and until when. It never mutes a person trapped (alerting.quiet).
CREATE TABLE quiet (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('maintenance', 'silence', 'drill')),
    lift_id bigint REFERENCES lift,
    place_id bigint REFERENCES place,
    kitchen_id bigint REFERENCES kitchen,
    device_id integer REFERENCES device,
    rule text NOT NULL DEFAULT '',
    owner text NOT NULL CHECK (owner <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    actor text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    ended_at timestamptz CHECK (ended_at >= starts_at),
    ended_by text NOT NULL DEFAULT '',
    CHECK (num_nonnulls(lift_id, place_id, kitchen_id, device_id) = 1)
);
COMMENT ON COLUMN quiet.owner IS 'who answers for what is not told meanwhile';
COMMENT ON COLUMN quiet.rule IS 'one rule only; empty: every rule that may be muted';
CREATE INDEX quiet_ends ON quiet (ends_at);
CREATE TRIGGER quiet_hint AFTER INSERT OR UPDATE ON quiet FOR EACH STATEMENT EXECUTE FUNCTION hint();

ALTER TABLE finding DROP CONSTRAINT finding_state_check;
ALTER TABLE finding ADD CONSTRAINT finding_state_check CHECK (state IN (
    'detected', 'under_review', 'muted', 'pushed', 'rectified_claimed', 'verified', 'closed', 'overdue_yellow',
    'overdue_red', 'appealed', 'case', 'rejected'));
ALTER TABLE finding
    ALTER COLUMN kitchen_id DROP NOT NULL,
    ALTER COLUMN event_id DROP NOT NULL,
    ADD COLUMN lift_id bigint REFERENCES lift,
    ADD COLUMN silence_id bigint REFERENCES silence,
    ADD COLUMN quiet_id bigint REFERENCES quiet,
    ADD COLUMN level integer NOT NULL DEFAULT 0 CHECK (level BETWEEN 0 AND 3),
    ADD COLUMN share real NOT NULL DEFAULT 1 CHECK (share > 0 AND share <= 1),
    ADD COLUMN campaign text NOT NULL DEFAULT '',
    ADD COLUMN reminders integer NOT NULL DEFAULT 0,
    ADD COLUMN live_events uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN pushed_at timestamptz,
    ADD COLUMN rectify_due timestamptz,
    ADD COLUMN confirmed_at timestamptz,
    ADD COLUMN appealed_at timestamptz,
    ADD COLUMN told_at timestamptz,
    ADD COLUMN ended_at timestamptz,
    ADD CONSTRAINT finding_subject CHECK (num_nonnulls(kitchen_id, lift_id) = 1);
COMMENT ON COLUMN finding.level IS 'how far its lateness was told: 1 late, 2 yellow, 3 red';
COMMENT ON COLUMN finding.share IS 'of the clocks of its policy: less than 1 where a stricter condition held when it began';
COMMENT ON COLUMN finding.live_events IS 'the events of it that have not ended';
COMMENT ON COLUMN finding.rectify_due IS 'until when it was, or is, to be put right; due_at is the next clock, whichever';
COMMENT ON COLUMN finding.told_at IS 'when the daily digest named it last';
COMMENT ON COLUMN finding.ended_at IS 'when it ended by itself';
UPDATE finding SET pushed_at = opened_at WHERE state NOT IN ('detected', 'under_review', 'rejected');
UPDATE finding SET rectify_due = due_at WHERE due_reason = 'put right';
UPDATE finding SET level = CASE state WHEN 'overdue_yellow' THEN 2 ELSE 3 END
WHERE state IN ('overdue_yellow', 'overdue_red');
-- No state without a next clock: what stood still until now is looked at again.
UPDATE finding SET due_at = now() + interval '1 day',
       due_reason = CASE state WHEN 'detected' THEN 'kept' WHEN 'under_review' THEN 'look' WHEN 'appealed' THEN 'review'
                               ELSE 'reminder' END
WHERE closed_at IS NULL AND due_at IS NULL;

CREATE INDEX finding_device ON finding (device_id, rule, id);
CREATE INDEX finding_lift ON finding (lift_id, opened_at) WHERE lift_id IS NOT NULL;
CREATE UNIQUE INDEX finding_silence ON finding (silence_id) WHERE silence_id IS NOT NULL;
CREATE INDEX finding_silent ON finding (silence_id) WHERE silence_id IS NOT NULL AND closed_at IS NULL;
CREATE INDEX finding_quiet ON finding (quiet_id) WHERE closed_at IS NULL AND quiet_id IS NOT NULL;
-- One finding per lift and rule while it is open.
CREATE UNIQUE INDEX finding_one_open ON finding (lift_id, rule) WHERE closed_at IS NULL AND silence_id IS NULL;

-- What a device does not say is no finding about how a kitchen works, and what is muted was told to nobody.
CREATE OR REPLACE VIEW public_finding AS
SELECT f.opened_at, p.town_code, f.rule, f.class, f.state,
       extract(epoch FROM f.rectified_at - f.opened_at) AS rectify_s
FROM finding f JOIN kitchen k ON k.id = f.kitchen_id JOIN place p ON p.id = k.place_id
WHERE f.state NOT IN ('rejected', 'under_review', 'detected', 'muted') AND f.rule <> 'device_silent';

-- Who is told of findings in a kitchen or of a lift: the grid's own office before its town's, the town's bureau before
-- the city's.
CREATE INDEX organisation_office ON organisation (kind) WHERE kind IN ('grid_office', 'bureau');
CREATE VIEW finding_chain AS
SELECT s.kitchen_id, s.lift_id, s.code, s.in_use, s.owner_id, s.maintenance_id, p.property_org_id AS property_id,
       (SELECT o.id FROM organisation o
        WHERE o.kind = 'grid_office' AND o.active
          AND ((o.grid_code <> '' AND o.grid_code = p.grid_code) OR (o.grid_code = '' AND o.town_code = p.town_code))
        ORDER BY (o.grid_code = ''), o.id LIMIT 1) AS grid_id,
       (SELECT o.id FROM organisation o
        WHERE o.kind = 'bureau' AND o.active AND (o.town_code IS NULL OR o.town_code = p.town_code)
        ORDER BY (o.town_code IS NULL), o.id LIMIT 1) AS bureau_id
FROM (SELECT id AS kitchen_id, NULL::bigint AS lift_id, code, in_use, place_id, owner_org_id AS owner_id,
             NULL::bigint AS maintenance_id FROM kitchen
      UNION ALL SELECT NULL, id, code, in_use, place_id, NULL, maintenance_org_id FROM lift) AS s
JOIN place p ON p.id = s.place_id;
