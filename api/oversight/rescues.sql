-- name: rescues
-- All figures of a period: as a whole, by month and by town. Entrapments are counted with mass incidents; everything
-- else is of the chosen ones (`mass`: out, in, only).
SELECT grouping(f.month) = 0 AS of_month, grouping(f.town_code) = 0 AS of_town, f.month, f.town_code,
       count(*) AS trapped, count(*) FILTER (WHERE f.mass) AS trapped_mass,
       count(*) FILTER (WHERE f.chosen AND f.response_s IS NOT NULL AND f.response_missed_at IS NULL) AS response_hits,
       count(*) FILTER (WHERE f.chosen AND f.response_missed_at <= %(now)s) AS response_missed,
       count(*) FILTER (WHERE f.chosen AND f.arrival_s IS NOT NULL AND f.arrival_missed_at IS NULL) AS arrival_hits,
       count(*) FILTER (WHERE f.chosen AND f.arrival_missed_at <= %(now)s) AS arrival_missed,
       count(f.arrival_s) FILTER (WHERE f.chosen) AS arrivals,
       avg(f.arrival_s / 60) FILTER (WHERE f.chosen) AS arrival_mean,
       stddev_samp(f.arrival_s / 60) FILTER (WHERE f.chosen) AS arrival_sd,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY f.arrival_s / 60) FILTER (WHERE f.chosen) AS arrival_p50,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY f.arrival_s / 60) FILTER (WHERE f.chosen) AS arrival_p90,
       count(f.release_s) FILTER (WHERE f.chosen) AS releases,
       avg(f.release_s / 60) FILTER (WHERE f.chosen) AS release_mean,
       stddev_samp(f.release_s / 60) FILTER (WHERE f.chosen) AS release_sd,
       count(*) FILTER (WHERE f.chosen AND f.tier = 1) AS tier_1,
       count(*) FILTER (WHERE f.chosen AND f.tier = 2) AS tier_2,
       count(*) FILTER (WHERE f.chosen AND f.tier = 3) AS tier_3
FROM (SELECT r.*, %(mass)s::text = 'in' OR r.mass = (%(mass)s = 'only') AS chosen,
             (extract(year FROM r.opened_at AT TIME ZONE 'Asia/Shanghai') * 12
              + extract(month FROM r.opened_at AT TIME ZONE 'Asia/Shanghai'))::int - 1 AS month
      FROM rescue_fact r
      WHERE r.counted AND r.opened_at >= %(start)s AND r.opened_at < %(end)s
        AND (%(towns)s::text[] IS NULL OR r.town_code = ANY(%(towns)s))
        AND (%(town)s::text = '' OR r.town_code = %(town)s)
        AND (%(unit)s::bigint IS NULL OR r.unit_id = %(unit)s)) AS f
GROUP BY GROUPING SETS ((), (f.month), (f.town_code)) ORDER BY f.month, f.town_code

-- name: spread
-- How the chosen ones are spread: over the hours of the day, over causes, over the time until the arrival.
SELECT kind, name, count(*) AS n FROM (
    SELECT v.kind, v.name FROM rescue_fact r CROSS JOIN LATERAL (VALUES
        ('hour', extract(hour FROM r.alarm_at AT TIME ZONE 'Asia/Shanghai')::int::text),
        ('cause', coalesce(r.cause, '')),
        ('arrival', least(%(bins)s::int, floor(r.arrival_s / 60 / %(step)s::int)::int)::text)
    ) AS v (kind, name)
    WHERE r.counted AND r.opened_at >= %(start)s AND r.opened_at < %(end)s
      AND (%(mass)s::text = 'in' OR r.mass = (%(mass)s = 'only'))
      AND (%(towns)s::text[] IS NULL OR r.town_code = ANY(%(towns)s))
      AND (%(town)s::text = '' OR r.town_code = %(town)s)
      AND (%(unit)s::bigint IS NULL OR r.unit_id = %(unit)s)
      AND v.name IS NOT NULL
) AS f GROUP BY kind, name ORDER BY kind, n DESC, name

-- name: left_out
-- What is not counted, and why.
SELECT r.left_out, count(*) AS n FROM rescue_fact r
WHERE NOT r.counted AND r.opened_at >= %(start)s AND r.opened_at < %(end)s
  AND (%(towns)s::text[] IS NULL OR r.town_code = ANY(%(towns)s)) AND (%(town)s::text = '' OR r.town_code = %(town)s)
  AND (%(unit)s::bigint IS NULL OR r.unit_id = %(unit)s)
GROUP BY 1

-- name: since
-- From when on there is anything at all to compare with.
SELECT min(opened_at) AS since FROM incident

-- name: lifts
SELECT p.town_code, count(*) AS n FROM lift l JOIN place p ON p.id = l.place_id
WHERE l.in_use AND l.kind = 'passenger' AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
  AND (%(town)s::text = '' OR p.town_code = %(town)s)
  AND (%(unit)s::bigint IS NULL OR l.maintenance_org_id = %(unit)s)
GROUP BY 1

