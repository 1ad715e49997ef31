-- name: kitchens
SELECT k.id, k.code, k.name_zh, k.name_en, p.address_zh, p.address_en FROM kitchen k JOIN place p ON p.id = k.place_id
WHERE k.owner_org_id = ANY(%(organisations)s) AND k.in_use ORDER BY k.code

-- name: cameras
SELECT d.id, d.code, d.kitchen_id, d.name_zh, d.name_en, d.zone_kind, s.camera_state, s.online, s.seen_at,
       t.taken_at, (t.device_id IS NOT NULL) AS has_still,
       coalesce(s.online AND s.camera_state = 'active' AND s.seen_at > clock_timestamp() - interval '2 minutes', false)
           AS active
FROM device d LEFT JOIN device_status s ON s.device_id = d.id LEFT JOIN still t ON t.device_id = d.id
WHERE d.kitchen_id = ANY(%(kitchens)s) AND d.kind = 'camera' AND d.retired_at IS NULL ORDER BY d.code

-- name: findings
SELECT f.id, f.number, f.rule, f.class, f.state, f.zone, f.confidence, f.opened_at, f.repeats, f.closed_at,
       coalesce(f.rectify_due, f.due_at) AS due_at,
       f.event_id, k.code AS kitchen_code, k.name_zh, k.name_en,
       EXISTS (SELECT FROM evidence e WHERE e.event_id = f.event_id AND e.media = 'image/jpeg') AS has_picture
FROM finding f JOIN kitchen k ON k.id = f.kitchen_id
WHERE f.kitchen_id = ANY(%(kitchens)s) AND f.state NOT IN ('detected', 'under_review', 'muted')
ORDER BY (f.closed_at IS NULL) DESC, f.opened_at DESC LIMIT 100

-- name: finding
SELECT f.*, k.code AS kitchen_code, k.name_zh, k.name_en, k.owner_org_id, p.town_code,
       d.code AS camera_code, d.kind AS device_kind, d.name_zh AS camera_zh, d.name_en AS camera_en,
       e.body AS event, e.at AS event_at
FROM finding f JOIN kitchen k ON k.id = f.kitchen_id JOIN place p ON p.id = k.place_id
JOIN device d ON d.id = f.device_id LEFT JOIN event e ON e.event_id = f.event_id AND e.rev = 0
WHERE f.number = %(number)s AND f.state NOT IN ('detected', 'under_review', 'muted')

-- name: history
SELECT at, actor, action, reason FROM finding_entry WHERE finding_id = %(finding)s ORDER BY id

-- name: weeks
SELECT date_trunc('week', f.opened_at) AS week, count(*) AS n FROM finding f
WHERE f.kitchen_id = ANY(%(kitchens)s) AND f.opened_at > clock_timestamp() - interval '12 weeks'
  AND f.state NOT IN ('rejected', 'detected', 'under_review', 'muted') GROUP BY 1 ORDER BY 1

-- name: climate
SELECT d.kitchen_id, s.time, s.temperature, s.humidity FROM climate_sample s JOIN device d ON d.id = s.device_id
WHERE d.kitchen_id = ANY(%(kitchens)s) AND s.time > clock_timestamp() - interval '2 hours' ORDER BY s.time

-- name: still
SELECT t.picture, t.sha256, t.taken_at FROM still t JOIN device d ON d.id = t.device_id
WHERE d.code = %(camera)s AND d.kitchen_id = ANY(%(kitchens)s)
