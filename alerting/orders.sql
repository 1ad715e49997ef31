-- name: due
-- Not answered, not expired, and not handed over in the last seconds.
SELECT o.id, o.kind, o.args, o.created_at, o.expires_at, d.code, d.site
FROM (SELECT id, kind, args, device_id, created_at, expires_at FROM edge_order WHERE expires_at > %(now)s
      UNION ALL
      SELECT id, kind, args, device_id, created_at, expires_at FROM rescue_order WHERE expires_at > %(now)s) AS o
JOIN device d ON d.id = o.device_id LEFT JOIN edge_order_sent s ON s.order_id = o.id
WHERE d.retired_at IS NULL
  AND (s.last_at IS NULL OR s.last_at <= %(now)s::timestamptz - make_interval(secs => %(again_s)s))
  AND NOT EXISTS (SELECT FROM edge_reply r WHERE r.order_id = o.id)
ORDER BY o.created_at LIMIT 200

-- name: claim
-- Whoever writes the row hands the order over; another worker finds it handed over.
INSERT INTO edge_order_sent (order_id, first_at, last_at) VALUES (%(order)s, %(now)s, %(now)s)
ON CONFLICT (order_id) DO UPDATE SET last_at = EXCLUDED.last_at, times = edge_order_sent.times + 1
    WHERE edge_order_sent.last_at <= %(now)s::timestamptz - make_interval(secs => %(again_s)s)
RETURNING order_id
