-- name: now
SELECT clock_timestamp() AS now

-- name: beats
SELECT service, instance, at, info FROM service_health h
WHERE service <> 'auditor' AND (at > %(now)s::timestamptz - interval '1 day'
                                OR at = (SELECT max(at) FROM service_health o WHERE o.service = h.service))

-- name: agents
WITH quiet AS (
    SELECT s.device_id, d.code, s.since FROM silence s JOIN device d ON d.id = s.device_id
    WHERE s.ended_at IS NULL AND d.kind = 'agent' AND d.retired_at IS NULL
      AND s.noticed_at <= %(now)s::timestamptz - make_interval(secs => %(agent_s)s)
), behind AS (
    SELECT o.lift_id FROM silent_device v JOIN quiet q ON q.device_id = v.agent_id JOIN device o ON o.id = v.device_id
    WHERE o.kind = 'lift'
)
SELECT (SELECT count(*) FROM quiet) AS silent,
       (SELECT count(*) FROM device WHERE kind = 'agent' AND retired_at IS NULL) AS of,
       (SELECT count(*) FROM behind) AS lifts,
       (SELECT count(*) FROM behind b JOIN incident i ON i.lift_id = b.lift_id AND i.closed_at IS NULL
          AND i.source <> 'drill') AS rescues,
       (SELECT code FROM quiet ORDER BY since LIMIT 1) AS worst,
       (SELECT min(since) FROM quiet) AS since

-- name: alarm_path
-- The edge tests by itself and speaks only when it could not; whoever is not heard for as long has not proved anything.
-- Proofs are looked for only where one is needed.
WITH said AS (
    SELECT DISTINCT ON (device_id) device_id, phase, received FROM event WHERE rule = 'alarm_path_untested'
    ORDER BY device_id, at DESC, rev DESC
), doubtful AS (
    SELECT d.id, d.lift_id, l.code, CASE WHEN said.phase <> 'end' THEN said.received END AS told,
           CASE WHEN coalesce(s.seen_at, d.commissioned_at) < %(now)s::timestamptz - make_interval(secs => %(untested_s)s)
                THEN coalesce(s.seen_at, d.commissioned_at) END AS unheard
    FROM device d JOIN lift l ON l.id = d.lift_id AND l.in_use
    LEFT JOIN device_status s ON s.device_id = d.id LEFT JOIN said ON said.device_id = d.id
    WHERE d.kind = 'lift' AND d.retired_at IS NULL
), judged AS (
    SELECT code, CASE
        WHEN told IS NOT NULL AND (proof.at IS NULL OR proof.at < told) THEN told
        WHEN proof.at IS NULL OR proof.at < %(now)s::timestamptz - make_interval(secs => %(untested_s)s) THEN unheard
        END AS since
    FROM doubtful x CROSS JOIN LATERAL (
        SELECT greatest(
            (SELECT max(r.received) FROM edge_order o JOIN edge_reply r ON r.order_id = o.id AND r.ok AND r.final
              WHERE o.device_id = x.id AND o.kind = 'self_test'),
            (SELECT max(e.ended_at) FROM drill e WHERE e.lift_id = x.lift_id AND e.passed)) AS at
    ) AS proof
    WHERE x.told IS NOT NULL OR x.unheard IS NOT NULL
)
SELECT count(*) AS n, min(since) AS oldest, (array_agg(code ORDER BY since))[1:%(some)s] AS some
FROM judged WHERE since IS NOT NULL

-- name: outbox
-- A letter that waits for another of its person is looked at when its time has come.
SELECT count(*) AS n, min(due) AS oldest, (array_agg(DISTINCT channel))[1:%(some)s] AS some
FROM (SELECT channel, CASE state WHEN 'leased' THEN lease_until ELSE next_at END AS due FROM outbox
      WHERE state IN ('queued', 'leased')
      UNION ALL SELECT channel, next_at FROM outbox WHERE state = 'waiting') AS waiting
WHERE due < %(now)s::timestamptz - make_interval(secs => %(outbox_s)s)

-- name: letters
-- A stage of an open rescue where every way to whom it was meant for has failed.
SELECT count(DISTINCT number) AS n, min(at) AS oldest, (array_agg(DISTINCT number))[1:%(some)s] AS some
FROM (SELECT i.number, min(o.created_at) AS at FROM outbox o JOIN incident i ON i.id = o.incident_id
      WHERE i.closed_at IS NULL AND i.source <> 'drill' GROUP BY i.number, o.organisation_id, o.dispatch_id, o.stage
      HAVING bool_and(o.state = 'failed')) AS lost

-- name: incidents
SELECT count(*) AS n, min(due_at) AS oldest, (array_agg(number ORDER BY due_at))[1:%(some)s] AS some
FROM incident WHERE due_at < %(now)s::timestamptz - make_interval(secs => %(due_s)s)

