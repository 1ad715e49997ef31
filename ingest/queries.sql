-- name: devices
SELECT id, code FROM device WHERE retired_at IS NULL

-- name: server_time
SELECT clock_timestamp() AS now

-- name: remember
-- Tells new messages from redelivered ones: only new ones come back.
INSERT INTO message_seen (device_id, boot, lane, seq, received)
SELECT device_id, boot, lane, seq, %(now)s
FROM unnest(%(devices)s::int[], %(boots)s::uuid[], %(lanes)s::text[], %(seqs)s::bigint[])
     AS m (device_id, boot, lane, seq)
ON CONFLICT DO NOTHING
RETURNING device_id, boot, lane, seq

-- name: stream_open
-- The row is locked until the commit, so that two workers cannot count one stream apart.
INSERT INTO stream (device_id, boot, lane, first_seen, last_seen)
VALUES (%(device)s, %(boot)s, %(lane)s, %(now)s, %(now)s)
ON CONFLICT (device_id, boot, lane) DO UPDATE SET last_seen = EXCLUDED.last_seen
RETURNING next_seq, lost

-- name: stream_count
UPDATE stream SET next_seq = %(next_seq)s, stored = stored + %(stored)s, duplicates = duplicates + %(duplicates)s,
    rejected = rejected + %(rejected)s
WHERE device_id = %(device)s AND boot = %(boot)s AND lane = %(lane)s

-- name: gap_open
INSERT INTO gap (device_id, boot, lane, from_seq, to_seq, opened_at, missing)
VALUES (%(device)s, %(boot)s, %(lane)s, %(from_seq)s, %(to_seq)s, %(now)s, %(to_seq)s::bigint - %(from_seq)s::bigint)
ON CONFLICT DO NOTHING

-- name: gap_fill
UPDATE gap SET missing = missing - 1, filled_at = CASE WHEN missing = 1 THEN %(now)s::timestamptz END
WHERE device_id = %(device)s AND boot = %(boot)s AND lane = %(lane)s
  AND from_seq <= %(seq)s AND to_seq > %(seq)s AND missing > 0

-- name: event
INSERT INTO event (event_id, rev, device_id, boot, seq, phase, rule, at, observed, received, subject, zone, confidence,
                   clock_offset_ms, body)
VALUES (%(event_id)s, %(rev)s, %(device)s, %(boot)s, %(seq)s, %(phase)s, %(rule)s, %(at)s, %(observed)s, %(now)s,
        %(subject)s, %(zone)s, %(confidence)s, %(clock_offset_ms)s, %(body)s)
ON CONFLICT DO NOTHING

-- name: reply
-- The same answer again is the same row.
INSERT INTO edge_reply (order_id, device_id, at, received, ok, final, reason)
VALUES (%(order)s, %(device)s, %(at)s, %(now)s, %(ok)s, %(final)s, %(reason)s)
ON CONFLICT (order_id, at) DO NOTHING

-- name: seen
INSERT INTO device_status (device_id, seen_at, camera_state)
SELECT device_id, %(now)s, '' FROM unnest(%(devices)s::int[]) AS d (device_id)
ON CONFLICT (device_id) DO UPDATE SET seen_at = EXCLUDED.seen_at

-- name: camera_state
UPDATE device_status SET camera_state = %(state)s WHERE device_id = %(device)s AND camera_state <> %(state)s

-- name: status
INSERT INTO device_status (device_id, boot, online, at, seen_at, agent, spooled, clock_offset_ms, health)
VALUES (%(device)s, %(boot)s, %(online)s, %(at)s, %(now)s, %(agent)s, %(spooled)s, %(clock_offset_ms)s, %(health)s)
ON CONFLICT (device_id) DO UPDATE SET boot = EXCLUDED.boot, online = EXCLUDED.online, at = EXCLUDED.at,
    seen_at = EXCLUDED.seen_at, agent = EXCLUDED.agent, spooled = EXCLUDED.spooled,
    clock_offset_ms = EXCLUDED.clock_offset_ms, health = EXCLUDED.health

-- name: stream_published
-- What the device says it published and lost; counts never go back within a boot.
INSERT INTO stream (device_id, boot, lane, first_seen, last_seen, published, lost)
VALUES (%(device)s, %(boot)s, %(lane)s, %(now)s, %(now)s, %(published)s, %(lost)s)
ON CONFLICT (device_id, boot, lane) DO UPDATE SET
    published = greatest(stream.published, EXCLUDED.published), lost = greatest(stream.lost, EXCLUDED.lost)

