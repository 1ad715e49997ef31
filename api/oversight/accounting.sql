-- name: totals
-- Refused before the device was registered, or while it was retired: no stream could count it then.
WITH refused AS MATERIALIZED (
    SELECT DISTINCT d.id AS device_id, r.boot, r.lane, r.seq FROM reject r JOIN device d ON d.code = r.device_code
    WHERE r.replayed_at IS NULL AND NOT r.counted AND r.seq IS NOT NULL AND r.reason LIKE 'device: %%'
      AND (%(towns)s::text[] IS NULL OR d.id IN (SELECT device_id FROM device_town WHERE town_code = ANY(%(towns)s)))
), early AS MATERIALIZED (
    SELECT count(*) AS count FROM refused r
    JOIN stream s ON s.device_id = r.device_id AND s.boot = r.boot AND s.lane = r.lane
    WHERE r.seq >= s.next_seq OR s.missing @> r.seq
)
SELECT coalesce(sum(greatest(s.published, s.next_seq)), 0)::bigint AS published, coalesce(sum(s.stored), 0)::bigint AS stored,
       coalesce(sum(s.rejected), 0)::bigint + (SELECT count FROM early) AS rejected,
       coalesce(sum(s.lost), 0)::bigint AS lost, coalesce(sum(s.duplicates), 0)::bigint AS duplicates,
       count(*) AS streams, (SELECT coalesce(sum(spooled), 0)::bigint FROM device_status
                          WHERE (%(towns)s::text[] IS NULL OR device_id IN (SELECT device_id FROM device_town WHERE town_code = ANY(%(towns)s)))) AS spooled
FROM stream s WHERE (%(towns)s::text[] IS NULL OR s.device_id IN (SELECT device_id FROM device_town WHERE town_code = ANY(%(towns)s)))

-- name: streams
-- Worst first: what is missing, then what is lost, then what was refused. Fine ones only when one device is asked for.
SELECT d.code, s.lane, s.first_seen, s.last_seen, greatest(s.published, s.next_seq) AS published, s.stored, s.rejected,
       s.lost, greatest(s.published, s.next_seq) - s.stored - s.rejected - s.lost AS missing
FROM stream s JOIN device d ON d.id = s.device_id
WHERE CASE WHEN %(device)s::text = '' THEN greatest(s.published, s.next_seq) <> s.stored ELSE d.code = %(device)s END
  AND (%(towns)s::text[] IS NULL OR d.id IN (SELECT device_id FROM device_town WHERE town_code = ANY(%(towns)s)))
ORDER BY missing DESC, s.lost DESC, s.rejected DESC, s.last_seen DESC LIMIT %(limit)s

-- name: gaps_open
-- Of the holes that are open, what nobody has explained: not what the device has told to be lost.
SELECT d.code, g.lane, g.from_seq, g.to_seq, g.opened_at,
       (SELECT sum(upper(r) - lower(r)) FROM unnest(left_over.numbers) AS r)::bigint AS missing
FROM gap g JOIN device d ON d.id = g.device_id
JOIN stream s ON s.device_id = g.device_id AND s.boot = g.boot AND s.lane = g.lane
CROSS JOIN LATERAL (SELECT s.missing * int8multirange(int8range(g.from_seq, g.to_seq)) - s.given_up AS numbers) AS left_over
WHERE g.missing > 0 AND NOT isempty(left_over.numbers) AND (%(device)s::text = '' OR d.code = %(device)s)
  AND (%(towns)s::text[] IS NULL OR d.id IN (SELECT device_id FROM device_town WHERE town_code = ANY(%(towns)s)))
ORDER BY missing DESC, g.opened_at LIMIT %(limit)s

-- name: gaps_filled
SELECT d.code, g.lane, g.from_seq, g.to_seq, g.opened_at, g.filled_at FROM gap g JOIN device d ON d.id = g.device_id
WHERE g.filled_at IS NOT NULL AND (%(device)s::text = '' OR d.code = %(device)s)
  AND (%(towns)s::text[] IS NULL OR d.id IN (SELECT device_id FROM device_town WHERE town_code = ANY(%(towns)s)))
ORDER BY g.filled_at DESC LIMIT %(limit)s

-- name: rejects
-- One line for a kind of fault: what differs from message to message stands in quotes.
SELECT regexp_replace(reason, '''[^'']*''', '…', 'g') AS fault, count(*) AS open, sum(times) AS times,
       count(DISTINCT split_part(topic, '/', 5)) AS devices, min(received) AS first, max(received) AS last
FROM reject
WHERE replayed_at IS NULL AND (%(device)s::text = '' OR split_part(topic, '/', 5) = %(device)s)
  AND (%(towns)s::text[] IS NULL OR device_code IN (SELECT d.code FROM device d JOIN device_town t ON t.device_id = d.id
                                                       WHERE t.town_code = ANY(%(towns)s)))
