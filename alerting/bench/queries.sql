-- name: town
INSERT INTO town (code, name_zh, name_en) VALUES ('442000001', '测试镇', 'Bench')

-- name: organisations
INSERT INTO organisation (code, kind, name_zh, name_en, town_code, lat, lon)
VALUES ('bench-mu', 'maintenance', '测试维保', 'Bench maintenance', '442000001', 22.52, 113.38),
       ('bench-rs', 'rescue_station', '测试救援站', 'Bench station', '442000001', 22.53, 113.38),
       ('bench-119', 'city_rescue', '测试消防', 'Bench fire brigade', NULL, 22.51, 113.39),
       ('bench-prop', 'property', '测试物业', 'Bench property', '442000001', 22.52, 113.38)

-- name: contacts
INSERT INTO contact_method (organisation_id, channel, address, language, verified_at)
SELECT id, 'webhook', %(gateway)s::text || code, 'zh', now() FROM organisation

-- name: places
-- A place and a grid for each lift: many alarms at once are to be many incidents, not one mass incident.
INSERT INTO place (code, kind, name_zh, name_en, address_zh, address_en, town_code, grid_code, lat, lon, property_org_id)
SELECT 'bench-' || n, 'residential', '测试小区 ' || n, 'Bench estate ' || n, '测试路 ' || n || ' 号', n || ' Bench Road',
       '442000001', 'bench-' || n, 22.4 + n * 0.001, 113.3 + n * 0.001, o.id
FROM generate_series(1, %(lifts)s) AS n, organisation o WHERE o.code = 'bench-prop'

-- name: lifts
INSERT INTO lift (code, place_id, name_zh, name_en, maintenance_org_id, floors)
SELECT to_char(100000 + substr(p.code, 7)::int, 'FM000000'), p.id, '1 号梯', 'Lift 1', o.id, 20
FROM place p, organisation o WHERE o.code = 'bench-mu'

-- name: devices
INSERT INTO device (code, kind, site, lift_id) SELECT 'lift-' || code, 'lift', %(site)s, id FROM lift

-- name: agent
INSERT INTO device (code, kind, site) VALUES (%(agent)s, 'agent', %(site)s)

-- name: device_codes
SELECT code FROM device WHERE site = %(site)s AND kind = 'lift' ORDER BY code

-- name: fleet
COPY device (code, kind, site) FROM STDIN

-- name: fleet_ids
SELECT min(id) AS first, max(id) AS last FROM device WHERE code = ANY(%(codes)s)

-- name: committed
SELECT coalesce(sum(stored + rejected), 0)::bigint AS count FROM stream
WHERE lane = 'telemetry' AND device_id BETWEEN %(first)s AND %(last)s

-- name: alive
SELECT (SELECT count(*) FROM ingest_beat) AS ingest, (SELECT count(*) FROM alerting_beat) AS alerting

-- name: ways
-- When each alarm was where. A row's commit is known because the bench's server keeps the times of its commits.
SELECT e.event_id, pg_xact_commit_timestamp(e.xmin) AS stored, pg_xact_commit_timestamp(n.xmin) AS opened,
       a.started_at AS sent, o.dedupe
FROM event e
JOIN incident i ON i.event_id = e.event_id
JOIN incident_entry n ON n.incident_id = i.id AND n.action = 'opened'
JOIN outbox o ON o.incident_id = i.id AND o.stage = 'tier_offer'
JOIN LATERAL (SELECT min(started_at) AS started_at FROM outbox_attempt WHERE outbox_id = o.id) a ON true

-- name: settings
SELECT name, setting FROM pg_settings
WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'server_version')
