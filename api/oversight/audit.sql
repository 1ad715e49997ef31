-- name: newest
-- `everything`: of an admin. Others see what is about their towns, and their own acts.
SELECT e.id, e.at, e.actor, e.action, e.object, e.kind, e.named, e.reason, e.details FROM audit_entry e
WHERE (%(before)s::bigint IS NULL OR e.id < %(before)s)
  AND (%(everything)s OR e.person_id = %(me)s::bigint
       OR (e.town IS NOT NULL AND (%(towns)s::text[] IS NULL OR e.town = ANY(%(towns)s))))
  AND (%(since)s::timestamptz IS NULL OR e.at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR e.at < %(until)s)
  AND (%(person)s::text = '' OR e.actor = %(person)s) AND (%(action)s::text = '' OR e.action = %(action)s)
  AND (%(object)s::text = '' OR position(lower(%(object)s) IN lower(e.object)) > 0)
  AND (%(words)s::text = '' OR position(lower(%(words)s) IN lower(e.reason)) > 0)
ORDER BY e.id DESC LIMIT %(limit)s

-- name: oldest
-- The same the other way round, for programs that keep a copy.
SELECT e.id, e.at, e.actor, e.action, e.object, e.reason FROM audit_entry e
WHERE e.id > %(after)s
  AND (%(everything)s OR (e.town IS NOT NULL AND (%(towns)s::text[] IS NULL OR e.town = ANY(%(towns)s))))
  AND (%(since)s::timestamptz IS NULL OR e.at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR e.at < %(until)s)
  AND (%(person)s::text = '' OR e.actor = %(person)s) AND (%(action)s::text = '' OR e.action = %(action)s)
  AND (%(object)s::text = '' OR position(lower(%(object)s) IN lower(e.object)) > 0)
  AND (%(words)s::text = '' OR position(lower(%(words)s) IN lower(e.reason)) > 0)
ORDER BY e.id LIMIT %(limit)s

-- name: alarms
SELECT a.id, a.auditor, a.name, a.subject, a.grave, a.since, a.opened_at, a.times, a.words_zh, a.words_en, a.last_said,
       a.ended_at
FROM alarm a WHERE a.ended_at IS NULL OR (a.ended_at > %(since)s AND (%(before)s::bigint IS NULL OR a.id < %(before)s))
ORDER BY (a.ended_at IS NULL) DESC, CASE WHEN a.ended_at IS NULL THEN a.grave END DESC, a.id DESC LIMIT %(limit)s

-- name: auditors
SELECT instance, at, info FROM auditor_beat ORDER BY at DESC LIMIT 8

-- name: webhooks
SELECT w.id, w.name, w.shown, w.kinds, w.town_codes, w.drills, w.active, w.author, w.created_at, w.old_until,
       s.failing_since, s.stopped_at, s.answered_at, s.hold_until, coalesce(s.last_answer, '') AS last_answer,
       coalesce((SELECT max(seq) FROM happening), 0) - coalesce(s.cursor, w.from_seq) AS ahead,
       (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'queued') AS queued,
       (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'failed') AS failed,
       (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'sent'
           AND d.ended_at > %(now)s::timestamptz - interval '1 day') AS sent
FROM webhook w LEFT JOIN webhook_state s ON s.webhook_id = w.id ORDER BY w.active DESC, w.name
