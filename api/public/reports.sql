-- name: make_salt
INSERT INTO report_salt (day, salt) VALUES ((now() AT TIME ZONE 'Asia/Shanghai')::date, %(salt)s) ON CONFLICT DO NOTHING

-- name: salts
-- Yesterday's too: a form may have been given out before midnight. What is older is of no use to anybody.
WITH gone AS (DELETE FROM report_salt WHERE day < (now() AT TIME ZONE 'Asia/Shanghai')::date - 1)
SELECT salt FROM report_salt WHERE day >= (now() AT TIME ZONE 'Asia/Shanghai')::date - 1 ORDER BY day DESC

-- name: one_after_another
SELECT pg_advisory_xact_lock(7265493)

-- name: forget
DELETE FROM report_seen WHERE at < now() - interval '1 day'

-- name: seen
SELECT count(*) FILTER (WHERE sender = %(sender)s AND at > now() - interval '1 hour') AS sender_hour,
       count(*) FILTER (WHERE sender = %(sender)s) AS sender_day,
       count(*) FILTER (WHERE subject = %(subject)s AND at > now() - interval '1 hour') AS subject_hour,
       count(*) FILTER (WHERE at > now() - interval '1 hour') AS city_hour
FROM report_seen

-- name: admit
INSERT INTO report_seen (sender, subject) VALUES (%(sender)s, %(subject)s)

-- name: report
INSERT INTO public_report (lift_id, kitchen_id, body, contact, number)
SELECT x.lift_id, x.kitchen_id, %(body)s, %(contact)s, %(number)s
FROM (SELECT l.id AS lift_id, NULL::bigint AS kitchen_id FROM lift l
      WHERE %(kind)s::text = 'lift' AND l.code = %(code)s AND l.in_use
      UNION ALL
      SELECT NULL, k.id FROM kitchen k WHERE %(kind)s::text = 'restaurant' AND k.code = %(code)s AND k.in_use) AS x
ON CONFLICT (number) DO NOTHING RETURNING id

-- name: known
SELECT state, at, changed_at FROM public_report WHERE number = %(number)s