-- name: losses
SELECT from_seq, to_seq FROM loss WHERE device_id = %(device)s AND boot = %(boot)s AND lane = %(lane)s

-- name: losses_forget
DELETE FROM loss WHERE device_id = %(device)s AND boot = %(boot)s AND lane = %(lane)s

-- name: loss
-- A message may have arrived although its device, killed before it heard so, gave it up: it is not lost.
INSERT INTO loss (device_id, boot, lane, from_seq, to_seq, reported_at, arrived)
SELECT %(device)s, %(boot)s, %(lane)s, %(from_seq)s, %(to_seq)s, %(now)s,
       (SELECT count(*) FROM message_seen m WHERE m.device_id = %(device)s AND m.boot = %(boot)s
        AND m.lane = %(lane)s AND m.seq >= %(from_seq)s AND m.seq < %(to_seq)s)

-- name: loss_arrived
UPDATE loss SET arrived = arrived + (SELECT count(*) FROM unnest(%(seqs)s::bigint[]) AS s (seq)
                                     WHERE s.seq >= loss.from_seq AND s.seq < loss.to_seq)
WHERE device_id = %(device)s AND boot = %(boot)s AND lane = %(lane)s

-- name: stream_lost
UPDATE stream SET
    lost = (SELECT coalesce(sum(l.to_seq - l.from_seq - l.arrived), 0) FROM loss l
            WHERE l.device_id = stream.device_id AND l.boot = stream.boot AND l.lane = stream.lane),
    published = greatest(published, (SELECT max(l.to_seq) FROM loss l WHERE l.device_id = stream.device_id
                                     AND l.boot = stream.boot AND l.lane = stream.lane))
WHERE device_id = %(device)s AND boot = %(boot)s AND lane = %(lane)s

-- name: reject
INSERT INTO reject (received, topic, payload, reason, device_code, lane, boot, seq, digest)
VALUES (%(now)s, %(topic)s, %(payload)s, %(reason)s, %(device)s, %(lane)s, %(boot)s, %(seq)s, sha256(%(payload)s))
ON CONFLICT (topic, digest) DO UPDATE SET times = reject.times + 1

-- name: beat
INSERT INTO ingest_beat (instance, at, info) VALUES (%(instance)s, clock_timestamp(), %(info)s)
ON CONFLICT (instance) DO UPDATE SET at = EXCLUDED.at, info = EXCLUDED.info

-- name: audit
SELECT d.code AS device, s.boot::text AS boot, s.lane, greatest(s.published, s.next_seq) AS published, s.stored,
       s.rejected + early.count AS rejected, s.lost, s.duplicates,
       greatest(s.published, s.next_seq) - s.stored - s.rejected - early.count - s.lost AS unexplained,
       s.boot IS DISTINCT FROM status.boot AS finished
FROM stream s
JOIN device d ON d.id = s.device_id
LEFT JOIN device_status status ON status.device_id = d.id
-- Refused before the device was registered: no stream could count it then.
CROSS JOIN LATERAL (
    SELECT count(DISTINCT r.seq) AS count FROM reject r
    WHERE r.device_code = d.code AND r.boot = s.boot AND r.lane = s.lane
      AND r.reason LIKE 'device: %% is not registered'
      AND NOT EXISTS (SELECT FROM message_seen m
                      WHERE m.device_id = d.id AND m.boot = s.boot AND m.lane = s.lane AND m.seq = r.seq)
) AS early
ORDER BY d.code, s.first_seen, s.lane

-- name: in_flight
-- Messages that agents say they still keep.
SELECT coalesce(sum(spooled), 0)::bigint AS spooled FROM device_status

-- name: rejects
SELECT id, received, topic, reason, times, length(payload) AS bytes FROM reject ORDER BY id DESC LIMIT %(limit)s

-- name: forget_seen
-- A thousand at a time: a long sleep's backlog must not hold up an alarm.
DELETE FROM message_seen WHERE (device_id, boot, lane, seq) IN (
    SELECT device_id, boot, lane, seq FROM message_seen
    WHERE received < clock_timestamp() - make_interval(secs => %(kept_s)s) ORDER BY received LIMIT 1000)
