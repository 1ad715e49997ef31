-- name: devices
SELECT id, code, site, retired_at IS NOT NULL AS retired FROM device WHERE code = ANY(%(codes)s)

-- name: server_time
SELECT clock_timestamp() AS now

-- name: streams_lock
-- Locked in one order until the commit, so that two workers neither count one stream apart nor wait for each other.
SELECT s.device_id, s.boot, s.lane, s.next_seq, s.lost, nullif(s.missing, '{}') AS missing,
       nullif(s.given_up, '{}') AS given_up
FROM json_to_recordset(%(rows)s::json) AS k (device int, boot uuid, lane text)
JOIN stream s ON s.device_id = k.device AND s.boot = k.boot AND s.lane = k.lane
ORDER BY s.device_id, s.boot, s.lane
FOR UPDATE OF s

-- name: streams_new
INSERT INTO stream (device_id, boot, lane, first_seen, last_seen)
SELECT device, boot, lane, %(now)s, %(now)s FROM json_to_recordset(%(rows)s::json) AS k (device int, boot uuid, lane text)
ON CONFLICT DO NOTHING

-- name: streams_count
UPDATE stream s SET next_seq = k.next_seq, stored = s.stored + k.stored, duplicates = s.duplicates + k.duplicates,
    rejected = s.rejected + k.rejected, published = greatest(s.published, k.published), lost = k.lost,
    last_seen = CASE WHEN k.heard THEN %(now)s::timestamptz ELSE s.last_seen END
FROM json_to_recordset(%(rows)s::json)
     AS k (device int, boot uuid, lane text, next_seq bigint, stored bigint, duplicates bigint, rejected bigint,
           published bigint, lost bigint, heard boolean)
WHERE s.device_id = k.device AND s.boot = k.boot AND s.lane = k.lane

-- name: stream_ranges
UPDATE stream SET missing = %(missing)s::int8multirange, given_up = %(given_up)s::int8multirange
WHERE device_id = %(device)s AND boot = %(boot)s AND lane = %(lane)s

-- name: gaps_open
INSERT INTO gap (device_id, boot, lane, from_seq, to_seq, opened_at, missing)
SELECT device, boot, lane, from_seq, to_seq, %(now)s, to_seq - from_seq
FROM json_to_recordset(%(rows)s::json) AS k (device int, boot uuid, lane text, from_seq bigint, to_seq bigint)
ON CONFLICT DO NOTHING

-- name: gaps_fill
UPDATE gap g SET missing = g.missing - late.count,
    filled_at = CASE WHEN g.missing <= late.count THEN %(now)s::timestamptz END
FROM (
    SELECT g.device_id, g.boot, g.lane, g.from_seq, count(*) AS count
    FROM json_to_recordset(%(rows)s::json) AS k (device int, boot uuid, lane text, from_seq bigint)
    JOIN gap g ON g.device_id = k.device AND g.boot = k.boot AND g.lane = k.lane
              AND k.from_seq >= g.from_seq AND k.from_seq < g.to_seq
    GROUP BY 1, 2, 3, 4
) AS late
WHERE g.device_id = late.device_id AND g.boot = late.boot AND g.lane = late.lane AND g.from_seq = late.from_seq

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
-- By an array and not by a join, which would read the whole table for a few hundred devices.
UPDATE device_status SET seen_at = %(now)s WHERE device_id = ANY(ARRAY(
    SELECT device_id FROM device_status WHERE device_id = ANY(%(devices)s::int[]) FOR UPDATE SKIP LOCKED))

-- name: seen_first
-- Only for who has no row: ON CONFLICT alone would wait for whoever is changing one.
INSERT INTO device_status (device_id, seen_at, online)
SELECT device_id, %(now)s, true FROM unnest(%(devices)s::int[]) AS d (device_id)
WHERE NOT EXISTS (SELECT FROM device_status s WHERE s.device_id = d.device_id)
ON CONFLICT DO NOTHING

-- name: camera_states
UPDATE device_status s SET camera_state = k.value
FROM json_each_text(%(states)s::json) AS k (key, value)
WHERE s.device_id = k.key::int AND s.camera_state <> k.value

-- name: statuses
-- The very same status again is one that the broker kept: no new word. What was heard of a clock is too large by the way
-- of the message, so within ten minutes the smallest is the best.
INSERT INTO device_status AS s (device_id, boot, online, at, seen_at, agent, spooled, clock_offset_ms, health,
                                heard_offset_ms, heard_offset_at)
