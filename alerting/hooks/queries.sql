-- name: alone
SELECT pg_try_advisory_xact_lock(%(space)s::int, %(key)s::int) AS mine

-- name: horizon
-- What is there now, and which transactions could still bring something older.
SELECT pg_snapshot_xmin(s.seen)::text::bigint AS oldest, pg_snapshot_xmax(s.seen)::text::bigint AS next,
       coalesce((SELECT max(id) FROM incident_entry), 0) AS incident,
       coalesce((SELECT max(id) FROM finding_entry), 0) AS finding,
       coalesce((SELECT max(id) FROM silence), 0) AS silent
FROM pg_current_snapshot() AS s (seen)

-- name: new_incident
SELECT e.id AS source_row, e.at AS happened_at, e.action, e.tier AS called, e.reason AS said,
       (SELECT d.tier FROM dispatch d WHERE d.id = (e.details->>'dispatch')::bigint) AS crew_tier, t.*
FROM incident_entry e JOIN told_incident t ON t.id = e.incident_id
WHERE (e.id > %(after)s OR e.id = ANY(%(again)s::bigint[])) AND e.at > %(since)s AND e.action = ANY(%(actions)s)
  AND NOT EXISTS (SELECT FROM happening h WHERE h.source = 'incident' AND h.source_row = e.id)
ORDER BY e.id LIMIT %(limit)s

-- name: new_finding
-- The end of what nobody was told of is no news.
SELECT e.id AS source_row, e.at AS happened_at, e.action, t.*
FROM finding_entry e JOIN told_finding t ON t.id = e.finding_id
WHERE (e.id > %(after)s OR e.id = ANY(%(again)s::bigint[])) AND e.at > %(since)s AND e.action = ANY(%(actions)s)
  AND (e.action NOT IN ('ended', 'rejected') OR t.pushed_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM happening h WHERE h.source = 'finding' AND h.source_row = e.id)
ORDER BY e.id LIMIT %(limit)s

-- name: new_silent
SELECT t.id AS source_row, t.noticed_at AS happened_at, 'silent' AS action, t.*
FROM told_silence t
WHERE (t.id > %(after)s OR t.id = ANY(%(again)s::bigint[])) AND t.noticed_at > %(since)s
  AND NOT EXISTS (SELECT FROM happening h WHERE h.source = 'silent' AND h.source_row = t.id)
ORDER BY t.id LIMIT %(limit)s

-- name: new_heard
-- Only after its beginning was told.
SELECT t.id AS source_row, t.ended_at AS happened_at, 'heard' AS action, t.*
FROM told_silence t JOIN happening b ON b.source = 'silent' AND b.source_row = t.id
WHERE t.ended_at > %(since)s
  AND NOT EXISTS (SELECT FROM happening h WHERE h.source = 'heard' AND h.source_row = t.id)
ORDER BY t.ended_at, t.id LIMIT %(limit)s

-- name: happening_new
INSERT INTO happening (id, source, source_row, kind, town_code, drill, subject, at, made_at, document)
VALUES (%(id)s, %(source)s, %(source_row)s, %(kind)s, %(town)s, %(drill)s, %(subject)s, %(at)s, %(now)s, %(document)s)
ON CONFLICT (source, source_row) DO NOTHING

-- name: last_seq
SELECT coalesce(max(seq), 0) AS seq FROM happening

-- name: begun
-- Whoever is new, or was told to begin again, begins behind from_seq.
INSERT INTO webhook_state (webhook_id, epoch, cursor) SELECT id, epoch, from_seq FROM webhook
ON CONFLICT (webhook_id) DO UPDATE SET epoch = EXCLUDED.epoch, cursor = EXCLUDED.cursor, failures = 0,
       failing_since = NULL, hold_until = NULL, stopped_at = NULL, worker = NULL, lease_until = NULL
    WHERE webhook_state.epoch <> EXCLUDED.epoch

-- name: forget_old
-- What waited before it was told to begin again waits again, or is behind it.
DELETE FROM webhook_delivery d USING webhook_state s
WHERE d.webhook_id = s.webhook_id AND d.epoch <> s.epoch AND d.state = 'queued'

