-- name: incidents
SELECT t.* FROM told_incident t
WHERE (t.opened_at, t.id) > (%(at)s::timestamptz, %(id)s::bigint)
  AND (%(since)s::timestamptz IS NULL OR t.opened_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR t.opened_at < %(until)s)
  AND (%(state)s::text = '' OR t.state = %(state)s) AND (%(lift)s::text = '' OR t.lift = %(lift)s)
  AND (%(towns)s::text[] IS NULL OR t.town = ANY(%(towns)s)) AND (%(drills)s OR NOT t.drill)
ORDER BY t.opened_at, t.id LIMIT %(limit)s

-- name: incidents_open
-- By themselves: an index of what is open serves them.
SELECT t.* FROM told_incident t
WHERE t.closed_at IS NULL AND (t.opened_at, t.id) > (%(at)s::timestamptz, %(id)s::bigint)
  AND (%(since)s::timestamptz IS NULL OR t.opened_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR t.opened_at < %(until)s)
  AND (%(state)s::text = '' OR t.state = %(state)s) AND (%(lift)s::text = '' OR t.lift = %(lift)s)
  AND (%(towns)s::text[] IS NULL OR t.town = ANY(%(towns)s)) AND (%(drills)s OR NOT t.drill)
ORDER BY t.opened_at, t.id LIMIT %(limit)s

-- name: incident
SELECT t.* FROM told_incident t
WHERE t.number = %(number)s AND (%(towns)s::text[] IS NULL OR t.town = ANY(%(towns)s))

-- name: incident_entries
SELECT at, action, tier, CASE WHEN actor IN ('sunlit', 'sensors') THEN actor ELSE 'person' END AS by,
       CASE WHEN actor IN ('sunlit', 'sensors') THEN reason END AS reason
FROM incident_entry WHERE incident_id = %(id)s ORDER BY id

-- name: crews
SELECT o.code AS organisation, o.name_zh, o.name_en, d.tier, d.state, d.distance_m, d.travel_s, d.offered_at,
       d.accepted_at, d.eta_at, d.arrived_at, split_part(d.arrival_proof, ':', 1) AS arrival_proof, d.released_at,
       d.ended_at
FROM dispatch d JOIN organisation o ON o.id = d.organisation_id WHERE d.incident_id = %(id)s ORDER BY d.id

-- name: findings
SELECT t.* FROM told_finding t
WHERE (t.opened_at, t.id) > (%(at)s::timestamptz, %(id)s::bigint)
  AND (%(since)s::timestamptz IS NULL OR t.opened_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR t.opened_at < %(until)s)
  AND (%(state)s::text = '' OR t.state = %(state)s) AND (%(kitchen)s::text = '' OR t.kitchen = %(kitchen)s)
  AND (%(lift)s::text = '' OR t.lift = %(lift)s) AND (%(towns)s::text[] IS NULL OR t.town = ANY(%(towns)s))
ORDER BY t.opened_at, t.id LIMIT %(limit)s

-- name: findings_open
SELECT t.* FROM told_finding t
WHERE t.closed_at IS NULL AND (t.opened_at, t.id) > (%(at)s::timestamptz, %(id)s::bigint)
  AND (%(since)s::timestamptz IS NULL OR t.opened_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR t.opened_at < %(until)s)
  AND (%(state)s::text = '' OR t.state = %(state)s) AND (%(kitchen)s::text = '' OR t.kitchen = %(kitchen)s)
  AND (%(lift)s::text = '' OR t.lift = %(lift)s) AND (%(towns)s::text[] IS NULL OR t.town = ANY(%(towns)s))
ORDER BY t.opened_at, t.id LIMIT %(limit)s

-- name: finding
SELECT t.* FROM told_finding t
WHERE t.number = %(number)s AND (%(towns)s::text[] IS NULL OR t.town = ANY(%(towns)s))

-- name: finding_entries
SELECT at, action, NULL::int AS tier,
       CASE WHEN actor IN ('sunlit', 'sensors', 'detector') THEN actor ELSE 'person' END AS by,
       CASE WHEN actor IN ('sunlit', 'sensors', 'detector') THEN reason END AS reason
FROM finding_entry WHERE finding_id = %(id)s ORDER BY id

-- name: lifts
SELECT l.id, l.code, l.name_zh, l.name_en, l.kind, m.code AS maintenance, l.floors, l.rated_speed, l.rated_load,
       l.next_inspection, l.in_use, p.code AS place, p.name_zh AS place_zh, p.name_en AS place_en, p.address_zh,
       p.address_en, p.town_code AS town, p.lat, p.lon
