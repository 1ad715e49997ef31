-- name: dispatch_by_link
SELECT d.*, (d.link_expires <= clock_timestamp()) AS expired, i.number, i.state AS incident_state, i.rule, i.source,
       i.tier AS incident_tier, i.version, i.floor_text, i.people_inside, i.people_released, i.hazards, i.alarm_at,
       i.closed_at, i.released_at AS out_at, i.due_at, i.due_reason, i.cause, i.rescue_method, into_.number AS into_number,
       l.code AS lift_code, l.name_zh AS lift_zh, l.name_en AS lift_en, l.machine_room_note,
       p.name_zh AS place_zh, p.name_en AS place_en, p.address_zh, p.address_en, p.lat, p.lon,
       o.name_zh AS crew_zh, o.name_en AS crew_en, h.name_zh AS property_zh, h.name_en AS property_en,
       h.phone AS property_phone
FROM dispatch d JOIN incident i ON i.id = d.incident_id JOIN lift l ON l.id = i.lift_id
JOIN place p ON p.id = l.place_id JOIN organisation o ON o.id = d.organisation_id
LEFT JOIN organisation h ON h.id = p.property_org_id LEFT JOIN incident into_ ON into_.id = i.merged_into
WHERE d.link_sha256 = %(link)s OR d.old_links @> ARRAY[%(link)s::text]

-- name: others
SELECT d.organisation_id, d.tier, d.state, d.eta_at, d.arrived_at, o.name_zh, o.name_en, o.phone
FROM dispatch d JOIN organisation o ON o.id = d.organisation_id
WHERE d.incident_id = %(incident)s AND d.id <> %(dispatch)s ORDER BY d.arrived_at NULLS LAST, d.eta_at NULLS LAST, d.id

-- name: asked
SELECT organisation_id FROM dispatch WHERE incident_id = %(incident)s

-- name: asks
-- Whether the crew has asked for its arrival to be confirmed, since it was last asked to come.
SELECT reason, created_at FROM command
WHERE incident_id = %(incident)s AND dispatch_id = %(dispatch)s AND kind = 'arrived' AND args ->> 'proof' = 'ask'
ORDER BY created_at DESC LIMIT 1