GROUP BY 1 ORDER BY open DESC LIMIT %(limit)s

-- name: strangers
SELECT code, site, reason, first_seen, last_seen, messages, events, last_event, kept, forgotten FROM stranger
WHERE (%(device)s::text = '' OR code = %(device)s)
  AND (%(towns)s::text[] IS NULL OR site IN (SELECT d.site FROM device d JOIN device_town t ON t.device_id = d.id
                                                WHERE t.town_code = ANY(%(towns)s)))
ORDER BY last_event DESC NULLS LAST, last_seen DESC LIMIT %(limit)s

-- name: silences
SELECT d.code, d.kind, s.cause, s.since, s.noticed_at, s.ended_at, b.devices
FROM silence s JOIN device d ON d.id = s.device_id
LEFT JOIN (SELECT agent_id, count(*) AS devices FROM silent_device WHERE agent_id IS NOT NULL GROUP BY 1) AS b
    ON b.agent_id = s.device_id AND s.ended_at IS NULL
WHERE CASE WHEN %(device)s::text = '' THEN s.ended_at IS NULL ELSE d.code = %(device)s END
  AND (%(towns)s::text[] IS NULL OR d.id IN (SELECT device_id FROM device_town WHERE town_code = ANY(%(towns)s)))
ORDER BY (s.ended_at IS NULL) DESC, b.devices DESC NULLS LAST, s.since LIMIT %(limit)s

-- name: clocks
-- How far a device's clock is ahead: by its own measure, else by the centre's.
SELECT d.code, d.kind, s.seen_at, s.clock_offset_ms IS NOT NULL AS told,
       -coalesce(s.clock_offset_ms, s.heard_offset_ms) / 1000.0 AS ahead_s
FROM device_status s JOIN device d ON d.id = s.device_id
WHERE d.retired_at IS NULL
  AND CASE WHEN %(device)s::text = '' THEN abs(coalesce(s.clock_offset_ms, s.heard_offset_ms)) > %(skew_ms)s::bigint
           ELSE d.code = %(device)s AND coalesce(s.clock_offset_ms, s.heard_offset_ms) IS NOT NULL END
  AND (%(towns)s::text[] IS NULL OR d.id IN (SELECT device_id FROM device_town WHERE town_code = ANY(%(towns)s)))
ORDER BY abs(coalesce(s.clock_offset_ms, s.heard_offset_ms)) DESC, d.code LIMIT %(limit)s

-- name: counts
SELECT (SELECT count(*) FROM stream WHERE greatest(published, next_seq) <> stored
          AND (%(towns)s::text[] IS NULL OR device_id IN (SELECT device_id FROM device_town WHERE town_code = ANY(%(towns)s)))) AS streams,
       (SELECT count(*) FROM gap WHERE missing > 0
          AND (%(towns)s::text[] IS NULL OR device_id IN (SELECT device_id FROM device_town WHERE town_code = ANY(%(towns)s)))) AS gaps_open,
       (SELECT count(*) FROM gap WHERE filled_at IS NOT NULL
          AND (%(towns)s::text[] IS NULL OR device_id IN (SELECT device_id FROM device_town WHERE town_code = ANY(%(towns)s)))) AS gaps_filled,
       (SELECT count(*) FROM reject WHERE replayed_at IS NULL
          AND (%(towns)s::text[] IS NULL OR device_code IN (SELECT d.code FROM device d JOIN device_town t ON t.device_id = d.id
                                                       WHERE t.town_code = ANY(%(towns)s)))) AS rejects,
       (SELECT count(*) FROM stranger
         WHERE (%(towns)s::text[] IS NULL OR site IN (SELECT d.site FROM device d JOIN device_town t ON t.device_id = d.id
                                                WHERE t.town_code = ANY(%(towns)s)))) AS strangers,
       (SELECT count(*) FROM silence WHERE ended_at IS NULL
          AND (%(towns)s::text[] IS NULL OR device_id IN (SELECT device_id FROM device_town WHERE town_code = ANY(%(towns)s)))) AS silences,
       (SELECT count(*) FROM silent_device
         WHERE (%(towns)s::text[] IS NULL OR device_id IN (SELECT device_id FROM device_town WHERE town_code = ANY(%(towns)s)))) AS silent_devices,
       (SELECT count(*) FROM device_status s JOIN device d ON d.id = s.device_id
         WHERE d.retired_at IS NULL AND abs(coalesce(s.clock_offset_ms, s.heard_offset_ms)) > %(skew_ms)s::bigint
           AND (%(towns)s::text[] IS NULL OR d.id IN (SELECT device_id FROM device_town WHERE town_code = ANY(%(towns)s)))) AS clocks,
       (SELECT max(at) FROM ingest_beat) AS ingest_at
