-- name: server_time
SELECT clock_timestamp() AS now

-- name: round
-- One round of judgement over the shards of one worker. `since` is from when on silence counts: what a device said
-- before it, ingest may have missed. Times are the database's.
WITH heard AS MATERIALIZED (
    SELECT d.id, d.code, d.kind, s.seen_at, coalesce(s.seen_at, d.commissioned_at) AS last_word,
           s.device_id IS NULL AS never, d.retired_at IS NOT NULL AS retired, l.seconds,
           coalesce(NOT s.online AND s.at IS NOT NULL, false) AS offline,
           -- A last word in the future was spoken before the clock was set back.
           extract(epoch FROM %(now)s::timestamptz - greatest(%(since)s::timestamptz,
               CASE WHEN coalesce(s.seen_at, d.commissioned_at) <= %(now)s::timestamptz
                    THEN coalesce(s.seen_at, d.commissioned_at) END)) AS age
    FROM device d
    JOIN unnest(%(kinds)s::text[], %(limits)s::float8[]) AS l (kind, seconds) ON l.kind = d.kind
    LEFT JOIN device_status s ON s.device_id = d.id
    WHERE d.shard = ANY(%(shards)s::int[]) AND (s.device_id IS NOT NULL OR d.commissioned_at <= %(now)s::timestamptz)
), judged AS MATERIALIZED (
    SELECT heard.*,
           CASE WHEN retired THEN NULL
                WHEN offline AND age > %(offline)s::float8 THEN 'offline'
                WHEN age > seconds THEN CASE WHEN never THEN 'never' ELSE 'silent' END END AS cause
    FROM heard
), standing AS MATERIALIZED (
    SELECT device_id, since FROM silence WHERE ended_at IS NULL
), agent AS MATERIALIZED (
    -- Half the limit: an agent that falls silent must be under suspicion before the devices behind it are silent.
    SELECT j.id, (j.cause IS NOT NULL OR j.offline OR j.age > j.seconds / 2 OR o.device_id IS NOT NULL) AS doubtful,
           back.at > %(now)s::timestamptz - make_interval(secs => j.seconds) AS back
    FROM judged j LEFT JOIN standing o ON o.device_id = j.id
    LEFT JOIN (SELECT device_id, max(ended_at) AS at FROM silence
               WHERE ended_at > %(now)s::timestamptz - make_interval(secs => (SELECT max(l) FROM unnest(%(limits)s::float8[]) AS l))
               GROUP BY 1) AS back ON back.device_id = j.id
    WHERE j.kind = 'agent'
), explained AS MATERIALIZED (
    -- A silent agent explains the silence behind it; when it is back, those behind it have their time to speak.
    SELECT b.device_id FROM agent_of b JOIN agent a ON a.id = b.agent_id
    GROUP BY 1 HAVING bool_and(a.doubtful) OR bool_or(coalesce(a.back, false))
), opened AS (
    INSERT INTO silence (device_id, cause, since, noticed_at)
    SELECT j.id, j.cause, j.last_word, %(now)s FROM judged j
    LEFT JOIN standing o ON o.device_id = j.id LEFT JOIN explained e ON e.device_id = j.id
    WHERE j.cause IS NOT NULL AND o.device_id IS NULL AND e.device_id IS NULL
    ON CONFLICT (device_id) WHERE ended_at IS NULL DO NOTHING
    RETURNING device_id, cause
), ended AS (
    -- Only a new word ends a silence: a clock that was set back, or a restart of ingest, is none.
    UPDATE silence o SET ended_at = greatest(o.noticed_at, %(now)s::timestamptz) FROM judged j
    WHERE o.device_id = j.id AND o.ended_at IS NULL
      AND (j.retired OR (j.cause IS NULL AND NOT j.offline AND j.last_word IS DISTINCT FROM o.since))
    RETURNING o.device_id
)
SELECT 'opened' AS what, d.code, d.kind, o.cause, coalesce(b.count, 0) AS behind
FROM opened o JOIN device d ON d.id = o.device_id
LEFT JOIN (SELECT agent_id, count(*) AS count FROM agent_of WHERE EXISTS (SELECT FROM opened) GROUP BY 1) AS b
    ON b.agent_id = d.id
