-- name: kitchens
-- Every kitchen in use with what counts for its place in the order of api.oversight.risk.
WITH open AS (
    SELECT f.kitchen_id, count(*) AS open, count(*) FILTER (WHERE f.late) AS late,
           count(*) FILTER (WHERE f.class = 'I') AS class_i
    FROM open_finding f WHERE f.kitchen_id IS NOT NULL GROUP BY 1
), again AS (
    -- Of one rule in 30 days the third and those after it.
    SELECT g.kitchen_id, sum(g.n - 2)::int AS again FROM (
        SELECT kitchen_id, count(*) AS n FROM finding
        WHERE opened_at > now() - interval '30 days' AND kitchen_id IS NOT NULL AND rule <> 'device_silent'
          AND state NOT IN ('detected', 'under_review', 'muted', 'rejected') GROUP BY kitchen_id, rule
    ) AS g WHERE g.n >= 3 GROUP BY 1
), cameras AS (
    SELECT d.kitchen_id, count(*) AS cameras,
           count(*) FILTER (WHERE s.online AND s.camera_state = 'active' AND s.seen_at > now() - interval '2 minutes') AS active
    FROM device d LEFT JOIN device_status s ON s.device_id = d.id
    WHERE d.kind = 'camera' AND d.retired_at IS NULL AND d.kitchen_id IS NOT NULL GROUP BY 1
), counted AS (
    SELECT k.id, k.code, p.town_code, coalesce(c.cameras, 0)::int AS cameras, coalesce(c.active, 0)::int AS active,
           coalesce(c.cameras - c.active, 0)::int AS blind, coalesce(f.open, 0)::int AS open,
           coalesce(f.late, 0)::int AS late, coalesce(f.class_i, 0)::int AS class_i, coalesce(a.again, 0) AS again,
           CASE WHEN %(sort)s::text = 'name' THEN k.name_zh END AS name
    FROM kitchen k JOIN place p ON p.id = k.place_id
    LEFT JOIN open f ON f.kitchen_id = k.id LEFT JOIN again a ON a.kitchen_id = k.id
    LEFT JOIN cameras c ON c.kitchen_id = k.id
    WHERE k.in_use AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
      AND (%(town)s::text = '' OR p.town_code = %(town)s) AND (%(kind)s::text = '' OR k.kind = %(kind)s)
      AND (%(code)s::text = '' OR k.code = %(code)s)
      AND (%(words)s::text = '' OR k.name_zh ILIKE %(words)s OR k.name_en ILIKE %(words)s OR k.code ILIKE %(words)s
           OR p.address_zh ILIKE %(words)s OR p.address_en ILIKE %(words)s)
), rated AS (
    SELECT c.*, round(least(100, least(%(class_i_most)s::float8, %(class_i_each)s::float8 * class_i)
               + least(%(late_most)s::float8, %(late_each)s::float8 * late)
               + least(%(again_most)s::float8, %(again_each)s::float8 * again)
               + least(%(open_most)s::float8, %(open_each)s::float8 * open)
               + least(%(blind_most)s::float8, %(blind_each)s::float8 * blind)))::int AS risk
    FROM counted c
    WHERE CASE %(cameras)s::text WHEN 'open' THEN active > 0 WHEN 'blind' THEN blind > 0 WHEN 'none' THEN cameras = 0
               ELSE true END
      AND CASE %(open)s::text WHEN 'late' THEN late > 0 WHEN 'open' THEN open > 0 ELSE true END
), sorted AS (
    SELECT r.*, count(*) OVER () AS of_all,
           CASE %(sort)s WHEN 'risk' THEN risk WHEN 'open' THEN open WHEN 'late' THEN late
                WHEN 'cameras' THEN active END AS key,
           CASE %(sort)s WHEN 'name' THEN r.name WHEN 'town' THEN r.town_code WHEN 'code' THEN r.code END AS word
    FROM rated r
), page AS (
    SELECT * FROM sorted ORDER BY CASE WHEN %(order)s::text = 'asc' THEN key END,
        CASE WHEN %(order)s = 'desc' THEN key END DESC, CASE WHEN %(order)s = 'asc' THEN word END,
        CASE WHEN %(order)s = 'desc' THEN word END DESC, late DESC, open DESC, code
    LIMIT %(limit)s OFFSET %(skip)s
)
SELECT r.*, k.kind, k.name_zh, k.name_en, k.licence, p.address_zh, p.address_en, o.name_zh AS owner_zh,
       o.name_en AS owner_en, t.name_zh AS town_zh, t.name_en AS town_en
