-- name: to_do
-- What waits for a person, the most urgent of each kind, who looks after it, and how much there is of it in all.
SELECT w.number, w.rule, w.state, w.class, w.due_at, w.late, w.of_kind, n.name AS officer,
       coalesce(k.name_zh, p.name_zh || ' ' || l.name_zh) AS name_zh,
       coalesce(k.name_en, p.name_en || ' ' || l.name_en) AS name_en, t.name_zh AS town_zh, t.name_en AS town_en
FROM (
    SELECT f.*, p.town_code, count(*) OVER (PARTITION BY f.late) AS of_kind,
           row_number() OVER (PARTITION BY f.late ORDER BY array_position(ARRAY['I', 'II', 'III', 'D'], f.class),
                              f.level DESC, f.opened_at) AS place
    FROM open_finding f LEFT JOIN kitchen k ON k.id = f.kitchen_id LEFT JOIN lift l ON l.id = f.lift_id
    JOIN place p ON p.id = coalesce(k.place_id, l.place_id)
    WHERE (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
      AND (f.late OR f.state IN ('under_review', 'rectified_claimed', 'appealed', 'case'))
) AS w
LEFT JOIN kitchen k ON k.id = w.kitchen_id LEFT JOIN lift l ON l.id = w.lift_id
JOIN place p ON p.id = coalesce(k.place_id, l.place_id) JOIN town t ON t.code = w.town_code
LEFT JOIN finding_assigned a ON a.finding_id = w.id LEFT JOIN person n ON n.id = a.person_id
WHERE w.place <= %(each)s ORDER BY w.late DESC, w.place

-- name: finding
SELECT f.*, k.code AS kitchen_code, l.code AS lift_code, coalesce(k.name_zh, p.name_zh || ' ' || l.name_zh) AS name_zh,
       coalesce(k.name_en, p.name_en || ' ' || l.name_en) AS name_en, p.town_code, d.name_zh AS camera_zh,
       d.name_en AS camera_en, d.code AS camera_code, d.kind AS device_kind, e.body AS event,
       e.at AS event_at
FROM finding f LEFT JOIN kitchen k ON k.id = f.kitchen_id LEFT JOIN lift l ON l.id = f.lift_id
JOIN place p ON p.id = coalesce(k.place_id, l.place_id)
JOIN device d ON d.id = f.device_id LEFT JOIN event e ON e.event_id = f.event_id AND e.rev = 0
WHERE f.number = %(number)s AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))

-- name: history
SELECT at, actor, action, reason FROM finding_entry WHERE finding_id = %(finding)s ORDER BY id

-- name: town_names
SELECT code, name_zh, name_en FROM town WHERE (%(towns)s::text[] IS NULL OR code = ANY(%(towns)s)) ORDER BY code

-- name: open_incidents
-- Under way, who waits longest first, and who has it: the crew that is nearest to its end.
SELECT i.number, i.state, i.tier, i.alarm_at, i.arrived_at, r.arrival_missed_at <= now() AS late, l.code AS lift_code,
       p.name_zh AS place_zh, p.name_en AS place_en, d.name_zh AS crew_zh, d.name_en AS crew_en, d.crew_state,
       count(*) OVER () AS of_all
FROM incident i JOIN rescue_fact r ON r.id = i.id JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
LEFT JOIN LATERAL (
    SELECT o.name_zh, o.name_en, d.state AS crew_state FROM dispatch d JOIN organisation o ON o.id = d.organisation_id
    WHERE d.incident_id = i.id AND d.state NOT IN ('declined', 'stood_down')
    ORDER BY array_position(ARRAY['released', 'arrived', 'en_route', 'accepted', 'offered'], d.state), d.id LIMIT 1
) AS d ON true
WHERE i.closed_at IS NULL AND i.source <> 'drill' AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
ORDER BY (r.arrival_missed_at <= now()) DESC NULLS LAST, i.alarm_at LIMIT %(limit)s
