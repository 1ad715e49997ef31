-- name: enqueue
INSERT INTO outbox (dedupe, incident_id, finding_id, dispatch_id, contact_method_id, organisation_id, person_id, chain,
                    priority, weight, channel, gateway, address, shown, receipts, stage, language, subject, body, state,
                    created_at, next_at, give_up_at)
VALUES (%(dedupe)s, %(incident)s, %(finding)s, %(dispatch)s, %(contact)s, %(organisation)s, %(person)s, %(chain)s,
        %(priority)s, %(weight)s, %(channel)s, %(gateway)s, %(address)s, %(shown)s,
        coalesce((SELECT receipts FROM contact_method WHERE id = %(contact)s), false), %(stage)s, %(language)s,
        %(subject)s, %(body)s, %(state)s, %(now)s, %(now)s, %(give_up_at)s)
ON CONFLICT (dedupe) DO NOTHING

-- name: due
-- A lease that ran out means that somebody died in the middle: the row is taken again. No time here lies minutes ahead:
-- one that does is from before the clock went back. What has no room now is left out, so that it hides nothing.
SELECT o.id, o.channel, o.gateway, o.weight, o.attempts, o.give_up_at, o.chain,
       o.stage = 'tier_offer' AND coalesce(d.state IN ('declined', 'stood_down') OR d.accepted_at >= o.created_at, false)
           AS answered,
       EXISTS (SELECT FROM outbox_attempt a WHERE a.outbox_id = o.id AND coalesce(a.outcome, 'unsure') = 'unsure')
           AS unsure,
       (SELECT count(*) FROM outbox_attempt a
        WHERE a.outbox_id = o.id AND (a.ended_at IS NULL OR a.detail LIKE 'worker vanished%%')) AS vanished
FROM outbox o LEFT JOIN dispatch d ON d.id = o.dispatch_id
WHERE ((o.state = 'queued' AND (o.next_at <= %(now)s OR o.next_at > %(now)s::timestamptz + interval '5 minutes'))
    OR (o.state = 'leased' AND (o.lease_until <= %(now)s
        OR o.lease_until > %(now)s::timestamptz + make_interval(secs => %(lease_s)s) + interval '5 minutes')))
  AND o.gateway <> ALL(%(full)s) AND (o.weight = 1 OR %(others)s)
ORDER BY o.weight, o.attempts > 0, o.next_at LIMIT %(limit)s FOR UPDATE OF o SKIP LOCKED

-- name: recent
-- How much each gateway was used within the last minute.
SELECT o.gateway, array_agg(a.started_at ORDER BY a.started_at) AS times
FROM outbox_attempt a JOIN outbox o ON o.id = a.outbox_id
WHERE a.started_at > %(now)s::timestamptz - interval '60 seconds' AND a.started_at <= %(now)s AND o.gateway = ANY(%(gateways)s)
GROUP BY o.gateway

-- name: take
UPDATE outbox SET state = 'leased', worker = %(worker)s, attempts = attempts + 1,
       lease_until = %(now)s::timestamptz + make_interval(secs => %(lease_s)s)
WHERE id = ANY(%(ids)s)
RETURNING id, dedupe, channel, address, gateway, stage, language, subject, body, attempts, give_up_at, incident_id,
          finding_id, chain

-- name: hold_back
UPDATE outbox SET state = 'queued', lease_until = NULL, next_at = %(until)s WHERE id = %(id)s

-- name: hold
-- Asked right before sending: who lost the lease meanwhile gets no row; who has it holds it for the whole attempt.
UPDATE outbox SET lease_until = %(now)s::timestamptz + make_interval(secs => %(lease_s)s)
WHERE id = %(id)s AND state = 'leased' AND worker = %(worker)s AND attempts = %(attempts)s
RETURNING lease_until

-- name: close_orphans
UPDATE outbox_attempt SET ended_at = %(now)s, outcome = 'unsure', detail = 'worker vanished before the outcome was written'
WHERE outbox_id = %(id)s AND ended_at IS NULL

-- name: close_forgotten
-- A letter that nobody needs any more is not sent again: whoever vanished over it would leave no outcome.
UPDATE outbox_attempt a SET ended_at = %(now)s, outcome = 'unsure',
       detail = 'worker vanished before the outcome was written'
FROM outbox o
WHERE a.ended_at IS NULL AND a.started_at < %(now)s::timestamptz - make_interval(secs => %(lease_s)s)
  AND o.id = a.outbox_id AND NOT (o.state = 'leased' AND o.lease_until > %(now)s)

