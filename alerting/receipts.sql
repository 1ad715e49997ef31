-- name: unapplied
-- The truth is what no attempt shows; letters give up within days, so a week back is far more than any outage of ours.
SELECT r.attempt_id, r.state, r.detail, r.received_at FROM receipt r JOIN outbox_attempt a ON a.id = r.attempt_id
WHERE r.received_at > %(now)s::timestamptz - interval '7 days'
  AND CASE r.state WHEN 'delivered' THEN a.delivered_at ELSE a.undelivered_at END IS NULL
ORDER BY r.received_at LIMIT 500

-- name: letter
SELECT o.id, o.chain, o.attempts, o.incident_id FROM outbox_attempt a JOIN outbox o ON o.id = a.outbox_id WHERE a.id = %(attempt)s

-- name: hold_incident
-- First of all: whoever works on the incident holds it before its crews, too.
SELECT FROM incident WHERE id = %(incident)s FOR KEY SHARE

-- name: attempt_delivered
UPDATE outbox_attempt SET delivered_at = %(at)s WHERE id = %(attempt_id)s AND delivered_at IS NULL RETURNING id

-- name: attempt_undelivered
UPDATE outbox_attempt SET undelivered_at = %(at)s WHERE id = %(attempt_id)s AND undelivered_at IS NULL RETURNING id

-- name: delivered
-- Whatever the sending looked like from here: it has arrived. One that is being sent again settles as sent.
UPDATE outbox SET delivered_at = least(coalesce(delivered_at, %(at)s), %(at)s), sent_at = coalesce(sent_at, %(at)s),
       state = CASE WHEN state IN ('queued', 'failed') THEN 'sent' ELSE state END
WHERE id = %(id)s

-- name: undelivered
-- Only what the gateway says of the last attempt counts, and only where no other attempt arrived. It is tried again
-- while its clock runs.
UPDATE outbox SET undelivered_at = coalesce(undelivered_at, %(at)s),
       state = CASE WHEN state <> 'sent' THEN state WHEN give_up_at > %(now)s THEN 'queued' ELSE 'failed' END,
       next_at = CASE WHEN state = 'sent'
                      THEN least(give_up_at, %(now)s::timestamptz + make_interval(secs => %(pause_s)s)) ELSE next_at END
WHERE id = %(id)s AND delivered_at IS NULL
  AND %(attempt_id)s = (SELECT max(id) FROM outbox_attempt WHERE outbox_id = %(id)s)
RETURNING state

-- name: revive
-- Whoever was spared for a letter that did not arrive after all waits again; the decision follows in this transaction.
UPDATE outbox SET state = 'waiting', next_at = %(now)s, released_at = NULL
WHERE chain = %(chain)s AND state = 'spared'

-- name: dispatch_delivered
UPDATE dispatch SET delivered_at = %(at)s
WHERE id = (SELECT dispatch_id FROM outbox WHERE id = %(id)s AND stage IN ('tier_offer', 'call_again'))
  AND delivered_at IS NULL
RETURNING id

-- name: delivered_entry
INSERT INTO incident_entry (incident_id, at, actor, action, reason, tier, policy_version, details)
SELECT d.incident_id, %(now)s, 'sunlit', 'delivered', 'tier ' || d.tier || ': ' || g.name_zh, d.tier, p.version,
       jsonb_build_object('dispatch', d.id, 'outbox', %(id)s::bigint, 'at', %(at)s::timestamptz)
FROM dispatch d JOIN organisation g ON g.id = d.organisation_id JOIN incident i ON i.id = d.incident_id
JOIN policy p ON p.id = i.policy_id WHERE d.id = %(dispatch)s
