-- The regulators' own: who looks after a finding, and the lists they come back to. Both written by the api.

-- Append-only: the newest row of a finding says who looks after it.
CREATE TABLE finding_assignment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    finding_id bigint NOT NULL REFERENCES finding,
    at timestamptz NOT NULL DEFAULT now(),
    person_id bigint REFERENCES person,
    by_person_id bigint NOT NULL REFERENCES person,
    note text NOT NULL DEFAULT '' CHECK (length(note) <= 1000)
);
COMMENT ON COLUMN finding_assignment.person_id IS 'NULL: taken back, nobody looks after it';
CREATE INDEX finding_assignment_finding ON finding_assignment (finding_id, id);
CREATE INDEX finding_assignment_person ON finding_assignment (person_id);
CREATE TRIGGER finding_assignment_append_only BEFORE UPDATE OR DELETE ON finding_assignment
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE VIEW finding_assigned AS
SELECT a.finding_id, a.person_id, a.at, a.note FROM (
    SELECT DISTINCT ON (finding_id) finding_id, person_id, at, note FROM finding_assignment ORDER BY finding_id, id DESC
) AS a WHERE a.person_id IS NOT NULL;

-- The address of a list under a name. A shared one is seen by the people of the same organisation, and narrowed by what
-- each of them may see.
CREATE TABLE saved_view (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id bigint NOT NULL REFERENCES person ON DELETE CASCADE,
    list text NOT NULL CHECK (list <> ''),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    query text NOT NULL CHECK (length(query) <= 1000),
    shared boolean NOT NULL DEFAULT false,
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (person_id, list, name)
);
CREATE UNIQUE INDEX saved_view_default ON saved_view (person_id, list) WHERE is_default;

-- Findings that somebody knows of and nobody has closed. What was not put right in time stays late, whatever clock runs
-- next; what was told to nobody is not late.
CREATE VIEW open_finding AS
SELECT f.id, f.number, f.kitchen_id, f.lift_id, f.rule, f.class, f.state, f.level, f.repeats, f.opened_at, f.due_at,
       f.state IN ('overdue_yellow', 'overdue_red') OR f.level > 0 OR f.due_at < now() AS late
FROM finding f WHERE f.closed_at IS NULL AND f.state NOT IN ('detected', 'muted');
CREATE INDEX finding_open ON finding (kitchen_id, lift_id) WHERE closed_at IS NULL;

-- In which towns a device is: by its lift or kitchen, an agent by those behind it.
CREATE VIEW device_town AS
SELECT d.id AS device_id, p.town_code FROM device d
LEFT JOIN lift l ON l.id = d.lift_id LEFT JOIN kitchen k ON k.id = d.kitchen_id
JOIN place p ON p.id = coalesce(l.place_id, k.place_id)
UNION
SELECT b.agent_id, p.town_code FROM agent_of b JOIN device d ON d.id = b.device_id
LEFT JOIN lift l ON l.id = d.lift_id LEFT JOIN kitchen k ON k.id = d.kitchen_id
JOIN place p ON p.id = coalesce(l.place_id, k.place_id);
