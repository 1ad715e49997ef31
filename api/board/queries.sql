-- name: digest
-- Changes whenever something on the board does.
SELECT concat_ws('-', (SELECT max(id) FROM incident_entry), (SELECT sum(version) FROM incident WHERE closed_at IS NULL),
                 (SELECT count(*) FROM incident), (SELECT max(id) FROM finding_entry), (SELECT max(id) FROM silence),
                 (SELECT count(*) FROM silence WHERE ended_at IS NULL), (SELECT max(last_event) FROM stranger),
                 (SELECT count(*) FROM audit_log WHERE action = 'stranger_dismissed'),
                 (SELECT max(id) FROM dispatch), (SELECT count(*) FROM mass_incident)) AS digest

-- name: open_incidents
SELECT i.id, i.number, i.rule, i.state, i.tier, i.people_inside, i.hazards, i.floor_text, i.repeats, i.alarm_at,
       i.called_at, i.due_at, i.due_reason, i.arrived_at, i.released_at, i.sensors_clear_at, i.source, i.mass_id,
       l.code AS lift_code, l.name_zh AS lift_zh, l.name_en AS lift_en, p.id AS place_id, p.name_zh AS place_zh,
       p.name_en AS place_en, p.address_zh, p.address_en, p.lat, p.lon, ear.heard_at,
       coalesce(ear.silent, false) AS silent,
       (SELECT json_agg(json_build_object('id', d.id, 'tier', d.tier, 'state', d.state, 'name_zh', o.name_zh,
                                          'name_en', o.name_en, 'eta_at', d.eta_at, 'distance_m', d.distance_m)
                        ORDER BY d.id)
          FROM dispatch d JOIN organisation o ON o.id = d.organisation_id WHERE d.incident_id = i.id) AS crews,
       EXISTS (SELECT FROM command c JOIN dispatch d ON d.id = c.dispatch_id
               WHERE c.incident_id = i.id AND c.kind = 'arrived' AND c.args ->> 'proof' = 'ask' AND d.arrived_at IS NULL
                 AND d.state IN ('offered', 'accepted', 'en_route')) AS arrival_asked
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
LEFT JOIN LATERAL (
    -- Whether its sensors can be heard: when not, what they said last is not how it is now.
    SELECT max(s.seen_at) AS heard_at,
           bool_and(s.device_id IS NULL OR NOT s.online
                    OR s.seen_at < clock_timestamp() - make_interval(secs => %(silent_s)s)) AS silent
    FROM device d LEFT JOIN device_status s ON s.device_id = d.id
    WHERE d.lift_id = i.lift_id AND d.kind = 'lift' AND d.retired_at IS NULL
) AS ear ON true
WHERE i.closed_at IS NULL AND (%(mass)s::bigint IS NULL OR i.mass_id = %(mass)s)
ORDER BY i.alarm_at

-- name: masses
SELECT m.*, p.name_zh AS place_zh, p.name_en AS place_en, t.name_zh AS town_zh, t.name_en AS town_en
FROM mass_incident m LEFT JOIN place p ON p.id = m.place_id
LEFT JOIN LATERAL (SELECT x.name_zh, x.name_en FROM place g JOIN town x ON x.code = g.town_code
                   WHERE g.grid_code = m.grid_code AND m.place_id IS NULL LIMIT 1) AS t ON true
WHERE m.id = ANY(%(ids)s) OR m.number = %(number)s

-- name: mass_figures
-- A mass incident has statistics of its own: one power cut is no dozen of ordinary rescues.
SELECT count(*) AS lifts, sum(people_inside) AS people, count(*) FILTER (WHERE people_inside IS NULL) AS unknown,
       count(*) FILTER (WHERE arrived_at IS NOT NULL) AS arrived, count(*) FILTER (WHERE released_at IS NOT NULL) AS out,
       avg(extract(epoch FROM arrived_at - alarm_at)) / 60 AS arrival_min,
       avg(extract(epoch FROM released_at - alarm_at)) / 60 AS release_min,
       max(extract(epoch FROM coalesce(released_at, clock_timestamp()) - alarm_at)) / 60 AS longest_min
FROM incident WHERE mass_id = %(mass)s AND state <> 'merged'

-- name: mass_closed
SELECT i.number, i.state, i.alarm_at, i.closed_at, l.code AS lift_code
FROM incident i JOIN lift l ON l.id = i.lift_id WHERE i.mass_id = %(mass)s AND i.closed_at IS NOT NULL ORDER BY l.code

