-- name: figures
-- Of the last days and of the same days a year before. The rate counts mass incidents, what follows it does not.
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
             ('last', %(last_from)s::timestamptz, %(last_to)s::timestamptz)) AS span (name, start, stop)
LEFT JOIN public_rescue r ON r.opened_at > span.start AND r.opened_at <= span.stop
GROUP BY span.name

-- name: since
-- From when on there is anything to compare with.
SELECT min(opened_at) AS since FROM public_rescue

-- name: arrivals
SELECT arrival_s / 60 AS minutes FROM public_rescue WHERE arrival_s IS NOT NULL AND NOT mass AND opened_at > %(month)s

-- name: causes
SELECT cause, count(*) AS n FROM public_rescue WHERE cause IS NOT NULL AND NOT mass AND opened_at > %(year)s GROUP BY 1 ORDER BY 2 DESC

-- name: towns
-- Every view is read once for all towns: a city has tens of thousands of lifts and kitchens.
WITH lift AS (SELECT town_code, count(*) AS lifts FROM public_lift GROUP BY 1),
     rescue AS (SELECT town_code, count(*) AS rescues FROM public_rescue WHERE opened_at > %(month)s GROUP BY 1),
     kitchen AS (SELECT town_code, count(*) AS kitchens, count(*) FILTER (WHERE cameras_active > 0) AS open_kitchens
                   FROM public_kitchen GROUP BY 1)
SELECT t.code, t.name_zh, t.name_en, coalesce(l.lifts, 0) AS lifts, coalesce(r.rescues, 0) AS rescues,
       coalesce(k.kitchens, 0) AS kitchens, coalesce(k.open_kitchens, 0) AS open_kitchens
FROM public_town t LEFT JOIN lift l ON l.town_code = t.code LEFT JOIN rescue r ON r.town_code = t.code
LEFT JOIN kitchen k ON k.town_code = t.code ORDER BY t.code

-- name: lift
SELECT * FROM public_lift WHERE code = %(code)s

-- name: kitchen
SELECT * FROM public_kitchen WHERE code = %(code)s

-- name: stills
SELECT camera, name_zh, name_en, taken_at, sha256 FROM public_still WHERE kitchen = %(code)s ORDER BY camera

-- name: withheld
SELECT camera, name_zh, name_en, at, reason FROM public_withheld WHERE kitchen = %(code)s ORDER BY camera

-- name: still
SELECT picture, sha256 FROM public_still WHERE kitchen = %(code)s AND camera = %(camera)s

-- name: search
(SELECT 'lift' AS kind, code, place_zh || ' ' || name_zh AS name_zh, place_en || ' ' || name_en AS name_en,
        address_zh, address_en FROM public_lift
  WHERE code = %(words)s OR place_zh ILIKE %(like)s OR place_en ILIKE %(like)s LIMIT 50)
UNION ALL
(SELECT 'restaurant', code, name_zh, name_en, address_zh, address_en FROM public_kitchen
  WHERE code = %(words)s OR name_zh ILIKE %(like)s OR name_en ILIKE %(like)s LIMIT 50)
ORDER BY kind, code

-- name: open_rescues
SELECT to_char(opened_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, town_code, count(*) AS rescues,
       count(*) FILTER (WHERE mass) AS in_mass_incidents,
       count(*) FILTER (WHERE NOT mass AND response_s IS NOT NULL AND response_missed_at IS NULL) AS answered_in_3_min,
       count(*) FILTER (WHERE NOT mass AND response_missed_at <= %(now)s) AS not_answered_in_3_min,
       count(*) FILTER (WHERE NOT mass AND arrival_s IS NOT NULL AND arrival_missed_at IS NULL) AS arrived_in_30_min,
       count(*) FILTER (WHERE NOT mass AND arrival_missed_at <= %(now)s) AS not_arrived_in_30_min,
       round((avg(arrival_s) FILTER (WHERE NOT mass) / 60)::numeric, 1)::float8 AS mean_arrival_min,
       round((avg(release_s) FILTER (WHERE NOT mass) / 60)::numeric, 1)::float8 AS mean_release_min,
       count(*) FILTER (WHERE NOT mass AND tier = 1) AS tier_1, count(*) FILTER (WHERE NOT mass AND tier = 2) AS tier_2,
       count(*) FILTER (WHERE NOT mass AND tier = 3) AS tier_3
FROM public_rescue WHERE opened_at > %(year)s GROUP BY 1, 2 ORDER BY 1, 2
