-- name: lift_sample
SELECT ctid FROM lift_sample WHERE time < %(before)s ORDER BY time

-- name: climate_sample
SELECT ctid FROM climate_sample WHERE time < %(before)s ORDER BY time

-- name: camera_sample
SELECT ctid FROM camera_sample WHERE time < %(before)s ORDER BY time

-- name: stream
-- A boot is over when its device reports another one.
SELECT s.ctid FROM stream s LEFT JOIN device_status d ON d.device_id = s.device_id
WHERE s.last_seen < %(before)s AND s.boot IS DISTINCT FROM d.boot

-- name: gap
SELECT g.ctid FROM gap g WHERE g.opened_at < %(before)s AND NOT EXISTS (
    SELECT FROM stream s WHERE s.device_id = g.device_id AND s.boot = g.boot AND s.lane = g.lane)

-- name: silence
-- A silence that became a finding stays with it.
SELECT s.ctid FROM silence s
WHERE s.ended_at < %(before)s AND NOT EXISTS (SELECT FROM finding f WHERE f.silence_id = s.id)

-- name: stranger
SELECT ctid FROM stranger WHERE last_seen < %(before)s

-- name: stranger_forgotten
SELECT f.ctid FROM stranger_forgotten f
WHERE NOT EXISTS (SELECT FROM stranger s WHERE s.site = f.site AND s.code = f.code AND s.last_seen >= %(before)s)

-- name: reject
-- The accounting of a boot counts its rejects: they stay as long as it does. So does what strangers said, for the day
-- when they are adopted.
SELECT r.ctid FROM reject r WHERE r.received < %(before)s AND NOT EXISTS (
    SELECT FROM stream s JOIN device d ON d.id = s.device_id
    WHERE d.code = r.device_code AND s.boot = r.boot AND s.lane = r.lane)
  AND NOT EXISTS (SELECT FROM stranger t WHERE t.code = r.device_code)

-- name: edge_reply
SELECT ctid FROM edge_reply WHERE received < %(before)s

-- name: edge_order_sent
SELECT s.ctid FROM edge_order_sent s
WHERE NOT EXISTS (SELECT FROM edge_order o WHERE o.id = s.order_id AND o.expires_at >= %(before)s)
  AND NOT EXISTS (SELECT FROM rescue_order o WHERE o.id = s.order_id AND o.expires_at >= %(before)s)

-- name: rescue_order
SELECT o.ctid FROM rescue_order o
WHERE o.expires_at < %(before)s AND NOT EXISTS (SELECT FROM edge_order_sent s WHERE s.order_id = o.id)

-- name: edge_order
SELECT o.ctid FROM edge_order o
WHERE o.expires_at < %(before)s AND NOT EXISTS (SELECT FROM edge_order_sent s WHERE s.order_id = o.id)

-- name: receipt
SELECT ctid FROM receipt WHERE received_at < %(before)s

-- name: outbox_attempt
SELECT a.ctid FROM outbox_attempt a JOIN outbox o ON o.id = a.outbox_id
WHERE o.created_at < %(before)s AND o.state IN ('sent', 'spared', 'failed')
  AND NOT EXISTS (SELECT FROM receipt r WHERE r.attempt_id = a.id)

-- name: outbox
-- A letter that is still on its way stays, however old it is.
SELECT o.ctid FROM outbox o
WHERE o.created_at < %(before)s AND o.state IN ('sent', 'spared', 'failed')
  AND NOT EXISTS (SELECT FROM outbox_attempt a WHERE a.outbox_id = o.id)

-- name: webhook_delivery
SELECT d.ctid FROM webhook_delivery d JOIN happening h ON h.seq = d.seq
WHERE h.made_at < %(before)s AND d.state <> 'queued'

-- name: happening
SELECT h.ctid FROM happening h
WHERE h.made_at < %(before)s AND NOT EXISTS (SELECT FROM webhook_delivery d WHERE d.seq = h.seq)

-- name: live_lease
SELECT ctid FROM live_lease WHERE closed_at < %(before)s

-- name: ingest_beat
-- The last sign of life of a service stays, however old it is: it says since when there is none.
SELECT ctid FROM ingest_beat WHERE at < %(before)s AND at < (SELECT max(at) FROM ingest_beat)

-- name: alerting_beat
SELECT ctid FROM alerting_beat WHERE at < %(before)s AND at < (SELECT max(at) FROM alerting_beat)

-- name: api_beat
SELECT ctid FROM api_beat WHERE at < %(before)s AND at < (SELECT max(at) FROM api_beat)

-- name: auditor_beat
SELECT ctid FROM auditor_beat WHERE at < %(before)s AND at < (SELECT max(at) FROM auditor_beat)

-- name: alarm
SELECT ctid FROM alarm WHERE ended_at < %(before)s

-- name: public_report
-- What nobody has answered yet stays.
SELECT ctid FROM public_report WHERE state IN ('answered', 'rejected') AND changed_at < %(before)s

-- name: report_seen
SELECT ctid FROM report_seen WHERE at < %(before)s

-- name: report_salt
SELECT ctid FROM report_salt WHERE day < (%(before)s::timestamptz AT TIME ZONE 'Asia/Shanghai')::date
