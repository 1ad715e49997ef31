-- name: digest
-- Changes whenever something on the board does.
SELECT concat_ws('-', (SELECT max(id) FROM incident_entry), (SELECT sum(version) FROM incident WHERE closed_at IS NULL),
                 (SELECT count(*) FROM incident), (SELECT max(id) FROM finding_entry), (SELECT max(id) FROM silence),
                 (SELECT count(*) FROM silence WHERE ended_at IS NULL), (SELECT max(last_event) FROM stranger)) AS digest

-- name: open_incidents
SELECT i.id, i.number, i.rule, i.state, i.tier, i.people_inside, i.hazards, i.floor_text, i.repeats, i.alarm_at,
       i.due_at, i.due_reason, i.arrived_at, i.released_at, i.sensors_clear_at, i.source, l.code AS lift_code,
       l.name_zh AS lift_zh, l.name_en AS lift_en, p.name_zh AS place_zh, p.name_en AS place_en, p.address_zh,
       p.address_en, p.lat, p.lon, ear.heard_at, coalesce(ear.silent, false) AS silent,
       (SELECT json_agg(json_build_object('tier', d.tier, 'state', d.state, 'name_zh', o.name_zh, 'name_en', o.name_en,
                                          'eta_at', d.eta_at, 'distance_m', d.distance_m) ORDER BY d.id)
          FROM dispatch d JOIN organisation o ON o.id = d.organisation_id WHERE d.incident_id = i.id) AS crews
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
LEFT JOIN LATERAL (
    -- Whether its sensors can be heard: when not, what they said last is not how it is now.
    SELECT max(s.seen_at) AS heard_at,
           bool_and(s.device_id IS NULL OR NOT s.online
                    OR s.seen_at < clock_timestamp() - make_interval(secs => %(silent_s)s)) AS silent
    FROM device d LEFT JOIN device_status s ON s.device_id = d.id
    WHERE d.lift_id = i.lift_id AND d.kind = 'lift' AND d.retired_at IS NULL
) AS ear ON true
WHERE i.closed_at IS NULL
ORDER BY (i.released_at IS NULL) DESC, (i.arrived_at IS NULL) DESC, cardinality(i.hazards) DESC, i.alarm_at

-- name: incident
SELECT i.*, l.code AS lift_code, l.name_zh AS lift_zh, l.name_en AS lift_en, l.machine_room_note,
       p.name_zh AS place_zh, p.name_en AS place_en, p.address_zh, p.address_en, p.lat, p.lon,
       m.name_zh AS maintenance_zh, m.name_en AS maintenance_en,
       -- The alarm by the device's own clock, which its samples follow.
       (SELECT e.at FROM event e WHERE e.event_id = i.event_id ORDER BY e.rev LIMIT 1) AS event_at
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
LEFT JOIN organisation m ON m.id = l.maintenance_org_id WHERE i.number = %(number)s

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
-- An alarm of a device that nobody knows: the site and its code are all there is to go by.
SELECT code, site, reason, last_event FROM stranger
WHERE last_event > clock_timestamp() - interval '24 hours' ORDER BY last_event DESC LIMIT 5

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
SELECT id, code FROM lift WHERE code = %(code)s

-- name: closed
SELECT i.number, i.state, i.rule, i.tier, i.alarm_at, i.arrived_at, i.closed_at, i.cause, l.code AS lift_code,
       p.name_zh AS place_zh, p.name_en AS place_en
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
WHERE i.closed_at IS NOT NULL AND (%(lift)s::text = '' OR l.code = %(lift)s)
ORDER BY i.closed_at DESC LIMIT 200
