-- name: figures
SELECT count(*) FILTER (WHERE r.opened_at > %(month)s) AS rescues,
       avg(r.arrival_s) FILTER (WHERE r.opened_at > %(month)s) / 60 AS arrival_min,
       100.0 * count(*) FILTER (WHERE r.opened_at > %(month)s AND r.arrival_s <= 1800)
           / nullif(count(*) FILTER (WHERE r.opened_at > %(month)s AND r.arrival_s IS NOT NULL), 0) AS in_time,
       count(*) FILTER (WHERE r.opened_at BETWEEN %(last_from)s AND %(last_to)s) AS rescues_last,
       avg(r.arrival_s) FILTER (WHERE r.opened_at BETWEEN %(last_from)s AND %(last_to)s) / 60 AS arrival_last,
       min(r.opened_at) AS since
FROM public_rescue r

-- name: arrivals
SELECT arrival_s / 60 AS minutes FROM public_rescue WHERE arrival_s IS NOT NULL AND opened_at > %(month)s

-- name: causes
SELECT cause, count(*) AS n FROM public_rescue WHERE cause IS NOT NULL AND opened_at > %(year)s GROUP BY 1 ORDER BY 2 DESC

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
SELECT to_char(date_trunc('month', opened_at), 'YYYY-MM') AS month, town_code, count(*) AS rescues,
       round((avg(arrival_s) / 60)::numeric, 1)::float8 AS mean_arrival_min,
       count(*) FILTER (WHERE arrival_s <= 1800) AS arrived_in_30_min,
       count(*) FILTER (WHERE tier = 1) AS tier_1, count(*) FILTER (WHERE tier = 2) AS tier_2,
       count(*) FILTER (WHERE tier = 3) AS tier_3
FROM public_rescue WHERE opened_at > %(year)s GROUP BY 1, 2 ORDER BY 1, 2
