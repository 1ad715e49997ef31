-- name: lift
SELECT l.id, l.code, d.id AS device_id, d.code AS device,
       (SELECT number FROM incident i WHERE i.lift_id = l.id AND i.closed_at IS NULL AND i.released_at IS NULL) AS open
FROM lift l LEFT JOIN device d ON d.lift_id = l.id AND d.kind = 'lift' AND d.retired_at IS NULL
WHERE l.code = %(lift)s ORDER BY d.id LIMIT 1

-- name: some_lift
-- The one whose last exercise is longest ago, of those that are heard and where nothing is open.
SELECT l.code FROM lift l JOIN device d ON d.lift_id = l.id AND d.kind = 'lift' AND d.retired_at IS NULL
JOIN device_status s ON s.device_id = d.id AND s.seen_at > clock_timestamp() - interval '5 minutes'
WHERE l.in_use AND NOT EXISTS (SELECT FROM incident i WHERE i.lift_id = l.id AND i.closed_at IS NULL)
ORDER BY (SELECT max(x.ended_at) FROM drill x WHERE x.lift_id = l.id AND x.passed) NULLS FIRST, l.code LIMIT 1

-- name: drill_new
INSERT INTO drill (id, name, lift_id, device_id, receivers, actor, reason, until)
VALUES (%(id)s, %(name)s, %(lift)s, %(device)s, %(receivers)s, %(actor)s, %(reason)s,
        clock_timestamp() + make_interval(secs => %(life_s)s))

-- name: drill_end
UPDATE drill SET ended_at = clock_timestamp(), passed = %(passed)s, stages = %(stages)s
WHERE id = %(id)s AND ended_at IS NULL

-- name: order
INSERT INTO edge_order (id, device_id, kind, args, actor, reason, expires_at)
VALUES (%(id)s, %(device)s, 'drill', %(args)s, %(actor)s, %(reason)s,
        clock_timestamp() + make_interval(secs => %(life_s)s))

-- name: logged
INSERT INTO audit_log (actor, action, object, reason, details)
VALUES (%(actor)s, 'drill', %(object)s, %(reason)s, %(details)s)

-- name: command
INSERT INTO command (id, kind, actor, incident_id, dispatch_id, reason, args)
VALUES (%(id)s, %(kind)s, %(actor)s, %(incident)s, %(dispatch)s, %(reason)s, %(args)s)

-- name: result
SELECT ok, reason FROM command_result WHERE command_id = %(id)s

-- name: refusals
-- What an edge said against what it was asked.
SELECT reason FROM edge_reply WHERE order_id = %(order)s AND final AND NOT ok

-- name: outcome
SELECT h.outcome FROM event e JOIN event_handled h ON h.event_row = e.id
WHERE e.event_id = %(event)s AND e.phase = 'start'

-- name: dispatch
-- The first crew that has been asked and has not refused.
SELECT id, state FROM dispatch
WHERE incident_id = %(incident)s AND tier = 1 AND state NOT IN ('declined', 'stood_down') ORDER BY id LIMIT 1

-- name: stages
-- When what was seen first, on rows that the services wrote. What is stored was published by then, whenever the edge's
-- answer came.
SELECT x.started_at AS asked,
       (SELECT first_at FROM edge_order_sent s WHERE s.order_id = %(order)s) AS handed_over,
       least((SELECT min(received) FROM edge_reply r WHERE r.order_id = %(order)s AND r.ok),
             (SELECT min(received) FROM event e WHERE e.event_id = x.id)) AS published,
       (SELECT min(received) FROM event e WHERE e.event_id = x.id) AS stored,
       i.opened_at AS opened, page.written, page.sent, page.delivered, i.accepted_at AS accepted,
       (SELECT min(en_route_at) FROM dispatch d WHERE d.incident_id = i.id) AS on_the_way,
       i.arrived_at AS arrived, i.released_at AS released,
       (SELECT min(n.at) FROM incident_entry n WHERE n.incident_id = i.id AND n.action = 'tier_called' AND n.tier >= 2)
           AS second_tier,
       i.closed_at AS ended, i.id AS incident, i.number, i.source, coalesce(page.letters, 0) AS letters,
       coalesce(page.failed, 0) AS failed,
       (SELECT n.reason FROM incident_entry n WHERE n.incident_id = i.id AND n.action = 'drill_ended' LIMIT 1) AS ended_by
FROM drill x LEFT JOIN incident i ON i.event_id = x.id
LEFT JOIN LATERAL (
    SELECT min(o.created_at) AS written, min(o.sent_at) AS sent, min(o.delivered_at) AS delivered, count(*) AS letters,
           count(*) FILTER (WHERE o.state = 'failed') AS failed
    FROM outbox o WHERE o.incident_id = i.id
) AS page ON true
WHERE x.id = %(event)s

-- name: open_drills
-- Those that nobody ended: the run was killed.
SELECT x.id, x.name, l.code AS lift, x.device_id, i.rule, i.number FROM drill x JOIN lift l ON l.id = x.lift_id
LEFT JOIN incident i ON i.event_id = x.id AND i.source = 'drill' AND i.closed_at IS NULL
WHERE (%(lift)s::text = '' OR l.code = %(lift)s) AND (x.ended_at IS NULL OR i.id IS NOT NULL)
ORDER BY x.started_at
