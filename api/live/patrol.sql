-- name: cameras
-- Kitchens' cameras of the viewer's towns, those with late and open findings first; or just the chosen ones.
SELECT d.code, d.name_zh, d.name_en, d.zone_kind, k.code AS kitchen_code, k.name_zh AS kitchen_zh,
       k.name_en AS kitchen_en, t.name_zh AS town_zh, t.name_en AS town_en, s.seen_at, s.camera_state,
       coalesce(s.online AND s.seen_at > clock_timestamp() - interval '2 minutes', false) AS online,
       coalesce(f.late, 0) AS late, coalesce(f.open, 0) AS open
FROM device d JOIN kitchen k ON k.id = d.kitchen_id JOIN place p ON p.id = k.place_id
JOIN town t ON t.code = p.town_code LEFT JOIN device_status s ON s.device_id = d.id
LEFT JOIN (
    SELECT device_id, count(*) AS open,
           count(*) FILTER (WHERE state IN ('overdue_yellow', 'overdue_red') OR due_at < clock_timestamp()) AS late
    FROM finding WHERE closed_at IS NULL AND kitchen_id IS NOT NULL AND state <> 'muted' GROUP BY device_id
) AS f ON f.device_id = d.id
WHERE d.kind = 'camera' AND d.retired_at IS NULL AND k.in_use
  AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
  AND (%(chosen)s::text[] IS NULL OR d.code = ANY(%(chosen)s))
  AND (%(town)s::text = '' OR p.town_code = %(town)s)
  AND (%(words)s::text = '' OR strpos(lower(concat_ws(' ', k.code, k.name_zh, k.name_en, d.name_zh, d.name_en)),
                                      lower(%(words)s)) > 0)
ORDER BY late DESC, open DESC, k.code, d.code LIMIT %(limit)s

-- name: towns
SELECT code, name_zh, name_en FROM town WHERE %(towns)s::text[] IS NULL OR code = ANY(%(towns)s) ORDER BY code
