-- name: digest
-- `digest` changes whenever something on the board does; `newest` is the number of the latest entry of a timeline.
SELECT e.newest, concat_ws('-', e.newest, i.open, i.versions, f.newest, s.newest, s.open, x.last_event, a.dismissed,
                           d.newest, m.newest, h.newest, h.unread) AS digest
FROM (SELECT coalesce(max(id), 0) AS newest FROM incident_entry) AS e,
     (SELECT count(*) AS open, sum(version) AS versions FROM incident WHERE closed_at IS NULL) AS i,
     (SELECT max(id) AS newest FROM finding_entry) AS f,
     (SELECT max(id) AS newest, count(*) AS open FROM silence
      WHERE ended_at IS NULL) AS s,
     (SELECT max(last_event) AS last_event FROM stranger WHERE last_event IS NOT NULL) AS x,
     (SELECT count(*) AS dismissed FROM audit_log WHERE action = 'stranger_dismissed') AS a,
     (SELECT max(id) AS newest FROM dispatch) AS d,
     (SELECT max(id) AS newest FROM mass_incident) AS m,
     (SELECT max(id) AS newest, count(*) FILTER (WHERE confirmed_at IS NULL) AS unread FROM hand_over) AS h

-- name: entries_after
SELECT e.id, e.at, e.action, e.reason, e.tier, i.number, i.source, l.code AS lift_code, p.name_zh AS place_zh,
       p.name_en AS place_en, p.town_code
FROM incident_entry e JOIN incident i ON i.id = e.incident_id JOIN lift l ON l.id = i.lift_id
JOIN place p ON p.id = l.place_id
WHERE e.id > %(after)s ORDER BY e.id LIMIT %(limit)s

-- name: open_incidents
SELECT i.id, i.number, i.rule, i.state, i.tier, i.people_inside, i.hazards, i.floor_text, i.repeats, i.alarm_at,
       i.called_at, i.due_at, i.due_reason, i.arrived_at, i.released_at, i.sensors_clear_at, i.source, i.mass_id,
       l.code AS lift_code, l.name_zh AS lift_zh, l.name_en AS lift_en, p.id AS place_id, p.name_zh AS place_zh,
       p.name_en AS place_en, p.address_zh, p.address_en, p.lat, p.lon, p.town_code, t.name_zh AS town_zh,
       t.name_en AS town_en, ear.heard_at,
       coalesce(ear.silent, false) AS silent, i.version,
       (SELECT max(e.id) FROM incident_entry e WHERE e.incident_id = i.id) AS entry,
       (SELECT json_agg(json_build_object('id', d.id, 'tier', d.tier, 'state', d.state, 'name_zh', o.name_zh,
                                          'name_en', o.name_en, 'eta_at', d.eta_at, 'distance_m', d.distance_m,
                                          'travel_s', d.travel_s, 'lat', o.lat, 'lon', o.lon,
                                          'accept_due', d.accept_due, 'arrive_due', d.arrive_due)
                        ORDER BY d.id)
          FROM dispatch d JOIN organisation o ON o.id = d.organisation_id WHERE d.incident_id = i.id) AS crews,
       EXISTS (SELECT FROM command c JOIN dispatch d ON d.id = c.dispatch_id
               WHERE c.incident_id = i.id AND c.kind = 'arrived' AND c.args ->> 'proof' = 'ask' AND d.arrived_at IS NULL
                 AND d.state IN ('offered', 'accepted', 'en_route')) AS arrival_asked
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id JOIN town t ON t.code = p.town_code
LEFT JOIN LATERAL (
    -- Whether its sensors can be heard: when not, what they said last is not how it is now.
    SELECT max(s.seen_at) AS heard_at,
           bool_and(s.device_id IS NULL OR NOT s.online
                    OR s.seen_at < clock_timestamp() - make_interval(secs => %(silent_s)s)) AS silent
    FROM device d LEFT JOIN device_status s ON s.device_id = d.id
    WHERE d.lift_id = i.lift_id AND d.kind = 'lift' AND d.retired_at IS NULL
) AS ear ON true
WHERE i.closed_at IS NULL AND (%(mass)s::bigint IS NULL OR i.mass_id = %(mass)s)
  AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
  AND (%(only)s::bigint[] IS NULL OR i.id = ANY(%(only)s))
ORDER BY i.alarm_at