-- name: incident
SELECT i.*, l.code AS lift_code, l.name_zh AS lift_zh, l.name_en AS lift_en, l.machine_room_note,
       p.name_zh AS place_zh, p.name_en AS place_en, p.address_zh, p.address_en, p.lat, p.lon, p.town_code,
       m.name_zh AS maintenance_zh, m.name_en AS maintenance_en, m.phone AS maintenance_phone,
       h.name_zh AS property_zh, h.name_en AS property_en, h.phone AS property_phone,
       mass.number AS mass_number, into_.number AS into_number, before.number AS follows_number,
       -- The alarm by the device's own clock, which its samples follow.
       (SELECT e.at FROM event e WHERE e.event_id = i.event_id ORDER BY e.rev LIMIT 1) AS event_at
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
LEFT JOIN organisation m ON m.id = l.maintenance_org_id LEFT JOIN organisation h ON h.id = p.property_org_id
LEFT JOIN mass_incident mass ON mass.id = i.mass_id LEFT JOIN incident into_ ON into_.id = i.merged_into
LEFT JOIN incident before ON before.id = i.follows
WHERE i.number = %(number)s

-- name: merged_here
SELECT number FROM incident WHERE merged_into = %(incident)s ORDER BY id

-- name: arrival_asks
-- The newest question of each crew that cannot show that it has arrived.
SELECT DISTINCT ON (c.dispatch_id) c.dispatch_id, c.reason, c.created_at FROM command c
WHERE c.incident_id = %(incident)s AND c.kind = 'arrived' AND c.args ->> 'proof' = 'ask'
ORDER BY c.dispatch_id, c.created_at DESC

-- name: timeline
SELECT at, actor, action, reason, tier, policy_version FROM incident_entry WHERE incident_id = %(incident)s ORDER BY id

-- name: heard
SELECT max(s.seen_at) AS heard_at,
       coalesce(bool_and(s.device_id IS NULL OR NOT s.online
                         OR s.seen_at < clock_timestamp() - make_interval(secs => %(silent_s)s)), false) AS silent
FROM device d LEFT JOIN device_status s ON s.device_id = d.id
WHERE d.lift_id = %(lift)s AND d.kind = 'lift' AND d.retired_at IS NULL

-- name: silences
-- Worst first: where somebody may be inside, then lifts, then agents with all that is behind them.
SELECT d.code, d.kind, d.site, s.cause, s.since, l.code AS lift_code, b.devices, b.lifts,
       coalesce(i.open, false) OR coalesce(b.incidents, false) AS urgent
FROM silence s JOIN device d ON d.id = s.device_id LEFT JOIN lift l ON l.id = d.lift_id
LEFT JOIN LATERAL (SELECT true AS open FROM incident WHERE lift_id = d.lift_id AND closed_at IS NULL) AS i ON true
LEFT JOIN (
    SELECT v.agent_id, count(*) AS devices, count(*) FILTER (WHERE o.kind = 'lift') AS lifts,
           bool_or(x.id IS NOT NULL) AS incidents
    FROM silent_device v JOIN device o ON o.id = v.device_id
    LEFT JOIN incident x ON x.lift_id = o.lift_id AND x.closed_at IS NULL
    WHERE v.agent_id IS NOT NULL GROUP BY 1
) AS b ON b.agent_id = s.device_id
WHERE s.ended_at IS NULL
ORDER BY urgent DESC, (d.kind = 'lift' OR b.lifts > 0) DESC, b.lifts DESC NULLS LAST, s.since LIMIT %(limit)s

-- name: silent_count
SELECT count(*) FROM silence WHERE ended_at IS NULL

-- name: strangers_alarm
-- An alarm of a device that nobody knows: the site and its code are all there is to go by. What was looked into is
-- gone from the board; the next alarm of the same device is not.
SELECT s.code, s.site, s.reason, s.last_event FROM stranger s
WHERE s.last_event > clock_timestamp() - interval '24 hours'
  AND NOT EXISTS (SELECT FROM audit_log a WHERE a.action = 'stranger_dismissed' AND a.object = s.site || '/' || s.code
                  AND (a.details ->> 'last_event')::timestamptz >= s.last_event)
ORDER BY s.last_event DESC LIMIT 5

-- name: stranger
SELECT code, site, reason, last_event FROM stranger
WHERE code = %(code)s AND site = %(site)s AND last_event IS NOT NULL

-- name: cameras
SELECT code, name_zh, name_en FROM device
WHERE lift_id = %(lift)s AND kind = 'camera' AND retired_at IS NULL ORDER BY code

-- name: crews
SELECT d.*, o.name_zh, o.name_en, o.phone FROM dispatch d JOIN organisation o ON o.id = d.organisation_id
WHERE d.incident_id = %(incident)s ORDER BY d.id

