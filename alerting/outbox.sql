-- name: enqueue
INSERT INTO outbox (dedupe, incident_id, finding_id, dispatch_id, contact_method_id, channel, address, stage, language,
                    subject, body, created_at, next_at, give_up_at)
VALUES (%(dedupe)s, %(incident)s, %(finding)s, %(dispatch)s, %(contact)s, %(channel)s, %(address)s, %(stage)s,
        %(language)s, %(subject)s, %(body)s, %(now)s, %(now)s, %(give_up_at)s)
ON CONFLICT (dedupe) DO NOTHING

-- name: lease
-- A lease that ran out means that somebody died in the middle: the row is taken again.
UPDATE outbox SET state = 'leased', worker = %(worker)s, attempts = attempts + 1,
       lease_until = %(now)s::timestamptz + make_interval(secs => %(lease_s)s)
WHERE id IN (SELECT id FROM outbox
             WHERE (state = 'queued' AND next_at <= %(now)s) OR (state = 'leased' AND lease_until <= %(now)s)
             ORDER BY next_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING id, dedupe, channel, address, stage, language, subject, body, attempts, give_up_at, incident_id, finding_id

-- name: hold
-- Asked right before sending: who lost the lease meanwhile gets no row; who has it holds it for the whole attempt.
UPDATE outbox SET lease_until = %(now)s::timestamptz + make_interval(secs => %(lease_s)s)
WHERE id = %(id)s AND state = 'leased' AND worker = %(worker)s AND attempts = %(attempts)s
RETURNING id

-- name: close_orphans
UPDATE outbox_attempt SET ended_at = %(now)s, outcome = 'unsure', detail = 'worker vanished before the outcome was written'
WHERE outbox_id = %(id)s AND ended_at IS NULL

-- name: attempt_start
INSERT INTO outbox_attempt (outbox_id, started_at) VALUES (%(id)s, %(now)s) RETURNING id

-- name: attempt_end
UPDATE outbox_attempt SET ended_at = %(now)s, outcome = %(outcome)s, detail = %(detail)s
WHERE id = %(attempt)s AND ended_at IS NULL

-- name: unsure_before
SELECT count(*) AS n FROM outbox_attempt WHERE outbox_id = %(id)s AND outcome = 'unsure'

-- name: settle
-- Only who still holds the lease may write the outcome.
UPDATE outbox SET state = %(state)s, next_at = %(next_at)s, lease_until = NULL, sent_at = %(sent_at)s,
       receipt = %(receipt)s
WHERE id = %(id)s AND state = 'leased' AND worker = %(worker)s AND attempts = %(attempts)s
