-- name: looks
SELECT tier, at, kinds, limit_s, remote_limit_s, speed_kmh, lifts, stations FROM coverage_look ORDER BY tier

-- name: towns
-- Those with the largest share out of the chosen tier's reach first.
WITH lifts AS (
    SELECT p.town_code, count(*) AS lifts, count(*) FILTER (WHERE l.maintenance_org_id IS NULL) AS without_unit
    FROM lift l JOIN place p ON p.id = l.place_id WHERE l.in_use GROUP BY 1
), missed AS (
    SELECT p.town_code, sum(g.lifts) FILTER (WHERE g.tier = 1) AS tier_1, sum(g.lifts) FILTER (WHERE g.tier = 2) AS tier_2,
           sum(g.lifts) FILTER (WHERE g.tier = 3) AS tier_3, sum(g.lifts) FILTER (WHERE g.tier = %(tier)s) AS chosen
    FROM coverage_gap g JOIN place p ON p.id = g.place_id GROUP BY 1
)
SELECT t.code, t.name_zh, t.name_en, lifts.lifts, lifts.without_unit, coalesce(m.tier_1, 0)::int AS tier_1,
       coalesce(m.tier_2, 0)::int AS tier_2, coalesce(m.tier_3, 0)::int AS tier_3, coalesce(m.chosen, 0)::int AS chosen
FROM lifts JOIN town t ON t.code = lifts.town_code LEFT JOIN missed m ON m.town_code = t.code
WHERE %(towns)s::text[] IS NULL OR t.code = ANY(%(towns)s)
ORDER BY coalesce(m.chosen, 0)::float / lifts.lifts DESC, t.code

-- name: gaps
-- Who has nobody at all, then who waits longest.
SELECT p.code, p.name_zh, p.name_en, t.name_zh AS town_zh, t.name_en AS town_en, g.lifts, g.limit_s, g.travel_s, g.since,
       o.name_zh AS nearest_zh, o.name_en AS nearest_en, count(*) OVER () AS of
FROM coverage_gap g JOIN place p ON p.id = g.place_id JOIN town t ON t.code = p.town_code
LEFT JOIN organisation o ON o.id = g.nearest_id
WHERE g.tier = %(tier)s AND (%(towns)s::text[] IS NULL OR t.code = ANY(%(towns)s))
  AND (%(town)s::text = '' OR t.code = %(town)s)
ORDER BY g.travel_s DESC NULLS FIRST, g.lifts DESC, p.code LIMIT %(limit)s

-- name: hard_to_reach
-- What stands for the whole city concerns every town. Who rescues comes before who is only told.
SELECT code, kind, name_zh, name_en, fault, count(*) OVER () AS of FROM hard_to_reach
WHERE %(towns)s::text[] IS NULL OR town_code IS NULL OR town_code = ANY(%(towns)s)
ORDER BY array_position(ARRAY['none', 'people_only', 'unverified'], fault),
         array_position(ARRAY['city_rescue', 'ambulance', 'rescue_station', 'maintenance', 'bureau', 'grid_office',
                              'property', 'caterer'], kind), code LIMIT %(limit)s

-- name: holes
SELECT o.code, o.kind, o.name_zh, o.name_en, h.starts_at, h.ends_at, h.told_at, h.starts_at <= %(now)s AS now,
       count(*) OVER () AS of
FROM roster_hole h JOIN organisation o ON o.id = h.organisation_id
WHERE h.filled_at IS NULL AND h.ends_at > %(now)s
  AND (%(towns)s::text[] IS NULL OR o.town_code IS NULL OR o.town_code = ANY(%(towns)s))
ORDER BY h.starts_at, o.code LIMIT %(limit)s