-- name: open_marks
-- What is open, and which of it has changed since an entry: only this is read again.
SELECT i.id, i.version, n.entry FROM incident i
LEFT JOIN (SELECT incident_id, max(id) AS entry FROM incident_entry WHERE id > %(after)s GROUP BY 1) AS n
  ON n.incident_id = i.id
WHERE i.closed_at IS NULL

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
LEFT JOIN LATERAL (SELECT true AS open FROM incident WHERE lift_id = d.lift_id AND closed_at IS NULL LIMIT 1) AS i ON true
LEFT JOIN (
    SELECT v.agent_id, count(*) AS devices, count(*) FILTER (WHERE o.kind = 'lift') AS lifts,
           bool_or(x.id IS NOT NULL) AS incidents
    FROM silent_device v JOIN device o ON o.id = v.device_id
    LEFT JOIN incident x ON x.lift_id = o.lift_id AND x.closed_at IS NULL
    WHERE v.agent_id IS NOT NULL GROUP BY 1
) AS b ON b.agent_id = s.device_id
WHERE s.ended_at IS NULL AND (%(towns)s::text[] IS NULL OR EXISTS (
    SELECT FROM device n LEFT JOIN lift nl ON nl.id = n.lift_id LEFT JOIN kitchen nk ON nk.id = n.kitchen_id
    JOIN place np ON np.id = coalesce(nl.place_id, nk.place_id)
    WHERE (n.id = d.id OR (d.kind = 'agent' AND (n.agent_id = d.id OR n.site = d.site)))
      AND np.town_code = ANY(%(towns)s)))
ORDER BY urgent DESC, (d.kind = 'lift' OR b.lifts > 0) DESC, b.lifts DESC NULLS LAST, s.since LIMIT %(limit)s

-- name: silent_count
SELECT count(*) FROM silence s JOIN device d ON d.id = s.device_id
WHERE s.ended_at IS NULL AND (%(towns)s::text[] IS NULL OR EXISTS (
    SELECT FROM device n LEFT JOIN lift nl ON nl.id = n.lift_id LEFT JOIN kitchen nk ON nk.id = n.kitchen_id
    JOIN place np ON np.id = coalesce(nl.place_id, nk.place_id)
    WHERE (n.id = d.id OR (d.kind = 'agent' AND (n.agent_id = d.id OR n.site = d.site)))
      AND np.town_code = ANY(%(towns)s)))

-- name: strangers_alarm
-- An alarm of a device that nobody knows: the site and its code are all there is to go by. What was looked into is
-- gone from the board; the next alarm of the same device is not.
SELECT s.code, s.site, s.reason, s.last_event FROM stranger s
WHERE s.last_event > clock_timestamp() - interval '24 hours'
  AND NOT EXISTS (SELECT FROM audit_log a WHERE a.action = 'stranger_dismissed' AND a.object = s.site || '/' || s.code
                  AND (a.details ->> 'last_event')::timestamptz >= s.last_event)
ORDER BY s.last_event DESC LIMIT 200

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
       avg(extract(epoch FROM i.arrived_at - i.alarm_at)) / 60 AS arrival_min,
       100.0 * count(*) FILTER (WHERE i.accepted_at - i.dispatched_at <= interval '3 minutes')
           / nullif(count(*) FILTER (WHERE i.accepted_at IS NOT NULL), 0) AS response_share
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
WHERE i.opened_at > %(since)s AND i.source <> 'drill' AND i.state NOT IN ('false_alarm', 'merged')
  AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))

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

-- name: blind_of_towns
-- The same from the places of some towns: of a whole city's devices only these are looked at.
SELECT count(*) FILTER (WHERE d.kind = 'lift' AND (s.device_id IS NULL OR NOT s.online
                        OR s.seen_at < clock_timestamp() - make_interval(secs => %(silent_s)s))) AS lifts_silent,
       count(*) FILTER (WHERE d.kind = 'lift') AS lifts,
       count(*) FILTER (WHERE d.kind = 'camera' AND (s.device_id IS NULL OR NOT s.online
                        OR s.camera_state <> 'active'
                        OR s.seen_at < clock_timestamp() - make_interval(secs => %(camera_silent_s)s)))
           AS cameras_blind,
       count(*) FILTER (WHERE d.kind = 'camera') AS cameras
