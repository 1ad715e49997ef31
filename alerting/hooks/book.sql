-- name: add
INSERT INTO webhook (name, url, shown, secret, kinds, town_codes, drills, author, from_seq)
SELECT %(name)s, %(url)s, %(shown)s, %(secret)s, %(kinds)s::text[], %(towns)s::text[], %(drills)s, %(author)s,
       coalesce(max(seq), 0) FROM happening
ON CONFLICT (name) DO NOTHING RETURNING id

-- name: list
SELECT w.id, w.name, w.shown, w.kinds, w.town_codes AS towns, w.drills, w.active, w.author, w.created_at, w.old_until,
       s.failing_since, s.stopped_at, s.answered_at, coalesce(s.last_answer, '') AS last_answer,
       (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'queued') AS queued,
       (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'failed') AS failed
FROM webhook w LEFT JOIN webhook_state s ON s.webhook_id = w.id ORDER BY w.name

-- name: get
SELECT id, name, url, secret, CASE WHEN old_until > now() THEN old_secret END AS old_secret FROM webhook
WHERE name = %(name)s

-- name: set_active
UPDATE webhook SET active = %(active)s WHERE name = %(name)s AND active <> %(active)s

-- name: begin_again
-- Behind `after`; without it, where it stood.
UPDATE webhook w SET epoch = w.epoch + 1, active = true,
       from_seq = coalesce(%(after)s::bigint,
                           (SELECT least(s.cursor, (SELECT min(d.seq) - 1 FROM webhook_delivery d
                                                    WHERE d.webhook_id = w.id AND d.epoch = w.epoch AND d.state = 'queued'))
                            FROM webhook_state s WHERE s.webhook_id = w.id AND s.epoch = w.epoch), w.from_seq)
WHERE w.name = %(name)s RETURNING w.from_seq

-- name: rotate
UPDATE webhook SET old_secret = secret, old_until = now() + make_interval(hours => %(hours)s), secret = %(secret)s
WHERE name = %(name)s RETURNING old_until

-- name: seq_before
SELECT coalesce(max(seq), 0) AS seq FROM happening WHERE at < %(at)s

-- name: towns
SELECT code FROM town ORDER BY code

-- name: audit
INSERT INTO audit_log (actor, action, object, reason, details)
VALUES (%(actor)s, %(action)s, 'webhook ' || %(name)s, %(reason)s, '{}')
