-- name: kitchens
-- Whose: an organisation's, or given one by one.
SELECT k.id, k.code, k.name_zh, k.name_en, k.kind, k.licence, p.address_zh, p.address_en, p.town_code
FROM kitchen k JOIN place p ON p.id = k.place_id
WHERE (k.owner_org_id = ANY(%(organisations)s::bigint[]) OR k.id = ANY(%(kitchens)s::bigint[])) AND k.in_use
  AND (%(code)s::text IS NULL OR k.code = %(code)s) ORDER BY k.code

-- name: cameras
-- How each camera does now: whether it sees, since when and why it does not, when its pictures were last looked at.
SELECT d.id, d.code, d.kitchen_id, d.name_zh, d.name_en, d.zone_kind, s.camera_state, s.online, s.seen_at, t.taken_at,
       (t.device_id IS NOT NULL) AS has_still, w.at AS withheld_at, w.reason AS withheld, looked.time AS looked_at,
       q.cause AS silence, q.since AS silent_since, b.cause, b.since AS blind_since,
       coalesce(s.online AND s.camera_state = 'active' AND s.seen_at > clock_timestamp() - interval '2 minutes', false)
           AS sees
FROM device d LEFT JOIN device_status s ON s.device_id = d.id LEFT JOIN still t ON t.device_id = d.id
LEFT JOIN still_withheld w ON w.device_id = d.id AND (t.taken_at IS NULL OR w.at > t.taken_at)
LEFT JOIN LATERAL (SELECT cause, since FROM silent_device v WHERE v.device_id = d.id ORDER BY since LIMIT 1) AS q ON true
LEFT JOIN LATERAL (SELECT c.time FROM camera_sample c WHERE c.device_id = d.id AND c.looks > 0
                     AND c.time > clock_timestamp() - interval '1 day' ORDER BY c.time DESC LIMIT 1) AS looked ON true
LEFT JOIN LATERAL (SELECT e.body #>> '{details,cause}' AS cause, e.at AS since, e.phase FROM event e
                   WHERE e.device_id = d.id AND e.rule = 'camera_blind' AND e.at > clock_timestamp() - interval '90 days'
                   ORDER BY e.at DESC, e.rev DESC LIMIT 1) AS b ON b.phase <> 'end'
WHERE d.kitchen_id = ANY(%(ids)s::bigint[]) AND d.kind = 'camera' AND d.retired_at IS NULL ORDER BY d.code

-- name: sensors
SELECT d.id, d.code, d.kitchen_id, d.name_zh, d.name_en, d.zone, d.zone_kind, s.seen_at, q.cause AS silence,
       c.time, c.temperature, c.humidity, c.door_open, c.uv_lamp
FROM device d LEFT JOIN device_status s ON s.device_id = d.id
LEFT JOIN LATERAL (SELECT cause FROM silent_device v WHERE v.device_id = d.id ORDER BY since LIMIT 1) AS q ON true
LEFT JOIN LATERAL (SELECT * FROM climate_sample c WHERE c.device_id = d.id
                     AND c.time > clock_timestamp() - interval '1 day' ORDER BY c.time DESC LIMIT 1) AS c ON true
WHERE d.kitchen_id = ANY(%(ids)s::bigint[]) AND d.kind = 'kitchen_sensor' AND d.retired_at IS NULL ORDER BY d.code

-- name: findings
-- What is open, and what was found or ended today; the most urgent first.
SELECT f.id, f.number, f.kitchen_id, f.rule, f.class, f.state, f.zone, f.opened_at, f.repeats, f.closed_at, f.due_reason,
       f.rectified_at, f.appealed_at, coalesce(f.rectify_due, f.due_at) AS due_at, f.due_at AS next_at,
       d.name_zh AS camera_zh, d.name_en AS camera_en, e.body -> 'box' AS box, v.sha256 AS picture,
       (jsonb_typeof(e.body -> 'evidence') = 'array' AND e.body -> 'evidence' <> '[]') AS pictured,
       (f.state IN ('pushed', 'overdue_yellow', 'overdue_red')) AS to_do
FROM finding f JOIN device d ON d.id = f.device_id LEFT JOIN event e ON e.event_id = f.event_id AND e.rev = 0
LEFT JOIN LATERAL (SELECT sha256 FROM evidence v WHERE v.event_id = f.event_id AND v.kind = 'capture'
                     AND v.media = 'image/jpeg' ORDER BY v.captured_at LIMIT 1) AS v ON true
WHERE f.kitchen_id = ANY(%(ids)s::bigint[]) AND f.state NOT IN ('detected', 'under_review', 'muted')
  AND (f.closed_at IS NULL OR f.closed_at >= %(today)s OR f.opened_at >= %(today)s)
ORDER BY (f.state IN ('pushed', 'overdue_yellow', 'overdue_red')) DESC, (f.closed_at IS NULL) DESC,
         coalesce(f.rectify_due, f.due_at), f.opened_at DESC LIMIT %(limit)s

-- name: finding
SELECT f.*, k.code AS kitchen_code, k.name_zh, k.name_en, d.name_zh AS camera_zh, d.name_en AS camera_en,
       d.code AS camera_code, d.kind AS device_kind, e.body AS event, e.at AS event_at, coalesce(o.body -> 'photo' ? f.class, false) AS photo_needed,
       o.body -> 'clocks' -> f.class -> 'tell' AS tell,
       EXISTS (SELECT FROM evidence v WHERE v.finding_id = f.id AND v.kind = 'rectification'
                 AND v.captured_at > coalesce(f.rectified_at, '-infinity')) AS photo_here
FROM finding f JOIN kitchen k ON k.id = f.kitchen_id JOIN device d ON d.id = f.device_id
JOIN policy o ON o.id = f.policy_id LEFT JOIN event e ON e.event_id = f.event_id AND e.rev = 0
WHERE f.number = %(number)s AND f.state NOT IN ('detected', 'under_review', 'muted')
  AND (k.owner_org_id = ANY(%(organisations)s::bigint[]) OR k.id = ANY(%(kitchens)s::bigint[]))

-- name: story
SELECT at, actor, action, reason FROM finding_entry WHERE finding_id = %(finding)s ORDER BY id

-- name: still
SELECT t.picture FROM still t JOIN device d ON d.id = t.device_id JOIN kitchen k ON k.id = d.kitchen_id
WHERE d.code = %(camera)s AND d.retired_at IS NULL AND k.in_use
  AND (k.owner_org_id = ANY(%(organisations)s::bigint[]) OR k.id = ANY(%(kitchens)s::bigint[]))
  AND NOT EXISTS (SELECT FROM still_withheld w WHERE w.device_id = d.id AND w.at > t.taken_at)