FROM (
    SELECT o.id, o.kind FROM place p JOIN lift l ON l.place_id = p.id JOIN device o ON o.lift_id = l.id
    WHERE p.town_code = ANY(%(towns)s) AND o.retired_at IS NULL
    UNION ALL
    SELECT o.id, o.kind FROM place p JOIN kitchen k ON k.place_id = p.id JOIN device o ON o.kitchen_id = k.id
    WHERE p.town_code = ANY(%(towns)s) AND o.retired_at IS NULL
) AS d LEFT JOIN device_status s ON s.device_id = d.id

-- name: services
SELECT service, max(at) AS at, extract(epoch FROM clock_timestamp() - max(at)) AS age_s FROM service_health
GROUP BY service ORDER BY service

-- name: lift_by_code
SELECT l.id, l.code, l.name_zh, l.name_en, l.kind, l.floors, l.rated_speed, l.rated_load, l.next_inspection,
       l.machine_room_note, l.in_use, p.name_zh AS place_zh, p.name_en AS place_en, p.address_zh, p.address_en,
       p.town_code, p.lat, p.lon, t.name_zh AS town_zh, t.name_en AS town_en, m.name_zh AS maintenance_zh,
       m.name_en AS maintenance_en, m.phone AS maintenance_phone, h.name_zh AS property_zh, h.name_en AS property_en,
       h.phone AS property_phone
FROM lift l JOIN place p ON p.id = l.place_id JOIN town t ON t.code = p.town_code
LEFT JOIN organisation m ON m.id = l.maintenance_org_id LEFT JOIN organisation h ON h.id = p.property_org_id
WHERE l.code = %(code)s

-- name: lifts_like
-- By the beginning of a code, or by a part of a place's name.
SELECT l.code, l.name_zh, l.name_en, p.name_zh AS place_zh, p.name_en AS place_en, t.name_zh AS town_zh,
       t.name_en AS town_en, o.number, o.alarm_at
FROM lift l JOIN place p ON p.id = l.place_id JOIN town t ON t.code = p.town_code
LEFT JOIN LATERAL (SELECT i.number, i.alarm_at FROM incident i WHERE i.lift_id = l.id AND i.closed_at IS NULL
                   ORDER BY i.released_at IS NOT NULL, i.id LIMIT 1) AS o ON true
WHERE (l.code LIKE %(prefix)s OR p.name_zh ILIKE %(part)s OR p.name_en ILIKE %(part)s OR p.address_zh ILIKE %(part)s)
  AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
ORDER BY o.number IS NULL, l.code LIMIT %(limit)s

-- name: lift_open
SELECT number, state, alarm_at, released_at FROM incident WHERE lift_id = %(lift)s AND closed_at IS NULL
ORDER BY released_at IS NOT NULL, id

-- name: lift_past
SELECT number, state, rule, tier, alarm_at, arrived_at, released_at, closed_at, cause FROM incident
WHERE lift_id = %(lift)s AND closed_at IS NOT NULL ORDER BY opened_at DESC LIMIT 10

-- name: lift_findings
SELECT f.number, f.rule, f.state, f.class, f.opened_at FROM finding f
WHERE f.lift_id = %(lift)s AND f.closed_at IS NULL ORDER BY f.opened_at DESC LIMIT 20

-- name: lift_quiets
SELECT q.kind, q.rule, q.ends_at, q.reason, q.owner FROM quiet q
WHERE q.ended_at IS NULL AND q.ends_at > clock_timestamp()
  AND (q.lift_id = %(lift)s OR q.place_id = (SELECT place_id FROM lift WHERE id = %(lift)s)
       OR q.device_id IN (SELECT id FROM device WHERE lift_id = %(lift)s))

-- name: lift_devices
SELECT d.code, d.kind, d.name_zh, d.name_en, s.online, s.seen_at, s.camera_state, s.spooled, s.clock_offset_ms,
       s.device_id IS NULL OR NOT s.online OR s.seen_at < clock_timestamp() - make_interval(
           secs => CASE d.kind WHEN 'camera' THEN %(camera_silent_s)s::float8 ELSE %(silent_s)s::float8 END) AS silent
FROM device d LEFT JOIN device_status s ON s.device_id = d.id
WHERE d.lift_id = %(lift)s AND d.retired_at IS NULL ORDER BY d.kind, d.code

-- name: closed
SELECT i.number, i.state, i.rule, i.tier, i.alarm_at, i.arrived_at, i.closed_at, i.cause, l.code AS lift_code,
       p.name_zh AS place_zh, p.name_en AS place_en
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
WHERE i.closed_at IS NOT NULL AND (%(lift)s::text = '' OR l.code = %(lift)s)
  AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