FROM lift l JOIN place p ON p.id = l.place_id LEFT JOIN organisation m ON m.id = l.maintenance_org_id
WHERE l.code > %(after)s AND (%(code)s::text = '' OR l.code = %(code)s)
  AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s)) AND (%(place)s::text = '' OR p.code = %(place)s)
ORDER BY l.code LIMIT %(limit)s

-- name: lift_more
SELECT (SELECT i.number FROM incident i WHERE i.lift_id = %(id)s AND i.closed_at IS NULL ORDER BY i.id DESC LIMIT 1)
           AS open_incident,
       (SELECT count(*) FROM rescue_fact r WHERE r.lift_id = %(id)s AND r.counted
           AND r.opened_at > %(now)s::timestamptz - interval '12 months') AS trapped_12_months

-- name: kitchens
SELECT k.id, k.code, k.name_zh, k.name_en, k.kind, o.code AS owner, k.licence, k.in_use, p.code AS place,
       p.name_zh AS place_zh, p.name_en AS place_en, p.address_zh, p.address_en, p.town_code AS town, p.lat, p.lon
FROM kitchen k JOIN place p ON p.id = k.place_id JOIN organisation o ON o.id = k.owner_org_id
WHERE k.code > %(after)s AND (%(code)s::text = '' OR k.code = %(code)s)
  AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s)) AND (%(place)s::text = '' OR p.code = %(place)s)
ORDER BY k.code LIMIT %(limit)s

-- name: kitchen_more
SELECT count(*) AS open_findings FROM finding WHERE kitchen_id = %(id)s AND closed_at IS NULL

-- name: devices
SELECT d.code, d.kind, d.zone, s.seen_at,
       CASE WHEN q.device_id IS NOT NULL THEN 'silent' WHEN s.seen_at IS NULL THEN 'never' ELSE 'heard' END AS heard
FROM device d LEFT JOIN device_status s ON s.device_id = d.id LEFT JOIN silent_device q ON q.device_id = d.id
WHERE d.retired_at IS NULL AND (d.lift_id = %(lift)s OR d.kitchen_id = %(kitchen)s) ORDER BY d.code

-- name: rescue_figures
SELECT to_char(r.opened_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, r.town_code AS town,
       count(*) AS trapped, count(*) FILTER (WHERE r.mass) AS trapped_mass,
       count(*) FILTER (WHERE NOT r.mass AND r.response_s IS NOT NULL AND r.response_missed_at IS NULL) AS response_kept,
       count(*) FILTER (WHERE NOT r.mass AND ((r.response_s IS NOT NULL AND r.response_missed_at IS NULL)
                                              OR r.response_missed_at <= %(now)s)) AS response_of,
       count(*) FILTER (WHERE NOT r.mass AND r.arrival_s IS NOT NULL AND r.arrival_missed_at IS NULL) AS arrival_kept,
       count(*) FILTER (WHERE NOT r.mass AND ((r.arrival_s IS NOT NULL AND r.arrival_missed_at IS NULL)
                                              OR r.arrival_missed_at <= %(now)s)) AS arrival_of,
       count(r.arrival_s) FILTER (WHERE NOT r.mass) AS arrivals,
       coalesce(sum(r.arrival_s) FILTER (WHERE NOT r.mass), 0)::float8 AS arrival_s,
       count(r.release_s) FILTER (WHERE NOT r.mass) AS releases,
       coalesce(sum(r.release_s) FILTER (WHERE NOT r.mass), 0)::float8 AS release_s,
       count(*) FILTER (WHERE NOT r.mass AND r.tier = 1) AS tier_1,
       count(*) FILTER (WHERE NOT r.mass AND r.tier = 2) AS tier_2,
       count(*) FILTER (WHERE NOT r.mass AND r.tier = 3) AS tier_3
FROM rescue_fact r
WHERE r.counted AND r.opened_at >= %(start)s AND r.opened_at < %(end)s
  AND (%(towns)s::text[] IS NULL OR r.town_code = ANY(%(towns)s))
GROUP BY 1, 2 ORDER BY 1, 2

-- name: lifts_by_town
SELECT p.town_code AS town, count(*) AS n FROM lift l JOIN place p ON p.id = l.place_id
WHERE l.in_use AND l.kind = 'passenger' AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s)) GROUP BY 1

-- name: events
SELECT seq, document FROM happening
WHERE seq > %(after)s AND split_part(kind, '.', 1) = ANY(%(about)s) AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s))
  AND (%(towns)s::text[] IS NULL OR town_code = ANY(%(towns)s)) AND (%(drills)s OR NOT drill)
ORDER BY seq LIMIT %(limit)s

-- name: events_reach
SELECT coalesce(max(seq), 0) AS seq FROM happening
