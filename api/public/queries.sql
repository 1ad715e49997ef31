-- name: figures
-- Of the last days and of a year, and of the same days a year before. The rate counts mass incidents, what follows it
-- does not.
SELECT span.name, (SELECT count(*) FROM public_lift WHERE kind = 'passenger') AS passenger_lifts,
       count(r.opened_at) AS rescues, count(*) FILTER (WHERE r.mass) AS mass,
       avg(r.arrival_s) FILTER (WHERE NOT r.mass) / 60 AS arrival_min,
       avg(r.release_s) FILTER (WHERE NOT r.mass) / 60 AS release_min,
       count(*) FILTER (WHERE NOT r.mass AND r.response_s IS NOT NULL AND r.response_missed_at IS NULL) AS answered,
       count(*) FILTER (WHERE NOT r.mass AND r.response_missed_at <= %(now)s) AS not_answered,
       count(*) FILTER (WHERE NOT r.mass AND r.arrival_s IS NOT NULL AND r.arrival_missed_at IS NULL) AS arrived,
       count(*) FILTER (WHERE NOT r.mass AND r.arrival_missed_at <= %(now)s) AS not_arrived,
       count(*) FILTER (WHERE NOT r.mass AND r.tier = 1) AS tier_1,
       count(*) FILTER (WHERE NOT r.mass AND r.tier = 2) AS tier_2,
       count(*) FILTER (WHERE NOT r.mass AND r.tier = 3) AS tier_3
FROM (VALUES ('now', %(month)s::timestamptz, %(now)s::timestamptz),
             ('last', %(month)s::timestamptz - interval '365 days', %(now)s::timestamptz - interval '365 days'),
             ('year', %(now)s::timestamptz - interval '365 days', %(now)s::timestamptz),
             ('last_year', %(now)s::timestamptz - interval '730 days', %(now)s::timestamptz - interval '365 days')
     ) AS span (name, start, stop)
LEFT JOIN public_rescue r ON r.opened_at > span.start AND r.opened_at <= span.stop
GROUP BY span.name

-- name: since
-- From when on there is anything to compare with.
SELECT min(opened_at) AS since FROM public_rescue

-- name: arrivals
SELECT arrival_s / 60 AS minutes FROM public_rescue WHERE arrival_s IS NOT NULL AND NOT mass AND opened_at > %(month)s

-- name: causes
SELECT cause, count(*) FILTER (WHERE opened_at > %(year)s) AS n,
       count(*) FILTER (WHERE opened_at <= %(year)s) AS before
FROM public_rescue
WHERE cause IS NOT NULL AND NOT mass AND opened_at > %(year)s::timestamptz - interval '365 days'
GROUP BY 1 ORDER BY 2 DESC, 1

-- name: months
-- Entrapments by month of the city's clock.
SELECT to_char(opened_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, count(*) AS n
FROM public_rescue WHERE opened_at > %(since)s GROUP BY 1 ORDER BY 1

-- name: put_right
-- What was found in kitchens and told to their owners, of a year and of the year before.
SELECT span.name, count(f.opened_at) AS found, count(f.rectify_s) AS put_right,
       count(*) FILTER (WHERE f.in_time) AS in_time, count(*) FILTER (WHERE NOT f.in_time) AS late,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY f.rectify_s / 3600) AS median_h
FROM (VALUES ('year', %(year)s::timestamptz, %(now)s::timestamptz),
             ('last_year', %(year)s::timestamptz - interval '365 days', %(year)s::timestamptz)) AS span (name, start, stop)
LEFT JOIN public_finding f ON f.opened_at > span.start AND f.opened_at <= span.stop
GROUP BY span.name

-- name: open_before
-- The same days a year before; nothing where nobody looked.
SELECT sum(kitchens)::float8 AS kitchens, sum(open_kitchens)::float8 AS open_kitchens FROM public_open_kitchen
WHERE day BETWEEN (%(now)s::timestamptz - interval '395 days')::date AND (%(now)s::timestamptz - interval '365 days')::date

-- name: towns
-- Every view is read once for all towns: a city has tens of thousands of lifts and kitchens.
WITH lift AS (SELECT town_code, count(*) FILTER (WHERE kind = 'passenger') AS lifts FROM public_lift GROUP BY 1),
     rescue AS (SELECT town_code, count(*) FILTER (WHERE opened_at > %(month)s) AS rescues, count(*) AS rescues_year
                  FROM public_rescue WHERE opened_at > %(year)s GROUP BY 1),
     kitchen AS (SELECT town_code, count(*) AS kitchens, count(*) FILTER (WHERE cameras_active > 0) AS open_kitchens
                   FROM public_kitchen GROUP BY 1)
SELECT t.code, t.name_zh, t.name_en, t.lat, t.lon, coalesce(l.lifts, 0) AS lifts, coalesce(r.rescues, 0) AS rescues,
       coalesce(r.rescues_year, 0) AS rescues_year, coalesce(k.kitchens, 0) AS kitchens,
       coalesce(k.open_kitchens, 0) AS open_kitchens
FROM public_town t LEFT JOIN lift l ON l.town_code = t.code LEFT JOIN rescue r ON r.town_code = t.code
LEFT JOIN kitchen k ON k.town_code = t.code ORDER BY t.code

-- name: lift
SELECT l.*, t.name_zh AS town_zh, t.name_en AS town_en
FROM public_lift l JOIN public_town t ON t.code = l.town_code WHERE l.code = %(code)s