ORDER BY i.closed_at DESC LIMIT 200

-- name: ready_counts
-- What would go wrong tomorrow: hours without anybody on duty, lifts that nobody reaches in time, nobody to tell.
SELECT (SELECT count(*) FROM roster_hole h JOIN organisation o ON o.id = h.organisation_id
        WHERE h.filled_at IS NULL AND h.ends_at > clock_timestamp()
          AND (%(towns)s::text[] IS NULL OR o.town_code = ANY(%(towns)s))) AS holes,
       (SELECT coalesce(sum(lifts), 0) FROM (
            SELECT max(g.lifts) AS lifts FROM coverage_gap g JOIN place p ON p.id = g.place_id
            WHERE %(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s) GROUP BY g.place_id) AS g) AS uncovered,
       (SELECT count(*) FROM hard_to_reach u
        WHERE %(towns)s::text[] IS NULL OR u.town_code = ANY(%(towns)s)) AS unreachable

-- name: roster_holes
SELECT o.name_zh, o.name_en, o.phone, h.starts_at, h.ends_at FROM roster_hole h
JOIN organisation o ON o.id = h.organisation_id
WHERE h.filled_at IS NULL AND h.ends_at > clock_timestamp()
  AND (%(towns)s::text[] IS NULL OR o.town_code = ANY(%(towns)s)) ORDER BY h.starts_at, o.code LIMIT 200

-- name: coverage_gaps
SELECT g.tier, g.lifts, g.limit_s, g.travel_s, g.since, p.name_zh AS place_zh, p.name_en AS place_en,
       o.name_zh AS nearest_zh, o.name_en AS nearest_en
FROM coverage_gap g JOIN place p ON p.id = g.place_id LEFT JOIN organisation o ON o.id = g.nearest_id
WHERE %(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s)
ORDER BY g.tier, g.lifts DESC, p.code LIMIT 200

-- name: unreachable
SELECT u.code, u.kind, u.name_zh, u.name_en, u.fault FROM hard_to_reach u
WHERE %(towns)s::text[] IS NULL OR u.town_code = ANY(%(towns)s) ORDER BY u.kind, u.code LIMIT 200

-- name: hand_overs_unread
SELECT id, at, from_person_id, from_name, to_person_id, to_name, towns, note, jsonb_array_length(open) AS n
FROM hand_over WHERE confirmed_at IS NULL ORDER BY at DESC LIMIT 20

-- name: stations
-- Who can be called, where it is, and how many of its crews are busy.
SELECT o.code, o.kind, o.name_zh, o.name_en, o.lat, o.lon, o.phone, o.crews,
       (SELECT count(*) FROM dispatch d WHERE d.organisation_id = o.id
          AND d.state IN ('accepted', 'en_route', 'arrived')) AS busy
FROM organisation o
WHERE o.active AND o.kind IN ('rescue_station', 'city_rescue', 'ambulance', 'maintenance')
  AND o.lat IS NOT NULL AND o.lon IS NOT NULL
  AND (%(towns)s::text[] IS NULL OR o.town_code IS NULL OR o.town_code = ANY(%(towns)s))
ORDER BY o.code LIMIT 400

-- name: hand_overs
SELECT id, at, from_person_id, from_name, to_person_id, to_name, note, jsonb_array_length(open) AS n, confirmed_at,
       confirmed_name
FROM hand_over WHERE %(towns)s::text[] IS NULL OR towns <@ %(towns)s ORDER BY at DESC LIMIT %(limit)s

-- name: hand_over
SELECT id, at, from_person_id, from_name, to_person_id, to_name, note, open, confirmed_at, confirmed_name
FROM hand_over WHERE id = %(id)s AND (%(towns)s::text[] IS NULL OR towns <@ %(towns)s)

-- name: hand_over_new
INSERT INTO hand_over (from_person_id, from_name, to_person_id, to_name, towns, note, open)
VALUES (%(person)s, %(name)s, %(to)s, %(to_name)s, %(towns)s, %(note)s, %(open)s)

-- name: hand_over_read
UPDATE hand_over SET confirmed_at = clock_timestamp(), confirmed_person_id = %(person)s, confirmed_name = %(name)s
WHERE id = %(id)s AND confirmed_at IS NULL AND from_person_id <> %(person)s

