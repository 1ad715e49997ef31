-- name: officers
-- Who may look after a finding of a town: its regulators and the city's.
SELECT DISTINCT p.id, p.name FROM person p JOIN person_role r ON r.person_id = p.id
WHERE p.active AND r.role = 'regulator' AND r.organisation_id IS NULL AND (r.town_code IS NULL OR r.town_code = %(town)s) ORDER BY p.name, p.id

-- name: assign
INSERT INTO finding_assignment (finding_id, person_id, by_person_id, note)
VALUES (%(finding)s, %(officer)s, %(by)s, %(note)s)

-- name: assigned
SELECT a.person_id, n.name, a.at, a.note FROM finding_assigned a JOIN person n ON n.id = a.person_id
WHERE a.finding_id = %(finding)s

-- name: assignments
-- As lines of a finding's history.
SELECT a.at, b.name AS actor, CASE WHEN a.person_id IS NULL THEN 'assigned_nobody' ELSE 'assigned' END AS action,
       concat_ws(': ', n.name, nullif(a.note, '')) AS reason
FROM finding_assignment a JOIN person b ON b.id = a.by_person_id LEFT JOIN person n ON n.id = a.person_id
WHERE a.finding_id = %(finding)s ORDER BY a.id
