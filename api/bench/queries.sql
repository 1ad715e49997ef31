-- name: policies
INSERT INTO policy (kind, version, body, sha256, activated_at, author)
SELECT kind, 1, '{}', md5(kind), now() - interval '4 years', 'bench'
FROM unnest(ARRAY['lift', 'kitchen', 'fault']) AS kind

-- name: open_incidents
-- In every state in which people wait or have just been found; no two of one lift.
INSERT INTO incident (number, lift_id, rule, state, tier, policy_id, people_inside, floor_text, alarm_at, opened_at,
                      called_at, dispatched_at, accepted_at, arrived_at, due_at, due_reason)
SELECT 'R' || to_char(now(), 'YYYYMMDD') || '-' || 9000000 + n, id, 'trapped_non_level',
       (ARRAY['verifying', 'dispatched', 'dispatched', 'dispatched', 'dispatched', 'accepted', 'accepted', 'en_route',
              'arrived', 'arrived'])[mod(n, 10) + 1],
       CASE WHEN mod(n, 10) = 0 THEN 0 WHEN mod(n, 4) = 0 THEN 2 ELSE 1 END, (SELECT id FROM policy WHERE kind = 'lift'),
       nullif(mod(n, 4), 0), mod(n, 30)::text, at, at, at, CASE WHEN mod(n, 10) > 0 THEN at END,
       CASE WHEN mod(n, 10) > 4 THEN at + interval '50 s' END, CASE WHEN mod(n, 10) > 7 THEN at + interval '8 min' END,
       now() + make_interval(secs => 60 + mod(n, 1700)), 'arrival'
FROM (SELECT id, row_number() OVER (ORDER BY md5(code)) AS n,
             now() - make_interval(secs => 600 + mod(row_number() OVER (ORDER BY md5(code)), 1800)) AS at
      FROM lift WHERE kind = 'passenger' AND in_use ORDER BY md5(code) LIMIT %(open)s) AS chosen

-- name: crews
-- The contracted unit of each, and a station beside it where the second tier was called.
INSERT INTO dispatch (incident_id, tier, organisation_id, state, offered_at, accept_due, accepted_at, en_route_at,
                      eta_at, arrived_at, distance_m, link_sha256, link_expires)
SELECT i.id, t.tier, CASE t.tier WHEN 1 THEN l.maintenance_org_id ELSE s.id END,
       CASE WHEN t.tier = 1 AND i.state IN ('accepted', 'en_route', 'arrived') THEN i.state ELSE 'offered' END,
       i.alarm_at, i.alarm_at + interval '3 min', i.accepted_at, i.accepted_at, i.accepted_at + interval '12 min',
       i.arrived_at, 3100, md5(i.id || '-' || t.tier), now() + interval '2 days'
FROM incident i JOIN lift l ON l.id = i.lift_id CROSS JOIN generate_series(1, greatest(i.tier, 1)) AS t (tier)
CROSS JOIN LATERAL (SELECT id FROM organisation WHERE kind = 'rescue_station' ORDER BY md5(id || i.number) LIMIT 1) AS s
WHERE i.closed_at IS NULL

-- name: stories
INSERT INTO incident_entry (incident_id, at, actor, action, reason, tier, policy_version)
SELECT i.id, i.alarm_at + make_interval(secs => n * 20), 'desk',
       (ARRAY['opened', 'comforted', 'tier_called', 'repeated', 'repeated', 'repeated', 'comforted', 'repeated'])[n],
       'alarm', 1, 1
FROM incident i CROSS JOIN generate_series(1, 8) AS n WHERE i.closed_at IS NULL ORDER BY i.id, n

-- name: letters
INSERT INTO outbox (dedupe, incident_id, dispatch_id, organisation_id, channel, address, stage, language, subject, body,
                    state, created_at, next_at, give_up_at, sent_at, attempts)
SELECT d.id || '-' || n, d.incident_id, d.id, d.organisation_id, 'webhook', 'http://bench.invalid', 'call', 'zh',
       'alarm', 'alarm', 'sent', d.offered_at, d.offered_at, d.offered_at + interval '10 min', d.offered_at, 1
FROM dispatch d JOIN incident i ON i.id = d.incident_id CROSS JOIN generate_series(1, 3) AS n WHERE i.closed_at IS NULL

-- name: heard
-- Every device speaks, but for one of fifty, and goes on to while the bench lasts; one camera of ten is not active.
INSERT INTO device_status (device_id, online, at, seen_at, camera_state)
SELECT id, mod(id, 50) > 0, now(), now() + CASE WHEN mod(id, 50) > 0 THEN interval '1 hour' ELSE interval '-2 hours' END,
       CASE WHEN kind <> 'camera' THEN '' WHEN mod(id, 10) = 0 THEN 'degraded' ELSE 'active' END
FROM device ON CONFLICT DO NOTHING

-- name: samples
-- Ten minutes, a sample a second, of the lifts whose incidents are looked at.
INSERT INTO lift_sample (time, device_id, boot, seq, n, received, mode, car, direction, floor, door_zone, door_closed,
                         passenger, power, alarm_button, speed, load)
SELECT now() - make_interval(secs => s), d.id, '00000000-0000-0000-0000-000000000001', 600 - s, 0, now(), 1,
       (s > 300)::int, (s > 300)::int, (s / 60)::text, s > 300, true, true, 1, false, (s > 300)::int * 1.5, 140
FROM device d CROSS JOIN generate_series(0, 599) AS s WHERE d.lift_id = ANY(%(lifts)s) AND d.kind = 'lift'

-- name: looked_at
SELECT number, lift_id FROM incident WHERE closed_at IS NULL ORDER BY md5(number) LIMIT %(many)s

-- name: sizes
SELECT (SELECT count(*) FROM lift) AS lifts, (SELECT count(*) FROM kitchen) AS kitchens,
       (SELECT count(*) FROM incident) AS incidents, (SELECT count(*) FROM incident WHERE closed_at IS NULL) AS open,
       (SELECT count(*) FROM finding) AS findings

-- name: happens
-- Something that every board must show.
INSERT INTO incident_entry (incident_id, at, actor, action, reason, tier, policy_version)
SELECT id, clock_timestamp(), 'bench', 'repeated', 'bench', tier, 1 FROM incident WHERE number = %(number)s

-- name: counted
UPDATE incident SET repeats = repeats + 1, version = version + 1 WHERE number = %(number)s

-- name: server
SELECT 'PostgreSQL ' || current_setting('server_version')
       || coalesce((SELECT ', TimescaleDB ' || extversion FROM pg_extension WHERE extname = 'timescaledb'), '') AS name
