-- name: dispatch_by_link
SELECT d.*, i.number, i.state AS incident_state, i.floor_text, i.people_inside, i.alarm_at, i.closed_at,
       l.code AS lift_code, l.machine_room_note, p.name_zh AS place_zh, p.name_en AS place_en, p.address_zh,
       p.address_en, p.lat, p.lon, o.name_zh AS crew_zh, o.name_en AS crew_en
FROM dispatch d JOIN incident i ON i.id = d.incident_id JOIN lift l ON l.id = i.lift_id
JOIN place p ON p.id = l.place_id JOIN organisation o ON o.id = d.organisation_id
WHERE d.link_sha256 = %(link)s AND d.link_expires > clock_timestamp()
