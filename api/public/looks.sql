-- name: look
-- Once an hour, whoever of several comes first: how many kitchens there are now, and how many are open. The day is the
-- city's.
INSERT INTO open_kitchen_day AS d (day, town_code, looks, last_look, kitchens, open_kitchens)
SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date, k.town_code, 1, now(), count(*), count(*) FILTER (WHERE k.cameras_active > 0)
FROM public_kitchen k
WHERE NOT EXISTS (SELECT FROM open_kitchen_day WHERE last_look >= date_trunc('hour', now()))
GROUP BY k.town_code
ON CONFLICT (day, town_code) DO UPDATE
SET looks = d.looks + 1, last_look = excluded.last_look, kitchens = d.kitchens + excluded.kitchens,
    open_kitchens = d.open_kitchens + excluded.open_kitchens
WHERE d.last_look < date_trunc('hour', now())
