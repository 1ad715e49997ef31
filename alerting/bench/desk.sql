-- name: alarm
-- Alarms of the lifts from one number on, all at one moment by the device's and the centre's clock.
INSERT INTO event (event_id, rev, device_id, boot, seq, phase, rule, at, observed, received, subject, zone, confidence,
                   body)
SELECT gen_random_uuid(), 0, d.id, '00000000-0000-4000-8000-00000000be4c', d.id, 'start', %(rule)s, %(at)s, %(at)s,
       %(at)s, '', d.zone, 1, '{"details": {"people": 1, "floor": "7"}}'
FROM device d WHERE d.code = ANY(%(codes)s)

-- name: unhandled
SELECT e.id, e.event_id, e.rev, e.phase, e.rule, e.at, e.observed, e.received, e.subject, e.zone, e.confidence, e.body,
       e.clock_offset_ms, NULL::integer AS heard_offset_ms, e.device_id, d.kind AS device_kind, d.lift_id, d.kitchen_id
FROM event e JOIN device d ON d.id = e.device_id WHERE e.received = %(at)s ORDER BY e.id

-- name: handled
INSERT INTO event_handled (event_row, at, outcome) VALUES (%(id)s, %(now)s, 'bench')

-- name: later_incidents
UPDATE incident SET alarm_at = alarm_at + %(by)s, opened_at = opened_at + %(by)s, called_at = called_at + %(by)s,
       dispatched_at = dispatched_at + %(by)s, last_alarm_at = last_alarm_at + %(by)s, comfort_at = comfort_at + %(by)s,
       due_at = due_at + %(by)s

-- name: later_dispatches
UPDATE dispatch SET offered_at = offered_at + %(by)s, accept_due = accept_due + %(by)s

-- name: on_the_way
-- Whoever was asked longer ago than the answer may take has set out.
UPDATE dispatch SET state = 'en_route', accepted_at = offered_at + interval '1 minute',
       en_route_at = offered_at + interval '75 seconds', arrive_due = offered_at + interval '31 minutes'
WHERE accept_due < %(now)s

-- name: so_far
-- And the words to the car were said every five minutes since.
UPDATE incident SET state = 'en_route', accepted_at = opened_at + interval '1 minute',
       comfort_at = opened_at + said.n * interval '5 minutes', due_at = opened_at + (said.n + 1) * interval '5 minutes',
       due_reason = 'words to the car'
FROM (SELECT i.id, floor(extract(epoch FROM %(now)s::timestamptz - i.opened_at) / 300) AS n FROM incident i) AS said
WHERE said.id = incident.id AND incident.opened_at < %(now)s::timestamptz - interval '3 minutes'

-- name: asked
-- The crews of the first tier, when they were asked.
SELECT d.id AS dispatch, d.incident_id, d.accept_due, d.state, l.code
FROM dispatch d JOIN incident i ON i.id = d.incident_id JOIN lift l ON l.id = i.lift_id
WHERE d.tier = 1 AND d.id > %(after)s ORDER BY d.id

-- name: command
INSERT INTO command (id, kind, actor, incident_id, dispatch_id, args)
VALUES (gen_random_uuid(), %(kind)s, 'bench', %(incident)s, %(dispatch)s, %(args)s)

-- name: late
-- A tier that nobody had accepted in was due when the clocks of the tier below ran out; when the next one was called
-- is known because the bench's server keeps the times of its commits.
SELECT extract(epoch FROM pg_xact_commit_timestamp(e.xmin) - below.due)::float8 * 1000 AS ms
FROM incident_entry e
CROSS JOIN LATERAL (SELECT max(d.accept_due) AS due FROM dispatch d
                    WHERE d.incident_id = e.incident_id AND d.tier = e.tier - 1) AS below
WHERE e.action = 'tier_called' AND e.actor = 'sunlit' AND e.reason LIKE '%%has not accepted%%'
  AND below.due > %(since)s::timestamptz

-- name: left
SELECT (SELECT count(*) FROM event e WHERE NOT EXISTS (SELECT FROM event_handled h WHERE h.event_row = e.id))
       + (SELECT count(*) FROM command c WHERE NOT EXISTS (SELECT FROM command_result r WHERE r.command_id = c.id))
       + (SELECT count(*) FROM incident WHERE due_at < clock_timestamp() - interval '2 seconds') AS n

-- name: open
SELECT count(*) AS n FROM incident WHERE closed_at IS NULL AND released_at IS NULL

-- name: clock
SELECT clock_timestamp() AS now
