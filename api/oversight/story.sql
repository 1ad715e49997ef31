-- name: incident
SELECT i.*, l.code AS lift_code, l.name_zh AS lift_zh, l.name_en AS lift_en, p.name_zh AS place_zh,
       p.name_en AS place_en, p.address_zh, p.address_en, t.name_zh AS town_zh, t.name_en AS town_en, p.remote,
       m.name_zh AS maintenance_zh, m.name_en AS maintenance_en, mass.number AS mass_number,
       other.number AS into_number, before.number AS follows_number, y.body AS policy, y.version AS policy_version
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id JOIN town t ON t.code = p.town_code
JOIN policy y ON y.id = i.policy_id LEFT JOIN organisation m ON m.id = l.maintenance_org_id
LEFT JOIN mass_incident mass ON mass.id = i.mass_id LEFT JOIN incident other ON other.id = i.merged_into
LEFT JOIN incident before ON before.id = i.follows
WHERE i.number = %(number)s AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))

-- name: fact
SELECT counted, left_out, arrive_by, ended_at FROM rescue_fact WHERE id = %(incident)s

-- name: timeline
SELECT at, actor, action, reason, tier, policy_version FROM incident_entry WHERE incident_id = %(incident)s ORDER BY id

-- name: crews
SELECT d.tier, d.state, d.offered_at, d.delivered_at, d.accepted_at, d.eta_at, d.arrived_at, d.arrival_proof,
       d.decline_reason, d.distance_m, d.travel_s, o.name_zh, o.name_en, NULL AS phone
FROM dispatch d JOIN organisation o ON o.id = d.organisation_id WHERE d.incident_id = %(incident)s ORDER BY d.id

-- name: looks
SELECT count(*) AS n FROM audit_log
WHERE action = 'evidence_viewed' AND object = 'incident ' || %(incident)s::bigint