-- name: clockless
SELECT count(*) AS n, min(opened_at) AS oldest, (array_agg(number ORDER BY opened_at))[1:%(some)s] AS some
FROM incident WHERE closed_at IS NULL AND released_at IS NULL AND due_at IS NULL AND source <> 'drill'

-- name: events
-- `mark`: below it everything has been dealt with, and nothing can come any more; the next look begins there.
WITH waiting AS (
    SELECT e.id, e.received, e.rule FROM event e
    WHERE e.id > %(mark)s AND e.received BETWEEN %(now)s::timestamptz - interval '7 days'
                                             AND %(now)s::timestamptz - make_interval(secs => %(handled_s)s)
      AND NOT EXISTS (SELECT FROM event_handled h WHERE h.event_row = e.id)
    ORDER BY e.id LIMIT 10000)
SELECT count(*) AS n, min(received) AS oldest, (array_agg(DISTINCT rule))[1:%(some)s] AS some,
       least(min(id) - 1, (SELECT max(e.id) FROM event e WHERE e.id > %(mark)s
                             AND e.received < %(now)s::timestamptz - interval '10 minutes')) AS mark
FROM waiting

-- name: commands
SELECT count(*) AS n, min(created_at) AS oldest, (array_agg(DISTINCT kind))[1:%(some)s] AS some
FROM (SELECT c.created_at, c.kind FROM command c
      WHERE c.created_at BETWEEN %(now)s::timestamptz - interval '7 days'
                             AND %(now)s::timestamptz - make_interval(secs => %(handled_s)s)
        AND NOT EXISTS (SELECT FROM command_result r WHERE r.command_id = c.id)
      ORDER BY c.created_at LIMIT 10000) AS waiting

-- name: orders
-- Handed to the broker: what the edge then does is its answer's matter.
SELECT count(*) AS n, min(created_at) AS oldest, (array_agg(DISTINCT o.kind))[1:%(some)s] AS some
FROM (SELECT id, device_id, created_at, expires_at, kind FROM edge_order
      UNION ALL SELECT id, device_id, created_at, expires_at, kind FROM rescue_order) AS o
JOIN device d ON d.id = o.device_id AND d.retired_at IS NULL
WHERE o.expires_at > %(now)s AND o.created_at < %(now)s::timestamptz - make_interval(secs => %(handled_s)s)
  AND NOT EXISTS (SELECT FROM edge_order_sent s WHERE s.order_id = o.id)

-- name: findings
SELECT count(*) AS n, min(due_at) AS oldest, (array_agg(number ORDER BY due_at))[1:%(some)s] AS some
FROM finding WHERE closed_at IS NULL AND due_reason <> 'digest'
  AND due_at < %(now)s::timestamptz - make_interval(secs => %(finding_s)s)

-- name: drills
-- Exercises that nobody ended.
SELECT count(*) AS n, min(x.until) AS oldest, (array_agg(i.number ORDER BY x.until))[1:%(some)s] AS some
FROM drill x JOIN incident i ON i.event_id = x.id AND i.source = 'drill' AND i.closed_at IS NULL
WHERE x.until < %(now)s

-- name: same_way
SELECT DISTINCT address FROM contact_method WHERE active AND address = ANY(%(addresses)s::text[])

-- name: beat
INSERT INTO auditor_beat (instance, at, info) VALUES (%(instance)s, clock_timestamp(), %(info)s)
ON CONFLICT (instance) DO UPDATE SET at = EXCLUDED.at, info = EXCLUDED.info

-- name: alarms_open
SELECT name, subject, grave, since, opened_at, weight, times, details, last_said, said_weight, said_grave
FROM alarm WHERE auditor = %(auditor)s AND ended_at IS NULL

-- name: alarm_keep
INSERT INTO alarm (auditor, name, subject, grave, since, opened_at, weight, times, details, words_zh, words_en,
                   last_said, said_weight, said_grave)
VALUES (%(auditor)s, %(name)s, %(subject)s, %(grave)s, %(since)s, %(opened_at)s, %(weight)s, %(times)s, %(details)s,
        %(words_zh)s, %(words_en)s, %(last_said)s, %(said_weight)s, %(said_grave)s)
ON CONFLICT (auditor, name, subject) WHERE ended_at IS NULL DO UPDATE
SET grave = EXCLUDED.grave, since = EXCLUDED.since, weight = EXCLUDED.weight, details = EXCLUDED.details,
    words_zh = EXCLUDED.words_zh, words_en = EXCLUDED.words_en, last_said = EXCLUDED.last_said,
    said_weight = EXCLUDED.said_weight, said_grave = EXCLUDED.said_grave

-- name: alarm_end
UPDATE alarm SET ended_at = %(now)s WHERE auditor = %(auditor)s AND name = %(name)s AND subject = %(subject)s
  AND ended_at IS NULL
