-- name: horizon
-- What is there now, and which transactions could still bring something older.
SELECT clock_timestamp() AS looked, pg_snapshot_xmin(s.seen)::text::bigint AS oldest,
       pg_snapshot_xmax(s.seen)::text::bigint AS next,
       coalesce((SELECT max(id) FROM event), 0) AS events, coalesce((SELECT max(seq) FROM command), 0) AS commands
FROM pg_current_snapshot() AS s (seen)

-- name: events_open
-- The truth is what no row says was handled; a week back is far more than any outage of ours.
SELECT e.id, e.event_id, e.rev, e.phase, e.rule, e.at, e.observed, e.received, e.subject, e.zone, e.confidence, e.body,
       e.clock_offset_ms, s.heard_offset_ms, e.device_id, d.kind AS device_kind, d.lift_id, d.kitchen_id
FROM event e JOIN device d ON d.id = e.device_id LEFT JOIN device_status s ON s.device_id = e.device_id
WHERE (e.id > %(after)s OR e.id = ANY(%(again)s::bigint[]))
  AND e.received > %(now)s::timestamptz - interval '7 days'
  AND (d.lift_id IS NOT NULL AND e.rule = ANY(%(rescue)s::text[])) = %(urgent)s
  AND NOT EXISTS (SELECT FROM event_handled h WHERE h.event_row = e.id)
ORDER BY e.id LIMIT %(limit)s

-- name: event_claim
-- First the lock of the lift or device, and nobody waits for it: who holds it is at work there, and order is kept.
WITH owned AS MATERIALIZED (
    SELECT clock_timestamp() < %(looked)s::timestamptz + make_interval(secs => %(stale_s)s)
           AND pg_try_advisory_xact_lock(%(space)s::int, %(key)s::int) AS mine),
made AS (
    INSERT INTO event_handled (event_row, at, outcome) SELECT %(id)s, %(now)s, 'claimed' FROM owned WHERE mine
    ON CONFLICT DO NOTHING RETURNING event_row)
SELECT owned.mine, made.event_row IS NOT NULL AS claimed,
       greatest(%(now)s::timestamptz,
                (SELECT e.at FROM incident_entry e
                 WHERE e.incident_id = (SELECT max(id) FROM incident WHERE lift_id = %(lift)s)
                 ORDER BY e.id DESC LIMIT 1)) AS now
FROM owned LEFT JOIN made ON true

-- name: event_outcome
UPDATE event_handled SET outcome = %(outcome)s WHERE event_row = %(event)s

-- name: commands_open
SELECT c.id, c.seq, c.kind, c.actor, c.actor_person_id, c.incident_id, c.dispatch_id, c.finding_id,
       coalesce(i.lift_id, c.lift_id, f.lift_id) AS about_lift, f.device_id AS about_device, c.lift_id, c.reason, c.args,
       c.client_at
FROM command c LEFT JOIN incident i ON i.id = c.incident_id LEFT JOIN finding f ON f.id = c.finding_id
WHERE (c.seq > %(after)s OR c.seq = ANY(%(again)s::bigint[]))
  AND c.created_at > %(now)s::timestamptz - interval '7 days'
  AND NOT EXISTS (SELECT FROM command_result r WHERE r.command_id = c.id)
ORDER BY c.seq LIMIT %(limit)s

-- name: command_claim
WITH owned AS MATERIALIZED (
    SELECT clock_timestamp() < %(looked)s::timestamptz + make_interval(secs => %(stale_s)s)
           AND pg_try_advisory_xact_lock(%(space)s::int, %(key)s::int) AS mine),
made AS (
    INSERT INTO command_result (command_id, at, ok, reason) SELECT %(id)s, %(now)s, false, 'claimed' FROM owned
    WHERE mine ON CONFLICT DO NOTHING RETURNING command_id)
SELECT owned.mine, made.command_id IS NOT NULL AS claimed,
       greatest(%(now)s::timestamptz,
                (SELECT e.at FROM incident_entry e WHERE e.incident_id = %(incident)s ORDER BY e.id DESC LIMIT 1),
                (SELECT e.at FROM finding_entry e WHERE e.finding_id = %(finding)s ORDER BY e.id DESC LIMIT 1)) AS now
FROM owned LEFT JOIN made ON true

-- name: command_result
UPDATE command_result SET ok = %(ok)s, reason = %(reason)s, at = %(now)s WHERE command_id = %(id)s

-- name: incidents_due
-- Where more is due than can be done at once, those in the greatest need come first.
SELECT id, lift_id FROM incident WHERE due_at <= %(now)s
ORDER BY cardinality(hazards) DESC, due_at, coalesce(people_inside, 1) DESC LIMIT %(limit)s

-- name: incident_claim
SELECT greatest(%(now)s::timestamptz,
                (SELECT e.at FROM incident_entry e WHERE e.incident_id = i.id ORDER BY e.id DESC LIMIT 1)) AS now
FROM incident i
WHERE i.id = %(id)s AND i.due_at <= %(now)s
  AND clock_timestamp() < %(looked)s::timestamptz + make_interval(secs => %(stale_s)s)
  AND pg_try_advisory_xact_lock(%(space)s::int, %(key)s::int)
FOR UPDATE OF i SKIP LOCKED

-- name: place_claim
-- The lock of a lift or device for whoever knows by a fresh look that there is something to do.
SELECT true AS mine
WHERE clock_timestamp() < %(looked)s::timestamptz + make_interval(secs => %(stale_s)s)
  AND pg_try_advisory_xact_lock(%(space)s::int, %(key)s::int)

-- name: desk_time
SELECT clock_timestamp() AS now, (SELECT max((info ->> 'desk_time')::timestamptz) FROM alerting_beat) AS latest

-- name: beat
INSERT INTO alerting_beat (instance, at, info) VALUES (%(instance)s, clock_timestamp(), %(info)s)
ON CONFLICT (instance) DO UPDATE SET at = EXCLUDED.at, info = EXCLUDED.info