UNION ALL
SELECT 'ended', d.code, d.kind, '', 0 FROM ended e JOIN device d ON d.id = e.device_id

-- name: strangers
WITH told AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(rows)s::json)
           AS k (site text, code text, reason text, messages bigint, events bigint, lanes text[])
), before AS MATERIALIZED (
    SELECT s.site, s.code, s.last_event FROM stranger s JOIN told USING (site, code)
), noted AS (
    INSERT INTO stranger AS s (site, code, reason, first_seen, last_seen, messages, events, last_event, kept, lanes)
    SELECT site, code, reason, %(now)s, %(now)s, messages, events, CASE WHEN events > 0 THEN %(now)s::timestamptz END,
           messages, lanes
    FROM told ORDER BY site, code
    ON CONFLICT (site, code) DO UPDATE SET reason = EXCLUDED.reason, last_seen = EXCLUDED.last_seen,
        messages = s.messages + EXCLUDED.messages, events = s.events + EXCLUDED.events,
        last_event = coalesce(EXCLUDED.last_event, s.last_event), kept = s.kept + EXCLUDED.kept,
        lanes = ARRAY(SELECT DISTINCT lane FROM unnest(s.lanes || EXCLUDED.lanes) AS l (lane) ORDER BY lane)
)
-- Said again after an hour: an alarm of tomorrow is not the one of today.
SELECT t.site, t.code, t.reason, b.code IS NULL AS new,
       t.events > 0 AND coalesce(b.last_event < %(now)s::timestamptz - interval '1 hour', true) AS alarm
FROM told t LEFT JOIN before b USING (site, code)

-- name: strangers_over
SELECT site, code FROM stranger WHERE kept > %(limit)s ORDER BY kept DESC LIMIT 100

-- name: stranger_trim
WITH held AS (
    SELECT site, code FROM stranger WHERE site = %(site)s AND code = %(code)s FOR UPDATE SKIP LOCKED
), own AS MATERIALIZED (
    SELECT r.id, r.boot, r.seq, l.lane, r.received,
           CASE WHEN l.lane = 'status' AND position('"losses":[{'::bytea IN r.payload) = 0 THEN 0
                WHEN l.lane = 'telemetry' THEN 1 WHEN l.lane = 'event' THEN 3 ELSE 2 END AS worth
    FROM held h CROSS JOIN unnest(ARRAY['telemetry', 'event', 'status', 'reply']) AS l (lane)
    JOIN reject r ON r.topic = format('sunlit/v1/%%s/%%s/%%s/%%s', lpad(shard_of(h.site)::text, 2, '0'), h.site, h.code,
                                      l.lane)
    WHERE r.replayed_at IS NULL
), gone AS (
    -- What a writer holds at this moment goes the next time: nobody waits for another here.
    DELETE FROM reject r USING own AS o
    WHERE r.id = o.id AND r.id IN (
        SELECT k.id FROM reject k
        WHERE k.id IN (SELECT id FROM own ORDER BY worth, id LIMIT greatest(0, (SELECT count(*) FROM own) - %(keep)s))
        FOR UPDATE SKIP LOCKED)
    RETURNING o.lane, o.boot, o.seq
), numbers AS (
    INSERT INTO stranger_forgotten AS f (site, code, boot, lane, numbers)
    SELECT h.site, h.code, g.boot, g.lane, range_agg(int8range(g.seq, g.seq + 1))
    FROM gone g CROSS JOIN held h WHERE g.seq IS NOT NULL AND g.lane IN ('telemetry', 'event') GROUP BY 1, 2, 3, 4
    ON CONFLICT (site, code, boot, lane) DO UPDATE SET numbers = f.numbers + EXCLUDED.numbers
), counted AS (
    UPDATE stranger s SET forgotten = s.forgotten + (SELECT count(*) FROM gone),
        kept = (SELECT count(*) FROM own) - (SELECT count(*) FROM gone)
    FROM held h WHERE s.site = h.site AND s.code = h.code
)
SELECT count(*) AS count FROM gone

