-- name: finding
-- Whose a finding is; those that nobody was told of are not there for an owner.
SELECT f.id, f.event_id, f.state NOT IN ('detected', 'under_review', 'muted') AS told, k.owner_org_id,
       k.id AS kitchen_id, p.town_code
FROM finding f LEFT JOIN kitchen k ON k.id = f.kitchen_id LEFT JOIN lift l ON l.id = f.lift_id
LEFT JOIN place p ON p.id = coalesce(k.place_id, l.place_id) WHERE f.number = %(number)s

-- name: rescue
SELECT i.id, p.town_code FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
WHERE i.number = %(number)s

-- name: of_finding
SELECT e.id, e.sha256, e.media, e.kind, e.captured_at FROM evidence e
WHERE e.id = %(item)s::uuid AND (e.event_id = %(event)s OR e.finding_id = %(id)s)

-- name: of_rescue
SELECT e.id, e.sha256, e.media, e.kind, e.captured_at FROM evidence e
WHERE e.id = %(item)s::uuid AND e.incident_id = %(id)s

-- name: one_at_a_time
-- Two requests of one look (a picture twice, two parts of a clip) write one row.
SELECT pg_advisory_xact_lock(hashtextextended(%(look)s, 0))

-- name: looked
SELECT id, at FROM audit_log
WHERE action = 'evidence_viewed' AND object = %(object)s AND details ->> 'look' = %(look)s LIMIT 1