-- name: letters
-- Who was told, never where: an address can be a secret.
SELECT o.channel, o.stage, o.state, o.attempts, o.created_at, o.sent_at, o.delivered_at, o.shown,
       coalesce(p.name, g.name_zh, '') AS to_zh, coalesce(p.name, g.name_en, '') AS to_en
FROM outbox o LEFT JOIN contact_method c ON c.id = o.contact_method_id LEFT JOIN person p ON p.id = o.person_id
LEFT JOIN organisation g ON g.id = coalesce(o.organisation_id, c.organisation_id)
WHERE o.incident_id = %(incident)s ORDER BY o.id

-- name: samples
-- The device's clock was `ahead` seconds: its samples lie by its own.
SELECT s.time - make_interval(secs => %(ahead)s) AS time, s.position, s.speed, s.door_closed, s.passenger, s.load FROM lift_sample s JOIN device d
  ON d.id = s.device_id
WHERE d.lift_id = %(lift)s AND s.time BETWEEN %(start)s::timestamptz + make_interval(secs => %(ahead)s)
                                      AND %(stop)s::timestamptz + make_interval(secs => %(ahead)s)
ORDER BY s.time LIMIT 8000

-- name: today
SELECT count(*) AS trapped,
       avg(extract(epoch FROM arrived_at - alarm_at)) / 60 AS arrival_min,
       100.0 * count(*) FILTER (WHERE accepted_at - dispatched_at <= interval '3 minutes')
           / nullif(count(*) FILTER (WHERE accepted_at IS NOT NULL), 0) AS response_share
FROM incident WHERE opened_at > %(since)s AND source <> 'drill' AND state NOT IN ('false_alarm', 'merged')

-- name: blind
SELECT count(*) FILTER (WHERE d.kind = 'lift' AND (s.device_id IS NULL OR NOT s.online
                        OR s.seen_at < clock_timestamp() - make_interval(secs => %(silent_s)s))) AS lifts_silent,
       count(*) FILTER (WHERE d.kind = 'lift') AS lifts,
       count(*) FILTER (WHERE d.kind = 'camera' AND (s.device_id IS NULL OR NOT s.online
                        OR s.camera_state <> 'active'
                        OR s.seen_at < clock_timestamp() - make_interval(secs => %(camera_silent_s)s)))
           AS cameras_blind,
       count(*) FILTER (WHERE d.kind = 'camera') AS cameras
FROM device d LEFT JOIN device_status s ON s.device_id = d.id WHERE d.retired_at IS NULL

-- name: services
SELECT service, max(at) AS at, extract(epoch FROM clock_timestamp() - max(at)) AS age_s FROM service_health
GROUP BY service ORDER BY service

-- name: lift_by_code
SELECT l.id, l.code, l.name_zh, l.name_en, p.name_zh AS place_zh, p.name_en AS place_en, p.address_zh, p.address_en
FROM lift l JOIN place p ON p.id = l.place_id WHERE l.code = %(code)s

-- name: closed
SELECT i.number, i.state, i.rule, i.tier, i.alarm_at, i.arrived_at, i.closed_at, i.cause, l.code AS lift_code,
       p.name_zh AS place_zh, p.name_en AS place_en
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
WHERE i.closed_at IS NOT NULL AND (%(lift)s::text = '' OR l.code = %(lift)s)
ORDER BY i.closed_at DESC LIMIT 200

-- name: ready_counts
-- What would go wrong tomorrow: hours without anybody on duty, lifts that nobody reaches in time, nobody to tell.
SELECT (SELECT count(*) FROM roster_hole WHERE filled_at IS NULL AND ends_at > clock_timestamp()) AS holes,
       (SELECT coalesce(sum(lifts), 0) FROM (SELECT max(lifts) AS lifts FROM coverage_gap GROUP BY place_id) AS g) AS uncovered,
       (SELECT count(*) FROM hard_to_reach) AS unreachable

-- name: roster_holes
SELECT o.name_zh, o.name_en, o.phone, h.starts_at, h.ends_at FROM roster_hole h
JOIN organisation o ON o.id = h.organisation_id
WHERE h.filled_at IS NULL AND h.ends_at > clock_timestamp() ORDER BY h.starts_at, o.code LIMIT 200

-- name: coverage_gaps
SELECT g.tier, g.lifts, g.limit_s, g.travel_s, g.since, p.name_zh AS place_zh, p.name_en AS place_en,
       o.name_zh AS nearest_zh, o.name_en AS nearest_en
FROM coverage_gap g JOIN place p ON p.id = g.place_id LEFT JOIN organisation o ON o.id = g.nearest_id
ORDER BY g.tier, g.lifts DESC, p.code LIMIT 200

-- name: unreachable
SELECT code, kind, name_zh, name_en, fault FROM hard_to_reach ORDER BY kind, code LIMIT 200