-- name: rejects
SELECT id, received, topic, reason, times, length(payload) AS bytes, replayed_at FROM reject
WHERE (%(replayed)s::boolean OR replayed_at IS NULL)
  AND (%(reason)s::text = '' OR reason ILIKE %(reason)s)
  AND (%(device)s::text = '' OR split_part(topic, '/', 5) = %(device)s OR device_code = %(device)s)
ORDER BY id DESC LIMIT %(limit)s

-- name: rejects_open
SELECT id FROM reject
WHERE replayed_at IS NULL
  AND (cardinality(%(ids)s::bigint[]) = 0 OR id = ANY(%(ids)s))
  AND (cardinality(%(topics)s::text[]) = 0 OR topic = ANY(%(topics)s))
  AND (%(reason)s::text = '' OR reason ILIKE %(reason)s)
  AND (%(device)s::text = '' OR split_part(topic, '/', 5) = %(device)s OR device_code = %(device)s)
ORDER BY id

-- name: rejects_known
SELECT id FROM reject WHERE id = ANY(%(ids)s::bigint[])

-- name: reject
SELECT id, received, topic, reason, times, replayed_at, device_code, lane, boot, seq, payload FROM reject
WHERE id = %(id)s

-- name: reject_lock
SELECT topic, payload, reason, received, counted FROM reject WHERE id = %(id)s AND replayed_at IS NULL FOR UPDATE

-- name: reject_reason
UPDATE reject SET reason = %(reason)s WHERE id = %(id)s

-- name: reject_done
UPDATE reject SET reason = %(reason)s, replayed_at = clock_timestamp() WHERE id = %(id)s

-- name: strangers_listed
SELECT site, code, reason, first_seen, last_seen, messages, events, last_event, kept, forgotten, lanes FROM stranger
ORDER BY last_event DESC NULLS LAST, last_seen DESC LIMIT %(limit)s

-- name: stranger_sites
SELECT site FROM stranger WHERE code = %(code)s ORDER BY last_seen DESC

-- name: stranger_numbers
DELETE FROM stranger_forgotten WHERE site = %(site)s AND code = %(code)s RETURNING boot, lane, numbers

-- name: stranger_gone
DELETE FROM stranger WHERE site = %(site)s AND code = %(code)s RETURNING forgotten

-- name: device_register
INSERT INTO device (code, kind, site, agent_id, lift_id, kitchen_id, commissioned_at)
SELECT %(code)s, %(kind)s, %(site)s, (SELECT id FROM device WHERE code = %(agent)s::text), (SELECT id FROM lift WHERE code = %(lift)s::text),
       (SELECT id FROM kitchen WHERE code = %(kitchen)s::text), clock_timestamp()

-- name: device_found
SELECT id, kind, site, retired_at IS NOT NULL AS retired FROM device WHERE code = %(code)s

-- name: device_back
-- An agent speaks for its own site: who moves is no longer behind it.
UPDATE device SET retired_at = NULL, agent_id = CASE WHEN site = %(site)s THEN agent_id END, site = %(site)s
WHERE code = %(code)s

-- name: watched
SELECT EXISTS (SELECT FROM lift WHERE code = %(lift)s::text) AS lift,
       EXISTS (SELECT FROM kitchen WHERE code = %(kitchen)s::text) AS kitchen,
       EXISTS (SELECT FROM device WHERE code = %(agent)s::text AND kind = 'agent' AND site = %(site)s
               AND retired_at IS NULL) AS agent
