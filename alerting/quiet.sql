-- name: running
-- Mutings of a subject that run or have just been ended; which of them covers a rule is decided by alerting.quiet.
SELECT * FROM quiet
WHERE starts_at <= %(now)s AND ends_at > %(now)s AND ended_at IS NULL
  AND (lift_id = %(lift)s OR place_id = %(place)s OR kitchen_id = %(kitchen)s OR device_id = %(device)s)
ORDER BY id

-- name: by_code
-- What is named by its code, and which policies' findings it can mute.
SELECT 'lift' AS what, l.id, l.id AS lift_id, NULL::bigint AS place_id, NULL::bigint AS kitchen_id,
       NULL::integer AS device_id, true AS lifts, false AS kitchens
FROM lift l WHERE %(what)s = 'lift' AND l.code = %(code)s
UNION ALL
SELECT 'place', p.id, NULL, p.id, NULL, NULL, EXISTS (SELECT FROM lift l WHERE l.place_id = p.id),
       EXISTS (SELECT FROM kitchen k WHERE k.place_id = p.id)
FROM place p WHERE %(what)s = 'place' AND p.code = %(code)s
UNION ALL
SELECT 'kitchen', k.id, NULL, NULL, k.id, NULL, false, true
FROM kitchen k WHERE %(what)s = 'kitchen' AND k.code = %(code)s
UNION ALL
SELECT 'device', d.id, NULL, NULL, NULL, d.id, d.lift_id IS NOT NULL OR d.kind = 'agent',
       d.kitchen_id IS NOT NULL OR d.kind = 'agent'
FROM device d WHERE %(what)s = 'device' AND d.code = %(code)s AND d.retired_at IS NULL

-- name: same
SELECT id, ends_at FROM quiet
WHERE ended_at IS NULL AND ends_at > %(now)s AND starts_at <= %(now)s AND rule = %(rule)s
  AND (lift_id, place_id, kitchen_id, device_id)
      IS NOT DISTINCT FROM (%(lift)s::bigint, %(place)s::bigint, %(kitchen)s::bigint, %(device)s::integer)
LIMIT 1

-- name: new
INSERT INTO quiet (kind, lift_id, place_id, kitchen_id, device_id, rule, owner, reason, actor, starts_at, ends_at)
VALUES (%(kind)s, %(lift)s, %(place)s, %(kitchen)s, %(device)s, %(rule)s, %(owner)s, %(reason)s, %(actor)s, %(now)s,
        %(until)s)
RETURNING *

-- name: get
SELECT * FROM quiet WHERE id = %(id)s FOR UPDATE

-- name: end
UPDATE quiet SET ended_at = %(now)s, ended_by = %(actor)s WHERE id = %(id)s AND ended_at IS NULL

-- name: wake
-- What it muted is looked at now instead of at its end.
UPDATE finding SET due_at = %(now)s, version = version + 1
WHERE quiet_id = %(id)s AND closed_at IS NULL AND state = 'muted' AND due_at > %(now)s

-- name: mode
-- A lift in inspection mode says so in its samples; an older word is none.
SELECT s.mode FROM lift_sample s
WHERE s.device_id = %(device)s AND s.time > %(now)s::timestamptz - interval '15 minutes' AND s.time <= %(now)s
  AND s.mode IS NOT NULL ORDER BY s.time DESC LIMIT 1

-- name: maintenance_unit
SELECT coalesce(o.name_zh, '') AS name FROM lift l LEFT JOIN organisation o ON o.id = l.maintenance_org_id
WHERE l.id = %(lift)s