-- name: behind
-- Who has something new before it, and room for it.
SELECT w.id, w.epoch, w.kinds, w.town_codes, w.drills, s.cursor FROM webhook w JOIN webhook_state s ON s.webhook_id = w.id
WHERE w.active AND s.epoch = w.epoch AND s.stopped_at IS NULL AND s.cursor < %(last)s
  AND (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'queued') < %(most)s
ORDER BY w.id

-- name: fan_out
WITH page AS (
    SELECT h.seq, h.subject, h.kind, h.town_code, h.drill FROM happening h
    WHERE h.seq > %(cursor)s ORDER BY h.seq LIMIT %(limit)s),
queued AS (
    INSERT INTO webhook_delivery (webhook_id, epoch, seq, subject, queued_at, next_at)
    SELECT %(webhook)s, %(epoch)s, p.seq, p.subject, %(now)s, %(now)s FROM page p
    WHERE (%(kinds)s::text[] IS NULL OR p.kind = ANY(%(kinds)s))
      AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s)) AND (%(drills)s OR NOT p.drill)
    ON CONFLICT DO NOTHING)
UPDATE webhook_state SET cursor = greatest(cursor, (SELECT max(seq) FROM page))
WHERE webhook_id = %(webhook)s AND epoch = %(epoch)s AND EXISTS (SELECT FROM page)

-- name: waiting
-- Whose turn it is: something is due, nobody is at it, and it is not held.
SELECT w.id FROM webhook w JOIN webhook_state s ON s.webhook_id = w.id
WHERE w.active AND s.epoch = w.epoch AND s.stopped_at IS NULL AND coalesce(s.hold_until, %(now)s) <= %(now)s
  AND coalesce(s.lease_until, %(now)s) <= %(now)s
  AND EXISTS (SELECT FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.epoch = w.epoch AND d.state = 'queued'
              AND d.next_at <= %(now)s)
ORDER BY s.last_at NULLS FIRST, w.id

-- name: lease
UPDATE webhook_state s SET worker = %(worker)s, lease_until = %(until)s
FROM webhook w
WHERE s.webhook_id = %(webhook)s AND w.id = s.webhook_id AND w.active AND s.epoch = w.epoch AND s.stopped_at IS NULL
  AND (s.worker IS NOT DISTINCT FROM %(worker)s OR coalesce(s.lease_until, %(now)s) <= %(now)s)
RETURNING w.name, w.url, w.secret, CASE WHEN w.old_until > %(now)s THEN w.old_secret END AS old_secret, s.epoch,
          s.failures, s.failing_since

-- name: release
UPDATE webhook_state SET worker = NULL, lease_until = NULL WHERE webhook_id = %(webhook)s AND worker = %(worker)s

-- name: heads
-- The first of each story that waits; what comes later in a story waits for it.
SELECT d.seq, d.attempts, d.queued_at, h.id, h.kind, h.document
FROM webhook_delivery d JOIN happening h ON h.seq = d.seq
WHERE d.webhook_id = %(webhook)s AND d.epoch = %(epoch)s AND d.state = 'queued' AND d.next_at <= %(now)s
  AND NOT EXISTS (SELECT FROM webhook_delivery e WHERE e.webhook_id = d.webhook_id AND e.epoch = d.epoch
                  AND e.state = 'queued' AND e.subject = d.subject AND e.seq < d.seq)
ORDER BY d.seq LIMIT %(limit)s

-- name: settle
UPDATE webhook_delivery SET state = %(state)s, attempts = attempts + 1, next_at = %(next_at)s,
       ended_at = CASE WHEN %(state)s <> 'queued' THEN %(now)s::timestamptz END, last_answer = %(answer)s
WHERE webhook_id = %(webhook)s AND epoch = %(epoch)s AND seq = %(seq)s AND state = 'queued'

-- name: heard
-- What its answer says of the other system as a whole.
UPDATE webhook_state SET last_at = %(now)s, last_answer = %(answer)s, failures = %(failures)s,
       failing_since = %(failing_since)s, hold_until = %(hold_until)s, stopped_at = %(stopped_at)s,
       answered_at = CASE WHEN %(took)s THEN %(now)s ELSE answered_at END
WHERE webhook_id = %(webhook)s AND epoch = %(epoch)s AND worker = %(worker)s