SELECT device_id, boot, online, at, %(now)s, agent, spooled, clock_offset_ms, %(health)s::jsonb -> (nr - 1)::int,
       CASE WHEN online THEN (extract(epoch FROM %(now)s::timestamptz - at) * 1000)::bigint END,
       CASE WHEN online THEN %(now)s::timestamptz END
FROM unnest(%(devices)s::int[], %(boots)s::uuid[], %(online)s::boolean[], %(at)s::timestamptz[], %(agents)s::text[],
            %(spooled)s::bigint[], %(offsets)s::bigint[]) WITH ORDINALITY
     AS k (device_id, boot, online, at, agent, spooled, clock_offset_ms, nr)
ON CONFLICT (device_id) DO UPDATE SET boot = EXCLUDED.boot, online = EXCLUDED.online, at = EXCLUDED.at,
    seen_at = CASE WHEN (s.boot, s.at, s.online) = (EXCLUDED.boot, EXCLUDED.at, EXCLUDED.online) THEN s.seen_at
                   ELSE EXCLUDED.seen_at END,
    agent = EXCLUDED.agent, spooled = EXCLUDED.spooled, clock_offset_ms = EXCLUDED.clock_offset_ms,
    health = EXCLUDED.health,
    (heard_offset_ms, heard_offset_at) = (
        SELECT o.ms, o.at FROM (VALUES (s.heard_offset_ms, s.heard_offset_at),
                                       (EXCLUDED.heard_offset_ms, EXCLUDED.heard_offset_at)) AS o (ms, at)
        WHERE o.at = CASE WHEN EXCLUDED.heard_offset_at IS NULL OR (s.boot, s.at) = (EXCLUDED.boot, EXCLUDED.at)
                            OR (s.heard_offset_ms < EXCLUDED.heard_offset_ms AND s.boot = EXCLUDED.boot
                                AND s.heard_offset_at BETWEEN EXCLUDED.heard_offset_at - interval '10 minutes'
                                                          AND EXCLUDED.heard_offset_at)
                          THEN s.heard_offset_at ELSE EXCLUDED.heard_offset_at END LIMIT 1)

-- name: reject
INSERT INTO reject (received, topic, payload, reason, device_code, lane, boot, seq, digest, counted)
VALUES (%(now)s, %(topic)s, %(payload)s, %(reason)s, %(device)s, %(lane)s, %(boot)s, %(seq)s, sha256(%(payload)s),
        %(counted)s)
ON CONFLICT (topic, digest) DO UPDATE SET times = reject.times + %(again)s, reason = EXCLUDED.reason,
    counted = reject.counted OR EXCLUDED.counted

-- name: beat
INSERT INTO ingest_beat (instance, at, info) VALUES (%(instance)s, clock_timestamp(), %(info)s)
ON CONFLICT (instance) DO UPDATE SET at = EXCLUDED.at, info = EXCLUDED.info

-- name: beating
SELECT instance, extract(epoch FROM clock_timestamp() - at)::int AS ago FROM ingest_beat
WHERE split_part(instance, '@', 1) = ANY(%(names)s) AND at > clock_timestamp() - make_interval(secs => %(seconds)s)

-- name: audit
SELECT d.code AS device, s.boot::text AS boot, s.lane, greatest(s.published, s.next_seq) AS published, s.stored,
       s.rejected + early.count AS rejected, s.lost, s.duplicates,
       greatest(s.published, s.next_seq) - s.stored - s.rejected - early.count - s.lost AS unexplained,
       s.boot IS DISTINCT FROM status.boot AS finished
FROM stream s
JOIN device d ON d.id = s.device_id
LEFT JOIN device_status status ON status.device_id = d.id
-- Refused before the device was registered, or while it was retired: no stream could count it then.
CROSS JOIN LATERAL (
    SELECT count(DISTINCT r.seq) AS count FROM reject r
    WHERE r.device_code = d.code AND r.boot = s.boot AND r.lane = s.lane
      AND NOT r.counted AND r.replayed_at IS NULL AND r.reason LIKE 'device: %%'
      AND (r.seq >= s.next_seq OR s.missing @> r.seq)
) AS early
ORDER BY d.code, s.first_seen, s.lane

-- name: in_flight
-- Messages that agents say they still keep.
SELECT coalesce(sum(spooled), 0)::bigint AS spooled FROM device_status