FROM page r JOIN kitchen k ON k.id = r.id JOIN place p ON p.id = k.place_id
JOIN organisation o ON o.id = k.owner_org_id JOIN town t ON t.code = r.town_code
ORDER BY CASE WHEN %(order)s::text = 'asc' THEN r.key END,
        CASE WHEN %(order)s = 'desc' THEN r.key END DESC, CASE WHEN %(order)s = 'asc' THEN r.word END,
        CASE WHEN %(order)s = 'desc' THEN r.word END DESC, r.late DESC, r.open DESC, r.code

-- name: lifts
WITH trapped AS (
    SELECT g.lift_id, count(*) AS trapped, count(*) FILTER (WHERE g.gap <= interval '30 days') AS trapped_again
    FROM (SELECT r.lift_id, r.opened_at - lag(r.opened_at) OVER (PARTITION BY r.lift_id ORDER BY r.opened_at, r.id) AS gap
          FROM rescue_fact r WHERE r.counted AND r.opened_at > now() - interval '12 months') AS g
    GROUP BY 1
), open AS (
    SELECT f.lift_id, count(*) AS open, count(*) FILTER (WHERE f.late) AS late,
           count(*) FILTER (WHERE f.class = 'I') AS class_i
    FROM open_finding f WHERE f.lift_id IS NOT NULL GROUP BY 1
), quiet AS (
    SELECT d.lift_id, min(s.since) AS since FROM silent_device s JOIN device d ON d.id = s.device_id
    WHERE d.lift_id IS NOT NULL GROUP BY 1
), counted AS (
    SELECT l.id, l.code, p.town_code, l.next_inspection, coalesce(i.trapped, 0)::int AS trapped,
           coalesce(i.trapped_again, 0)::int AS trapped_again, q.since AS silent_since,
           (q.lift_id IS NOT NULL)::int AS silent, coalesce(f.open, 0)::int AS open,
           coalesce(f.late, 0)::int AS late, coalesce(f.class_i, 0)::int AS class_i,
           CASE %(sort)s::text WHEN 'name' THEN p.name_zh || ' ' || l.name_zh WHEN 'unit' THEN o.name_zh END AS name,
           l.maintenance_org_id AS unit_id
    FROM lift l JOIN place p ON p.id = l.place_id LEFT JOIN organisation o ON o.id = l.maintenance_org_id
    LEFT JOIN trapped i ON i.lift_id = l.id LEFT JOIN open f ON f.lift_id = l.id LEFT JOIN quiet q ON q.lift_id = l.id
    WHERE l.in_use AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
      AND (%(town)s::text = '' OR p.town_code = %(town)s) AND (%(kind)s::text = '' OR l.kind = %(kind)s)
      AND (%(code)s::text = '' OR l.code = %(code)s) AND (%(unit)s::text = '' OR o.code = %(unit)s)
      AND (%(words)s::text = '' OR l.code ILIKE %(words)s OR p.name_zh ILIKE %(words)s OR p.name_en ILIKE %(words)s
           OR p.address_zh ILIKE %(words)s OR p.address_en ILIKE %(words)s)
), rated AS (
    SELECT c.*, round(least(100, least(%(trapped_again_most)s::float8, %(trapped_again_each)s::float8 * trapped_again)
               + least(%(class_i_most)s::float8, %(class_i_each)s::float8 * class_i)
               + least(%(late_most)s::float8, %(late_each)s::float8 * late)
               + least(%(trapped_most)s::float8, %(trapped_each)s::float8 * trapped)
               + least(%(open_most)s::float8, %(open_each)s::float8 * open)
               + least(%(silent_most)s::float8, %(silent_each)s::float8 * silent)))::int AS risk
    FROM counted c
    WHERE CASE %(state)s::text WHEN 'silent' THEN silent > 0 WHEN 'faults' THEN open > 0 WHEN 'trapped' THEN trapped > 0
               WHEN 'again' THEN trapped_again > 0
               WHEN 'inspection' THEN next_inspection < (now() AT TIME ZONE 'Asia/Shanghai')::date
               WHEN 'no_unit' THEN unit_id IS NULL ELSE true END
), sorted AS (
    SELECT r.*, count(*) OVER () AS of_all,
           CASE %(sort)s WHEN 'risk' THEN risk WHEN 'trapped' THEN trapped WHEN 'open' THEN open
                WHEN 'silent' THEN extract(epoch FROM now() - silent_since)::float8
                WHEN 'inspection' THEN next_inspection - date '2000-01-01' END AS key,
           CASE %(sort)s WHEN 'name' THEN r.name WHEN 'unit' THEN r.name WHEN 'town' THEN r.town_code
                WHEN 'code' THEN r.code END AS word
    FROM rated r
), page AS (
    SELECT * FROM sorted ORDER BY CASE WHEN %(order)s::text = 'asc' THEN key END,
        CASE WHEN %(order)s = 'desc' THEN key END DESC NULLS LAST, CASE WHEN %(order)s = 'asc' THEN word END,
        CASE WHEN %(order)s = 'desc' THEN word END DESC NULLS LAST, late DESC, trapped DESC, code
    LIMIT %(limit)s OFFSET %(skip)s
)
SELECT r.*, l.kind, l.floors, p.name_zh || ' ' || l.name_zh AS name_zh, p.name_en || ' ' || l.name_en AS name_en,
       p.address_zh, p.address_en, o.code AS unit, o.name_zh AS unit_zh, o.name_en AS unit_en, t.name_zh AS town_zh,
       t.name_en AS town_en, r.next_inspection < (now() AT TIME ZONE 'Asia/Shanghai')::date AS inspection_late