-- name: usual
-- What a passenger lift of the city has in a year, to compare with.
SELECT (SELECT count(*) FROM public_rescue WHERE opened_at > %(year)s)::float8
       / nullif((SELECT count(*) FROM public_lift WHERE kind = 'passenger'), 0) AS a_lift

-- name: kitchen
SELECT k.*, t.name_zh AS town_zh, t.name_en AS town_en
FROM public_kitchen k JOIN public_town t ON t.code = k.town_code WHERE k.code = %(code)s

-- name: cameras
SELECT camera, name_zh, name_en, state, seen_at FROM public_camera WHERE kitchen = %(code)s ORDER BY camera

-- name: stills
SELECT camera, name_zh, name_en, taken_at, sha256 FROM public_still WHERE kitchen = %(code)s ORDER BY camera

-- name: withheld
SELECT camera, name_zh, name_en, at, reason FROM public_withheld WHERE kitchen = %(code)s ORDER BY camera

-- name: still
SELECT picture, sha256 FROM public_still WHERE kitchen = %(code)s AND camera = %(camera)s

-- name: search
-- Every word must be somewhere in the name, the place, the address, the town or the code. Who types a code wants it first.
SELECT f.*, t.name_zh AS town_zh, t.name_en AS town_en, count(*) OVER () AS of_all
FROM (SELECT 'lift' AS kind, code, place_zh || ' ' || name_zh AS name_zh, place_en || ' ' || name_en AS name_en,
             address_zh, address_en, town_code FROM public_lift WHERE %(kind)s::text IN ('', 'lift')
      UNION ALL
      SELECT 'restaurant', code, name_zh, name_en, address_zh, address_en, town_code FROM public_kitchen
      WHERE %(kind)s::text IN ('', 'restaurant')) AS f
JOIN public_town t ON t.code = f.town_code
WHERE concat_ws(' ', f.code, f.name_zh, f.name_en, f.address_zh, f.address_en, t.name_zh, t.name_en)
      ILIKE ALL (%(likes)s::text[])
ORDER BY (f.code = %(words)s) DESC, (f.name_zh ILIKE %(first)s OR f.name_en ILIKE %(first)s) DESC, f.kind, f.code
LIMIT %(limit)s OFFSET %(skip)s

-- name: open_rescues
-- Of fewer than five in a town and month no mean time is told: it could be of one person.
SELECT to_char(opened_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, town_code, count(*) AS rescues,
       count(*) FILTER (WHERE mass) AS in_mass_incidents,
       count(*) FILTER (WHERE NOT mass AND response_s IS NOT NULL AND response_missed_at IS NULL) AS answered_in_3_min,
       count(*) FILTER (WHERE NOT mass AND response_missed_at <= now()) AS not_answered_in_3_min,
       count(*) FILTER (WHERE NOT mass AND arrival_s IS NOT NULL AND arrival_missed_at IS NULL) AS arrived_in_30_min,
       count(*) FILTER (WHERE NOT mass AND arrival_missed_at <= now()) AS not_arrived_in_30_min,
       CASE WHEN count(arrival_s) FILTER (WHERE NOT mass) >= 5
            THEN round((avg(arrival_s) FILTER (WHERE NOT mass) / 60)::numeric, 1)::float8 END AS mean_arrival_min,
       CASE WHEN count(release_s) FILTER (WHERE NOT mass) >= 5
            THEN round((avg(release_s) FILTER (WHERE NOT mass) / 60)::numeric, 1)::float8 END AS mean_release_min,
       count(*) FILTER (WHERE NOT mass AND tier = 1) AS tier_1, count(*) FILTER (WHERE NOT mass AND tier = 2) AS tier_2,
       count(*) FILTER (WHERE NOT mass AND tier = 3) AS tier_3
FROM public_rescue GROUP BY 1, 2 ORDER BY 1, 2

-- name: open_lifts
SELECT code AS lift_code, kind AS lift_kind, place_zh, place_en, name_zh, name_en, address_zh, address_en, town_code,
       maintenance_zh, maintenance_en, next_inspection, trapped_12_months
FROM public_lift ORDER BY code

-- name: open_kitchens
SELECT code AS kitchen_code, kind AS kitchen_kind, name_zh, name_en, address_zh, address_en, town_code, licence, cameras,
       cameras_active, cameras_active > 0 AS open_now
FROM public_kitchen ORDER BY code

-- name: open_findings
-- Fewer than five of a rule in a town and month are not told apart: they could be of one kitchen and its few people.
SELECT month, town_code, rule, CASE WHEN n >= 5 THEN n END AS findings,
       CASE WHEN n >= 5 THEN put_right END AS put_right, CASE WHEN n >= 5 THEN in_time END AS put_right_in_time,
       n < 5 AS suppressed
FROM (SELECT to_char(opened_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, town_code, rule, count(*) AS n,
             count(rectify_s) AS put_right, count(*) FILTER (WHERE in_time) AS in_time
      FROM public_finding GROUP BY 1, 2, 3) AS f
ORDER BY 1, 2, 3

-- name: open_shares
SELECT to_char(day, 'YYYY-MM') AS month, town_code, count(*) AS days_seen,
       round(sum(kitchens)::numeric / sum(looks), 1)::float8 AS mean_kitchens,
       round(100 * sum(open_kitchens)::numeric / nullif(sum(kitchens), 0), 1)::float8 AS open_percent
FROM public_open_kitchen GROUP BY 1, 2 ORDER BY 1, 2