-- name: units
WITH lifts AS (
    SELECT l.maintenance_org_id AS unit_id, count(*) AS n FROM lift l JOIN place p ON p.id = l.place_id
    WHERE l.in_use AND l.kind = 'passenger' AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
      AND (%(town)s::text = '' OR p.town_code = %(town)s) GROUP BY 1
), trapped AS (
    SELECT r.unit_id, count(*) AS n FROM rescue_fact r
    WHERE r.counted AND r.opened_at >= %(start)s AND r.opened_at < %(end)s
      AND (%(towns)s::text[] IS NULL OR r.town_code = ANY(%(towns)s))
      AND (%(town)s::text = '' OR r.town_code = %(town)s) GROUP BY 1
), calls AS (
    SELECT c.unit_id,
           count(*) FILTER (WHERE c.response_s IS NOT NULL AND c.response_missed_at IS NULL) AS response_hits,
           count(*) FILTER (WHERE c.response_missed_at <= %(now)s) AS response_missed,
           count(*) FILTER (WHERE c.arrival_s IS NOT NULL AND c.arrival_missed_at IS NULL) AS arrival_hits,
           count(*) FILTER (WHERE c.arrival_missed_at <= %(now)s) AS arrival_missed,
           count(c.arrival_s) AS arrivals, avg(c.arrival_s / 60) AS arrival_mean,
           stddev_samp(c.arrival_s / 60) AS arrival_sd
    FROM unit_call c
    WHERE c.opened_at >= %(start)s AND c.opened_at < %(end)s
      AND (%(mass)s::text = 'in' OR c.mass = (%(mass)s = 'only'))
      AND (%(towns)s::text[] IS NULL OR c.town_code = ANY(%(towns)s))
      AND (%(town)s::text = '' OR c.town_code = %(town)s) GROUP BY 1
)
SELECT o.code, o.name_zh, o.name_en, coalesce(l.n, 0) AS lifts, coalesce(t.n, 0) AS trapped,
       coalesce(c.response_hits, 0) AS response_hits, coalesce(c.response_missed, 0) AS response_missed,
       coalesce(c.arrival_hits, 0) AS arrival_hits, coalesce(c.arrival_missed, 0) AS arrival_missed,
       coalesce(c.arrivals, 0) AS arrivals, c.arrival_mean, c.arrival_sd
FROM organisation o LEFT JOIN lifts l ON l.unit_id = o.id LEFT JOIN trapped t ON t.unit_id = o.id
LEFT JOIN calls c ON c.unit_id = o.id
WHERE o.kind = 'maintenance' AND (l.n > 0 OR t.n > 0 OR c.unit_id IS NOT NULL)
  AND (%(unit)s::bigint IS NULL OR o.id = %(unit)s)
ORDER BY o.code

-- name: unit_names
-- Those that look after lifts here.
SELECT o.id, o.code, o.name_zh, o.name_en FROM organisation o
WHERE o.kind = 'maintenance' AND EXISTS (
    SELECT FROM lift l JOIN place p ON p.id = l.place_id
    WHERE l.maintenance_org_id = o.id AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s)))
ORDER BY o.code

-- name: repeats
-- Lifts in which people were trapped again within 30 days; the later entrapment lies in the period.
SELECT l.code, p.name_zh AS place_zh, p.name_en AS place_en, t.name_zh AS town_zh, t.name_en AS town_en,
       o.name_zh AS unit_zh, o.name_en AS unit_en, a.again, a.trapped, a.last_at, a.shortest_days,
       count(*) OVER () AS of_all
FROM (
    SELECT g.lift_id, count(*) FILTER (WHERE g.gap <= interval '30 days') AS again, count(*) AS trapped,
           max(g.opened_at) AS last_at,
           (extract(epoch FROM min(g.gap)) / 86400)::float8 AS shortest_days
    FROM (SELECT r.lift_id, r.opened_at,
                 r.opened_at - lag(r.opened_at) OVER (PARTITION BY r.lift_id ORDER BY r.opened_at, r.id) AS gap
          FROM rescue_fact r
          WHERE r.counted AND r.opened_at < %(end)s
            AND r.opened_at >= %(start)s::timestamptz - interval '30 days'
            AND (%(mass)s::text = 'in' OR r.mass = (%(mass)s = 'only'))
            AND (%(towns)s::text[] IS NULL OR r.town_code = ANY(%(towns)s))
            AND (%(town)s::text = '' OR r.town_code = %(town)s)
            AND (%(unit)s::bigint IS NULL OR r.unit_id = %(unit)s)) AS g
    WHERE g.opened_at >= %(start)s
    GROUP BY g.lift_id HAVING min(g.gap) <= interval '30 days'
) AS a
JOIN lift l ON l.id = a.lift_id JOIN place p ON p.id = l.place_id JOIN town t ON t.code = p.town_code
LEFT JOIN organisation o ON o.id = l.maintenance_org_id
ORDER BY a.again DESC, a.trapped DESC, a.last_at DESC, l.code LIMIT %(limit)s

-- name: mass
SELECT m.number, m.cause, m.opened_at, m.closed_at, m.grid_code, p.name_zh AS place_zh, p.name_en AS place_en,
       f.lifts, f.arrival_mean, f.people, count(*) OVER () AS of_all
FROM mass_incident m LEFT JOIN place p ON p.id = m.place_id
JOIN LATERAL (
    SELECT count(*) AS lifts, avg(r.arrival_s / 60) AS arrival_mean, sum(r.people_inside) AS people
    FROM incident i JOIN rescue_fact r ON r.id = i.id
    WHERE i.mass_id = m.id AND r.counted
      AND (%(towns)s::text[] IS NULL OR r.town_code = ANY(%(towns)s))
      AND (%(town)s::text = '' OR r.town_code = %(town)s)
      AND (%(unit)s::bigint IS NULL OR r.unit_id = %(unit)s)
) AS f ON f.lifts > 0
WHERE NOT m.drill AND m.opened_at >= %(start)s AND m.opened_at < %(end)s
ORDER BY m.opened_at DESC LIMIT %(limit)s