FROM page r JOIN lift l ON l.id = r.id JOIN place p ON p.id = l.place_id
LEFT JOIN organisation o ON o.id = r.unit_id JOIN town t ON t.code = r.town_code
ORDER BY CASE WHEN %(order)s::text = 'asc' THEN r.key END,
        CASE WHEN %(order)s = 'desc' THEN r.key END DESC NULLS LAST, CASE WHEN %(order)s = 'asc' THEN r.word END,
        CASE WHEN %(order)s = 'desc' THEN r.word END DESC NULLS LAST, r.late DESC, r.trapped DESC, r.code

-- name: incidents
WITH rated AS (
    SELECT i.number, i.state, i.tier, i.rule, i.alarm_at, i.arrived_at, i.closed_at, i.cause, i.people_inside,
           i.mass_id IS NOT NULL AS mass, i.source = 'drill' AS drill, r.arrival_s / 60 AS arrival_min,
           r.release_s / 60 AS release_min, r.arrival_missed_at <= now() AS late, l.code AS lift_code,
           p.name_zh || ' ' || l.name_zh AS name_zh, p.name_en || ' ' || l.name_en AS name_en, p.town_code,
           t.name_zh AS town_zh, t.name_en AS town_en, o.code AS unit, o.name_zh AS unit_zh, o.name_en AS unit_en, i.id
    FROM incident i JOIN rescue_fact r ON r.id = i.id JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
    JOIN town t ON t.code = p.town_code LEFT JOIN organisation o ON o.id = l.maintenance_org_id
    WHERE (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
      AND (%(town)s::text = '' OR p.town_code = %(town)s) AND (%(unit)s::text = '' OR o.code = %(unit)s)
      AND (%(code)s::text = '' OR l.code = %(code)s)
      AND (%(tier)s::text = '' OR i.tier::text = %(tier)s) AND (%(cause)s::text = '' OR i.cause = %(cause)s)
      AND (%(from)s::timestamptz IS NULL OR i.alarm_at >= %(from)s) AND (%(to)s::timestamptz IS NULL OR i.alarm_at < %(to)s)
      AND CASE %(state)s::text WHEN 'open' THEN i.closed_at IS NULL WHEN 'late' THEN r.counted AND r.arrival_missed_at <= now()
               WHEN 'counted' THEN r.counted WHEN 'left_out' THEN NOT r.counted WHEN 'mass' THEN i.mass_id IS NOT NULL
               ELSE true END
      AND (%(words)s::text = '' OR i.number ILIKE %(words)s OR l.code ILIKE %(words)s OR p.name_zh ILIKE %(words)s
           OR p.name_en ILIKE %(words)s)
), sorted AS (
    SELECT r.*, count(*) OVER () AS of_all,
           CASE %(sort)s::text WHEN 'alarm' THEN extract(epoch FROM alarm_at) WHEN 'arrival' THEN arrival_min
                WHEN 'release' THEN release_min WHEN 'tier' THEN tier END AS key,
           CASE %(sort)s::text WHEN 'name' THEN name_zh WHEN 'town' THEN town_code WHEN 'unit' THEN unit_zh END AS word
    FROM rated r
)
SELECT * FROM sorted ORDER BY (closed_at IS NULL AND %(sort)s::text = 'alarm') DESC,
    CASE WHEN %(order)s::text = 'asc' THEN key END, CASE WHEN %(order)s = 'desc' THEN key END DESC NULLS LAST,
    CASE WHEN %(order)s = 'asc' THEN word END, CASE WHEN %(order)s = 'desc' THEN word END DESC NULLS LAST,
    alarm_at DESC, id
LIMIT %(limit)s OFFSET %(skip)s

-- name: findings
-- The queue: in kitchens and of lifts. Where nothing else is asked for, those that are open; what is over is of the
-- last 90 days unless a day is named.
WITH chosen AS (
    SELECT f.id, f.class, f.rule, f.state, f.level, f.repeats, f.opened_at, f.due_at, f.kitchen_id, f.lift_id, p.town_code,
           a.person_id AS officer_id, (f.closed_at IS NULL)::int AS alive,
           (f.closed_at IS NULL AND f.state NOT IN ('detected', 'muted')
            AND (f.state IN ('overdue_yellow', 'overdue_red') OR f.level > 0 OR f.due_at < now()))::int AS late,
           CASE WHEN %(sort)s::text = 'name' THEN coalesce(k.name_zh, p.name_zh) END AS name
    FROM finding f LEFT JOIN kitchen k ON k.id = f.kitchen_id LEFT JOIN lift l ON l.id = f.lift_id
    JOIN place p ON p.id = coalesce(k.place_id, l.place_id) LEFT JOIN finding_assigned a ON a.finding_id = f.id
    WHERE CASE %(state)s::text WHEN '' THEN f.closed_at IS NULL AND f.state NOT IN ('detected', 'muted')
               WHEN 'waiting' THEN f.closed_at IS NULL AND f.state IN ('under_review', 'rectified_claimed', 'appealed', 'case')
               WHEN 'all' THEN true ELSE f.state = %(state)s END
      AND (%(state)s NOT IN ('', 'waiting') OR f.closed_at IS NULL)
      AND (%(state)s NOT IN ('all', 'closed', 'rejected') OR %(from)s::timestamptz IS NOT NULL
           OR f.opened_at > now() - interval '90 days')
      AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
      AND (%(town)s::text = '' OR p.town_code = %(town)s)
      AND (%(class)s::text = '' OR f.class = %(class)s) AND (%(rule)s::text = '' OR f.rule = %(rule)s)
      AND (%(subject)s::text = '' OR (%(subject)s = 'lift') = (f.lift_id IS NOT NULL))
      AND (%(code)s::text = '' OR coalesce(k.code, l.code) = %(code)s)
      AND CASE %(officer)s::text WHEN 'me' THEN a.person_id = %(me)s::bigint WHEN 'nobody' THEN a.person_id IS NULL
               WHEN 'anybody' THEN a.person_id IS NOT NULL ELSE true END
      AND (%(from)s IS NULL OR f.opened_at >= %(from)s) AND (%(to)s::timestamptz IS NULL OR f.opened_at < %(to)s)
      AND (%(words)s::text = '' OR f.number ILIKE %(words)s OR coalesce(k.code, l.code) ILIKE %(words)s
           OR coalesce(k.name_zh, p.name_zh) ILIKE %(words)s OR coalesce(k.name_en, p.name_en) ILIKE %(words)s)
), others AS (
    SELECT coalesce(kitchen_id, -lift_id) AS subject, (count(*) - 1)::int AS others FROM open_finding GROUP BY 1
), terms AS (
    SELECT c.id, c.rule, c.state, c.opened_at, c.due_at, c.town_code, c.officer_id, c.name, c.late,
           alive * (class = 'I')::int AS class_i, alive * (class = 'II')::int AS class_ii,
           alive * (class = 'III')::int AS class_iii, alive * (class = 'D')::int AS class_d, alive * level AS level,
           alive * repeats AS again, alive * coalesce(o.others, 0) AS others
    FROM chosen c LEFT JOIN others o ON o.subject = coalesce(c.kitchen_id, -c.lift_id)
    WHERE %(late)s::text = '' OR c.late = 1
), rated AS (
    SELECT t.*, round(least(100, least(%(class_i_most)s::float8, %(class_i_each)s::float8 * class_i)
               + least(%(class_ii_most)s::float8, %(class_ii_each)s::float8 * class_ii)
               + least(%(class_iii_most)s::float8, %(class_iii_each)s::float8 * class_iii)
               + least(%(class_d_most)s::float8, %(class_d_each)s::float8 * class_d)
               + least(%(late_most)s::float8, %(late_each)s::float8 * late)
               + least(%(level_most)s::float8, %(level_each)s::float8 * level)
               + least(%(again_most)s::float8, %(again_each)s::float8 * again)
               + least(%(others_most)s::float8, %(others_each)s::float8 * others)))::int AS risk
    FROM terms t
), sorted AS (
    SELECT r.*, count(*) OVER () AS of_all,
           CASE %(sort)s WHEN 'risk' THEN risk WHEN 'opened' THEN extract(epoch FROM opened_at)::float8
                WHEN 'due' THEN extract(epoch FROM due_at)::float8 END AS key,
           CASE %(sort)s WHEN 'name' THEN r.name WHEN 'town' THEN town_code WHEN 'rule' THEN rule
                WHEN 'state' THEN state END AS word
    FROM rated r
), page AS (
    SELECT * FROM sorted ORDER BY CASE WHEN %(order)s::text = 'asc' THEN key END,
        CASE WHEN %(order)s = 'desc' THEN key END DESC NULLS LAST, CASE WHEN %(order)s = 'asc' THEN word END,
        CASE WHEN %(order)s = 'desc' THEN word END DESC, due_at NULLS LAST, opened_at DESC, id
    LIMIT %(limit)s OFFSET %(skip)s
)
SELECT r.*, f.number, f.class, f.confidence, f.closed_at, k.code AS kitchen_code, l.code AS lift_code,
       coalesce(k.code, l.code) AS code, coalesce(k.name_zh, p.name_zh || ' ' || l.name_zh) AS name_zh,
       coalesce(k.name_en, p.name_en || ' ' || l.name_en) AS name_en, t.name_zh AS town_zh, t.name_en AS town_en,
       n.name AS officer
FROM page r JOIN finding f ON f.id = r.id LEFT JOIN kitchen k ON k.id = f.kitchen_id LEFT JOIN lift l ON l.id = f.lift_id
JOIN place p ON p.id = coalesce(k.place_id, l.place_id) JOIN town t ON t.code = p.town_code
LEFT JOIN person n ON n.id = r.officer_id
ORDER BY CASE WHEN %(order)s::text = 'asc' THEN r.key END,
        CASE WHEN %(order)s = 'desc' THEN r.key END DESC NULLS LAST, CASE WHEN %(order)s = 'asc' THEN r.word END,
        CASE WHEN %(order)s = 'desc' THEN r.word END DESC, r.due_at NULLS LAST, r.opened_at DESC, r.id

-- name: unit_names
SELECT code, name_zh, name_en FROM organisation o WHERE kind = 'maintenance' AND EXISTS (
    SELECT FROM lift l JOIN place p ON p.id = l.place_id
    WHERE l.maintenance_org_id = o.id AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s)))
ORDER BY code

-- name: kinds
SELECT DISTINCT kind FROM kitchen ORDER BY 1
