-- name: findings
-- In kitchens and of lifts. What nobody has put right in time stays late, whatever clock runs next.
SELECT f.number, f.rule, f.class, f.state, f.opened_at, f.due_at, f.confidence, f.repeats, k.code AS kitchen_code,
       l.code AS lift_code, coalesce(k.name_zh, p.name_zh || ' ' || l.name_zh) AS name_zh,
       coalesce(k.name_en, p.name_en || ' ' || l.name_en) AS name_en, t.name_zh AS town_zh, t.name_en AS town_en,
       t.code AS town_code, late.late
FROM finding f LEFT JOIN kitchen k ON k.id = f.kitchen_id LEFT JOIN lift l ON l.id = f.lift_id
JOIN place p ON p.id = coalesce(k.place_id, l.place_id) JOIN town t ON t.code = p.town_code
CROSS JOIN LATERAL (SELECT f.closed_at IS NULL AND (f.state IN ('overdue_yellow', 'overdue_red') OR f.level > 0 OR f.due_at < clock_timestamp()) AS late) AS late
WHERE (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
  AND (%(state)s::text = '' OR f.state = %(state)s) AND (%(town)s::text = '' OR p.town_code = %(town)s)
  AND (%(subject)s::text = '' OR (%(subject)s = 'lift') = (f.lift_id IS NOT NULL))
ORDER BY (f.closed_at IS NULL) DESC, late.late DESC, array_position(ARRAY['I', 'II', 'III', 'D'], f.class),
         f.opened_at DESC, f.id LIMIT %(limit)s OFFSET %(skip)s

-- name: to_do
-- What waits for a person, the most urgent of each kind, and how much there is of it in all.
SELECT * FROM (
    SELECT f.number, f.rule, f.state, coalesce(k.name_zh, p.name_zh || ' ' || l.name_zh) AS name_zh,
           coalesce(k.name_en, p.name_en || ' ' || l.name_en) AS name_en,
           t.name_zh AS town_zh, t.name_en AS town_en, kind.late,
           count(*) OVER (PARTITION BY kind.late) AS of_kind,
           row_number() OVER (PARTITION BY kind.late ORDER BY array_position(ARRAY['I', 'II', 'III', 'D'], f.class),
                              f.opened_at DESC) AS place
    FROM finding f LEFT JOIN kitchen k ON k.id = f.kitchen_id LEFT JOIN lift l ON l.id = f.lift_id
    JOIN place p ON p.id = coalesce(k.place_id, l.place_id) JOIN town t ON t.code = p.town_code
    CROSS JOIN LATERAL (SELECT f.closed_at IS NULL AND (f.state IN ('overdue_yellow', 'overdue_red') OR f.level > 0 OR f.due_at < clock_timestamp()) AS late) AS kind
    WHERE f.closed_at IS NULL AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
      AND (kind.late OR f.state IN ('under_review', 'rectified_claimed', 'appealed', 'case'))
) AS open WHERE place <= %(each)s ORDER BY late DESC, place

-- name: finding
SELECT f.*, k.code AS kitchen_code, l.code AS lift_code, coalesce(k.name_zh, p.name_zh || ' ' || l.name_zh) AS name_zh,
       coalesce(k.name_en, p.name_en || ' ' || l.name_en) AS name_en, p.town_code, d.name_zh AS camera_zh,
       d.name_en AS camera_en, d.code AS camera_code, d.kind AS device_kind, e.body AS event,
       e.at AS event_at
FROM finding f LEFT JOIN kitchen k ON k.id = f.kitchen_id LEFT JOIN lift l ON l.id = f.lift_id
JOIN place p ON p.id = coalesce(k.place_id, l.place_id)
JOIN device d ON d.id = f.device_id LEFT JOIN event e ON e.event_id = f.event_id AND e.rev = 0
WHERE f.number = %(number)s AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))

-- name: history
SELECT at, actor, action, reason FROM finding_entry WHERE finding_id = %(finding)s ORDER BY id

-- name: towns
-- Every table is read once for all towns: a city has tens of thousands of lifts and kitchens.
WITH lifts AS (
    SELECT p.town_code, count(*) AS n FROM lift l JOIN place p ON p.id = l.place_id
    WHERE l.in_use AND l.kind = 'passenger' GROUP BY 1
), trapped AS (
    SELECT r.town_code, count(*) AS n FROM rescue_fact r
    WHERE r.counted AND r.opened_at > clock_timestamp() - interval '30 days' GROUP BY 1
), findings AS (
    SELECT p.town_code, count(*) AS n FROM finding f JOIN kitchen k ON k.id = f.kitchen_id
    JOIN place p ON p.id = k.place_id WHERE f.closed_at IS NULL AND f.state NOT IN ('detected', 'muted') GROUP BY 1
), kitchens AS (
    SELECT town_code, count(*) AS n, count(*) FILTER (WHERE cameras_active > 0) AS open FROM public_kitchen GROUP BY 1
)
SELECT t.code, t.name_zh, t.name_en, coalesce(l.n, 0) AS lifts, coalesce(i.n, 0) AS trapped,
       coalesce(f.n, 0) AS open_findings, coalesce(k.n, 0) AS kitchens, coalesce(k.open, 0) AS open_kitchens
FROM town t LEFT JOIN lifts l ON l.town_code = t.code LEFT JOIN trapped i ON i.town_code = t.code
LEFT JOIN findings f ON f.town_code = t.code LEFT JOIN kitchens k ON k.town_code = t.code
WHERE (%(towns)s::text[] IS NULL OR t.code = ANY(%(towns)s)) ORDER BY t.code

-- name: town_names
SELECT code, name_zh, name_en FROM town WHERE (%(towns)s::text[] IS NULL OR code = ANY(%(towns)s)) ORDER BY code

-- name: incidents
SELECT i.number, i.state, i.tier, i.rule, i.alarm_at, i.arrived_at, i.closed_at, l.code AS lift_code,
       p.name_zh AS place_zh, p.name_en AS place_en
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
WHERE (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
ORDER BY (i.closed_at IS NULL) DESC, i.alarm_at DESC LIMIT %(limit)s

-- name: arrivals
SELECT r.arrival_s / 60 AS minutes FROM rescue_fact r
WHERE r.counted AND NOT r.mass AND r.arrival_s IS NOT NULL AND r.opened_at > clock_timestamp() - interval '30 days'
  AND (%(towns)s::text[] IS NULL OR r.town_code = ANY(%(towns)s))

-- name: rectified
SELECT count(*) AS total, count(*) FILTER (WHERE f.rectified_at - f.opened_at <= interval '24 hours') AS in_time
FROM finding f JOIN kitchen k ON k.id = f.kitchen_id JOIN place p ON p.id = k.place_id
WHERE f.opened_at > clock_timestamp() - interval '30 days' AND f.state NOT IN ('detected', 'under_review', 'muted', 'rejected')
  AND f.rule <> 'device_silent'
  AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))

-- name: risky
SELECT k.code, k.name_zh, k.name_en, count(*) FILTER (WHERE f.closed_at IS NULL) AS open,
       count(*) FILTER (WHERE f.closed_at IS NULL AND (f.state IN ('overdue_yellow', 'overdue_red') OR f.level > 0 OR f.due_at < clock_timestamp()))
           AS late, count(*) AS month
FROM finding f JOIN kitchen k ON k.id = f.kitchen_id JOIN place p ON p.id = k.place_id
WHERE f.opened_at > clock_timestamp() - interval '30 days' AND f.state NOT IN ('rejected', 'muted')
  AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
GROUP BY k.id ORDER BY late DESC, open DESC, month DESC LIMIT 10
