-- name: reports
-- Newest first, those that nobody has read before all others unless a state is asked for.
SELECT r.id, r.number, r.at, r.state, r.changed_at, r.changed_by, r.contact <> '' AS reachable, left(r.body, 160) AS body,
       CASE WHEN r.lift_id IS NULL THEN 'restaurant' ELSE 'lift' END AS kind, coalesce(l.code, k.code) AS code,
       coalesce(k.name_zh, p.name_zh || ' ' || l.name_zh) AS name_zh,
       coalesce(k.name_en, p.name_en || ' ' || l.name_en) AS name_en, t.name_zh AS town_zh, t.name_en AS town_en,
       count(*) OVER () AS of_all
FROM public_report r LEFT JOIN lift l ON l.id = r.lift_id LEFT JOIN kitchen k ON k.id = r.kitchen_id
JOIN place p ON p.id = coalesce(l.place_id, k.place_id) JOIN town t ON t.code = p.town_code
WHERE (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s)) AND (%(town)s::text = '' OR p.town_code = %(town)s)
  AND (%(state)s::text = '' OR r.state = %(state)s)
  AND (%(kind)s::text = '' OR (%(kind)s = 'lift') = (r.lift_id IS NOT NULL))
ORDER BY (r.state = 'received') DESC, r.at DESC, r.id DESC LIMIT %(limit)s OFFSET %(skip)s

-- name: report
SELECT r.id, r.number, r.at, r.state, r.changed_at, r.changed_by, r.note, r.contact, r.body,
       CASE WHEN r.lift_id IS NULL THEN 'restaurant' ELSE 'lift' END AS kind, coalesce(l.code, k.code) AS code,
       coalesce(k.name_zh, p.name_zh || ' ' || l.name_zh) AS name_zh,
       coalesce(k.name_en, p.name_en || ' ' || l.name_en) AS name_en, t.name_zh AS town_zh, t.name_en AS town_en
FROM public_report r LEFT JOIN lift l ON l.id = r.lift_id LEFT JOIN kitchen k ON k.id = r.kitchen_id
JOIN place p ON p.id = coalesce(l.place_id, k.place_id) JOIN town t ON t.code = p.town_code
WHERE r.number = %(number)s AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))

-- name: mark
UPDATE public_report SET state = %(state)s, note = CASE WHEN %(note)s::text = '' THEN note ELSE %(note)s END,
       changed_at = clock_timestamp(), changed_by = %(actor)s
WHERE id = %(id)s