-- name: other_operators
-- Whoever could take over: operators of the same towns, of more, or of the whole city.
SELECT DISTINCT p.id, p.name FROM person p JOIN person_role r ON r.person_id = p.id
WHERE p.active AND r.role IN ('operator', 'admin') AND p.id <> %(person)s
  AND (r.town_code IS NULL OR r.town_code = ANY(%(towns)s)) ORDER BY p.name LIMIT 200

-- name: device
SELECT d.id, d.code, d.kind, d.site, d.name_zh, d.name_en, d.commissioned_at, d.retired_at, l.code AS lift_code,
       k.code AS kitchen_code, k.name_zh AS kitchen_zh, k.name_en AS kitchen_en, p.name_zh AS place_zh,
       p.name_en AS place_en, a.code AS agent_code, s.online, s.at, s.seen_at, s.agent, s.spooled, s.clock_offset_ms,
       s.heard_offset_ms, s.camera_state, coalesce(s.health, '{}') AS health, q.cause, q.since,
       s.device_id IS NULL OR NOT s.online OR s.seen_at < clock_timestamp() - make_interval(
           secs => CASE d.kind WHEN 'camera' THEN %(camera_silent_s)s::float8 ELSE %(silent_s)s::float8 END) AS silent
FROM device d LEFT JOIN device_status s ON s.device_id = d.id LEFT JOIN lift l ON l.id = d.lift_id
LEFT JOIN kitchen k ON k.id = d.kitchen_id LEFT JOIN place p ON p.id = coalesce(l.place_id, k.place_id)
LEFT JOIN agent_of g ON g.device_id = d.id LEFT JOIN device a ON a.id = g.agent_id
LEFT JOIN silence q ON q.device_id = d.id AND q.ended_at IS NULL
WHERE d.code = %(code)s AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s) OR (
    d.kind = 'agent' AND EXISTS (
        SELECT FROM agent_of o JOIN device n ON n.id = o.device_id LEFT JOIN lift nl ON nl.id = n.lift_id
        LEFT JOIN kitchen nk ON nk.id = n.kitchen_id JOIN place np ON np.id = coalesce(nl.place_id, nk.place_id)
        WHERE o.agent_id = d.id AND np.town_code = ANY(%(towns)s))))
LIMIT 1

-- name: devices_behind
SELECT d.code, d.kind, d.name_zh, d.name_en, l.code AS lift_code, s.online, s.seen_at, s.camera_state,
       s.device_id IS NULL OR NOT s.online OR s.seen_at < clock_timestamp() - make_interval(
           secs => CASE d.kind WHEN 'camera' THEN %(camera_silent_s)s::float8 ELSE %(silent_s)s::float8 END) AS silent
FROM agent_of g JOIN device d ON d.id = g.device_id LEFT JOIN device_status s ON s.device_id = d.id
LEFT JOIN lift l ON l.id = d.lift_id
WHERE g.agent_id = %(device)s AND d.retired_at IS NULL ORDER BY silent DESC, d.code LIMIT %(limit)s

-- name: device_silences
SELECT cause, since, noticed_at, ended_at FROM silence WHERE device_id = %(device)s ORDER BY id DESC LIMIT 10

-- name: device_models
-- By which model its latest events were found; the event says so itself.
SELECT e.body -> 'model' ->> 'name' AS name, e.body -> 'model' ->> 'version' AS version, max(e.received) AS at
FROM (SELECT body, received FROM event WHERE device_id = %(device)s ORDER BY received DESC LIMIT 200) AS e
WHERE e.body -> 'model' ->> 'name' IS NOT NULL GROUP BY 1, 2 ORDER BY 3 DESC

-- name: spoken
-- Words to the car and whether they were shown or spoken there; the same words with the same end are one line.
SELECT o.text, o.text_en, o.actor, min(o.created_at) AS created_at, count(*) AS n, o.ok, o.over
FROM (
    SELECT r.args ->> 'text' AS text, r.args ->> 'text_en' AS text_en, r.actor, r.created_at, p.ok,
           r.expires_at < clock_timestamp() AS over
    FROM rescue_order r
    LEFT JOIN LATERAL (SELECT ok FROM edge_reply e WHERE e.order_id = r.id ORDER BY e.final DESC, e.id DESC LIMIT 1) AS p
      ON true
    WHERE r.incident_id = %(incident)s
) AS o
GROUP BY o.text, o.text_en, o.actor, o.ok, o.over ORDER BY 4
