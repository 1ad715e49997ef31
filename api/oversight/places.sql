-- name: kitchen_cameras
SELECT d.code, d.name_zh, d.name_en, d.zone_kind, s.camera_state, s.seen_at, coalesce(s.online AND s.camera_state = 'active'
       AND s.seen_at > now() - interval '2 minutes', false) AS active
FROM device d LEFT JOIN device_status s ON s.device_id = d.id
WHERE d.kitchen_id = %(id)s AND d.kind = 'camera' AND d.retired_at IS NULL ORDER BY d.code

-- name: findings_of
SELECT f.number, f.rule, f.class, f.state, f.opened_at, f.rectified_at, f.closed_at, n.name AS officer,
       f.closed_at IS NULL AND (f.state IN ('overdue_yellow', 'overdue_red') OR f.level > 0 OR f.due_at < now()) AS late
FROM finding f LEFT JOIN finding_assigned a ON a.finding_id = f.id LEFT JOIN person n ON n.id = a.person_id
WHERE f.kitchen_id = %(kitchen)s::bigint OR f.lift_id = %(lift)s::bigint
ORDER BY (f.closed_at IS NULL) DESC, f.opened_at DESC LIMIT %(limit)s

-- name: weeks_of
-- Twelve weeks, this one too, with what was found in each.
SELECT w.week::date AS week, count(f.id) AS n
FROM generate_series(date_trunc('week', now() AT TIME ZONE 'Asia/Shanghai') - interval '11 weeks',
                     date_trunc('week', now() AT TIME ZONE 'Asia/Shanghai'), interval '1 week') AS w (week)
LEFT JOIN finding f ON (f.kitchen_id = %(kitchen)s::bigint OR f.lift_id = %(lift)s::bigint)
    AND f.state NOT IN ('detected', 'under_review', 'muted', 'rejected') AND f.rule <> 'device_silent'
    AND date_trunc('week', f.opened_at AT TIME ZONE 'Asia/Shanghai') = w.week
GROUP BY 1 ORDER BY 1

-- name: silences_of
SELECT s.cause, s.since, s.ended_at, d.code FROM silence s JOIN device d ON d.id = s.device_id
WHERE d.lift_id = %(lift)s::bigint OR d.kitchen_id = %(kitchen)s::bigint ORDER BY s.since DESC LIMIT 10
