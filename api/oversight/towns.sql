-- name: towns
-- What is counted for each town: for the targets, for the heat, for the report. Every table is read once. Rescues and
-- what was put right are of the period, entrapments of twelve months before its end; the rest is of now.
WITH heard AS (
    SELECT d.lift_id, bool_or(s.seen_at > now() - interval '1 hour') AS lately
    FROM device d LEFT JOIN device_status s ON s.device_id = d.id
    WHERE d.kind = 'lift' AND d.retired_at IS NULL AND d.lift_id IS NOT NULL GROUP BY 1
), untested AS (
    SELECT DISTINCT lift_id FROM finding WHERE closed_at IS NULL AND rule = 'alarm_path_untested'
), lifts AS (
    SELECT p.town_code, count(*) AS lifts, count(*) FILTER (WHERE l.kind = 'passenger') AS passenger,
           count(h.lift_id) AS registered, count(*) FILTER (WHERE h.lately) AS heard,
           count(*) FILTER (WHERE h.lately AND u.lift_id IS NULL) AS tested
    FROM lift l JOIN place p ON p.id = l.place_id LEFT JOIN heard h ON h.lift_id = l.id
    LEFT JOIN untested u ON u.lift_id = l.id WHERE l.in_use GROUP BY 1
), cameras AS (
    SELECT d.kitchen_id, count(*) AS cameras,
           count(*) FILTER (WHERE s.online AND s.camera_state = 'active' AND s.seen_at > now() - interval '2 minutes') AS active
    FROM device d LEFT JOIN device_status s ON s.device_id = d.id
    WHERE d.kind = 'camera' AND d.retired_at IS NULL AND d.kitchen_id IS NOT NULL GROUP BY 1
), kitchens AS (
    SELECT p.town_code, count(*) AS kitchens, count(*) FILTER (WHERE c.active > 0) AS open_kitchens,
           count(c.kitchen_id) AS with_camera, coalesce(sum(c.cameras - c.active), 0)::int AS blind
    FROM kitchen k JOIN place p ON p.id = k.place_id LEFT JOIN cameras c ON c.kitchen_id = k.id WHERE k.in_use GROUP BY 1
), findings AS (
    SELECT p.town_code, count(*) AS open, count(*) FILTER (WHERE f.late) AS late
    FROM open_finding f LEFT JOIN kitchen k ON k.id = f.kitchen_id LEFT JOIN lift l ON l.id = f.lift_id
    JOIN place p ON p.id = coalesce(k.place_id, l.place_id) GROUP BY 1
), rectified AS (
    SELECT town_code, count(*) FILTER (WHERE in_time) AS rectified_hits, count(*) FILTER (WHERE NOT in_time) AS rectified_missed
    FROM public_finding WHERE opened_at >= %(start)s AND opened_at < %(end)s GROUP BY 1
), rescues AS (
    SELECT r.town_code,
           count(*) FILTER (WHERE r.opened_at >= %(end)s::timestamptz - interval '12 months') AS trapped_year,
           count(*) FILTER (WHERE r.opened_at >= %(start)s) AS trapped,
           count(*) FILTER (WHERE p.chosen AND r.response_s IS NOT NULL AND r.response_missed_at IS NULL) AS response_hits,
           count(*) FILTER (WHERE p.chosen AND r.response_missed_at <= now()) AS response_missed,
           count(*) FILTER (WHERE p.chosen AND r.arrival_s IS NOT NULL AND r.arrival_missed_at IS NULL) AS arrival_hits,
           count(*) FILTER (WHERE p.chosen AND r.arrival_missed_at <= now()) AS arrival_missed
    FROM rescue_fact r CROSS JOIN LATERAL (SELECT NOT r.mass AND r.opened_at >= %(start)s AS chosen) AS p
    WHERE r.counted AND r.opened_at < %(end)s
      AND r.opened_at >= least(%(start)s::timestamptz, %(end)s::timestamptz - interval '12 months') GROUP BY 1
)
SELECT t.code, t.name_zh, t.name_en, t.lat, t.lon, coalesce(l.lifts, 0) AS lifts, coalesce(l.passenger, 0) AS passenger,
       coalesce(l.registered, 0) AS registered, coalesce(l.heard, 0) AS heard, coalesce(l.tested, 0) AS tested,
       coalesce(k.kitchens, 0) AS kitchens, coalesce(k.open_kitchens, 0) AS open_kitchens,
       coalesce(k.with_camera, 0) AS with_camera, coalesce(k.blind, 0) AS blind, coalesce(f.open, 0) AS open,
       coalesce(f.late, 0) AS late, coalesce(c.rectified_hits, 0) AS rectified_hits,
       coalesce(c.rectified_missed, 0) AS rectified_missed, coalesce(r.trapped_year, 0) AS trapped_year,
       coalesce(r.trapped, 0) AS trapped, coalesce(r.response_hits, 0) AS response_hits,
       coalesce(r.response_missed, 0) AS response_missed, coalesce(r.arrival_hits, 0) AS arrival_hits,
       coalesce(r.arrival_missed, 0) AS arrival_missed
FROM public_town t LEFT JOIN lifts l ON l.town_code = t.code LEFT JOIN kitchens k ON k.town_code = t.code
LEFT JOIN findings f ON f.town_code = t.code LEFT JOIN rectified c ON c.town_code = t.code
LEFT JOIN rescues r ON r.town_code = t.code
WHERE %(towns)s::text[] IS NULL OR t.code = ANY(%(towns)s) ORDER BY t.code

-- name: kitchen_kinds
SELECT k.kind, count(*) AS kitchens, count(*) FILTER (WHERE c.active > 0) AS open_kitchens
FROM kitchen k JOIN place p ON p.id = k.place_id LEFT JOIN (
    SELECT d.kitchen_id, count(*) FILTER (WHERE s.online AND s.camera_state = 'active'
                                          AND s.seen_at > now() - interval '2 minutes') AS active
    FROM device d LEFT JOIN device_status s ON s.device_id = d.id
    WHERE d.kind = 'camera' AND d.retired_at IS NULL GROUP BY 1) AS c ON c.kitchen_id = k.id
WHERE k.in_use AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s)) GROUP BY 1 ORDER BY 2 DESC, 1

-- name: open_months
-- The share of open kitchens in months past, as it was looked at each hour.
SELECT to_char(day, 'YYYY-MM') AS month, sum(kitchens)::bigint AS kitchens, sum(open_kitchens)::bigint AS open_kitchens,
       max(looks) AS looks
FROM open_kitchen_day WHERE day >= (%(start)s::timestamptz AT TIME ZONE 'Asia/Shanghai')::date
  AND day < (%(end)s::timestamptz AT TIME ZONE 'Asia/Shanghai')::date + 1
  AND (%(towns)s::text[] IS NULL OR town_code = ANY(%(towns)s)) GROUP BY 1 ORDER BY 1

-- name: rectified_months
SELECT to_char(opened_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, count(*) FILTER (WHERE in_time) AS hits,
       count(*) FILTER (WHERE NOT in_time) AS missed
FROM public_finding WHERE opened_at >= %(start)s AND opened_at < %(end)s
  AND (%(towns)s::text[] IS NULL OR town_code = ANY(%(towns)s)) GROUP BY 1 ORDER BY 1