-- name: attempt_start
INSERT INTO outbox_attempt (outbox_id, started_at, receipt_sha256) VALUES (%(id)s, %(now)s, %(receipt)s) RETURNING id

-- name: attempt_end
UPDATE outbox_attempt SET ended_at = %(now)s, outcome = %(outcome)s, detail = %(detail)s
WHERE id = %(attempt)s AND ended_at IS NULL

-- name: unsure_before
SELECT count(*) AS n FROM outbox_attempt WHERE outbox_id = %(id)s AND outcome = 'unsure'

-- name: settle
-- Only who still holds the lease may write the outcome. What a receipt says counts for more than an unsure outcome.
UPDATE outbox SET state = CASE WHEN delivered_at IS NOT NULL THEN 'sent' ELSE %(state)s END, next_at = %(next_at)s,
       lease_until = NULL, sent_at = coalesce(%(sent_at)s, sent_at), receipt = coalesce(%(receipt)s, receipt),
       undelivered_at = CASE WHEN %(sent_at)s::timestamptz IS NULL THEN undelivered_at END
WHERE id = %(id)s AND state = 'leased' AND worker = %(worker)s AND attempts = %(attempts)s
RETURNING state

-- name: chain
-- Locked in one order, so that two who settle letters of one chain wait for each other and never in a ring.
SELECT o.id, o.priority, o.state, o.created_at, o.released_at, o.sent_at, o.delivered_at, o.undelivered_at, o.receipts,
       coalesce((SELECT a.outcome = 'refused' FROM outbox_attempt a WHERE a.outbox_id = o.id AND a.outcome IS NOT NULL
                 ORDER BY a.id DESC LIMIT 1), false) AS refused,
       o.stage = 'tier_offer' AND coalesce(d.state IN ('declined', 'stood_down') OR d.accepted_at >= o.created_at, false)
           AS answered
FROM outbox o LEFT JOIN dispatch d ON d.id = o.dispatch_id
WHERE o.chain = %(chain)s ORDER BY o.id FOR UPDATE OF o

-- name: chains_due
SELECT DISTINCT chain FROM outbox
WHERE state = 'waiting' AND (next_at <= %(now)s
                             OR next_at > %(now)s::timestamptz + make_interval(secs => %(fallback_s)s) + interval '1 minute')
LIMIT 500

-- name: release
WITH released AS (
    UPDATE outbox SET state = 'queued', released_at = %(now)s, next_at = %(now)s
    WHERE id = ANY(%(ids)s) AND state = 'waiting' RETURNING id
)
SELECT pg_notify('sunlit', 'outbox') FROM released LIMIT 1

-- name: spare
UPDATE outbox SET state = 'spared', lease_until = NULL WHERE id = ANY(%(ids)s) AND state IN ('waiting', 'queued', 'leased')

-- name: look_again
UPDATE outbox SET next_at = %(at)s WHERE chain = %(chain)s AND state = 'waiting'

-- name: give_up
UPDATE outbox SET state = 'failed', lease_until = NULL WHERE id = %(id)s

-- name: failed_incident
-- A letter that nobody got is a line of the timeline.
INSERT INTO incident_entry (incident_id, at, actor, action, reason, tier, policy_version, details)
SELECT o.incident_id, %(now)s, 'sunlit', 'letter_failed', %(reason)s, i.tier, p.version,
       jsonb_build_object('outbox', o.id, 'stage', o.stage, 'channel', o.channel, 'to', o.shown)
FROM outbox o JOIN incident i ON i.id = o.incident_id JOIN policy p ON p.id = i.policy_id WHERE o.id = %(id)s

-- name: failed_finding
INSERT INTO finding_entry (finding_id, at, actor, action, reason, policy_version)
SELECT o.finding_id, %(now)s, 'sunlit', 'letter_failed', %(reason)s, p.version
FROM outbox o JOIN finding f ON f.id = o.finding_id JOIN policy p ON p.id = f.policy_id WHERE o.id = %(id)s

-- name: addressee
SELECT o.stage, o.channel, coalesce(p.name, g.name_zh, o.shown) AS name
FROM outbox o LEFT JOIN person p ON p.id = o.person_id
LEFT JOIN organisation g ON g.id = coalesce(o.organisation_id,
                                            (SELECT organisation_id FROM contact_method WHERE id = o.contact_method_id))
WHERE o.id = %(id)s

-- name: notify_failed
SELECT pg_notify('sunlit', 'letter_failed')
