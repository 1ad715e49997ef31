-- name: cameras
-- All cameras, or one; whose they are, and whether their lift has an open incident.
SELECT d.id, d.code, d.name_zh, d.name_en, d.kitchen_id, k.name_zh AS kitchen_zh, k.name_en AS kitchen_en,
       k.owner_org_id, d.lift_id, l.code AS lift_code, p.town_code, i.number AS incident, s.seen_at,
       coalesce(s.clock_offset_ms, s.heard_offset_ms) AS offset_ms
FROM device d
LEFT JOIN kitchen k ON k.id = d.kitchen_id
LEFT JOIN lift l ON l.id = d.lift_id
LEFT JOIN place p ON p.id = coalesce(k.place_id, l.place_id)
LEFT JOIN incident i ON i.lift_id = d.lift_id AND i.closed_at IS NULL
LEFT JOIN device_status s ON s.device_id = d.id
WHERE d.kind = 'camera' AND d.retired_at IS NULL AND (%(code)s::text IS NULL OR d.code = %(code)s)
ORDER BY k.code, l.code, d.code LIMIT 1000

-- name: lease_new
INSERT INTO live_lease (id, device_id, person_id, role, mode, reason, starts_at, ends_at, until, asked_at)
VALUES (%(id)s, %(device)s, %(person)s, %(role)s, %(mode)s, %(reason)s, %(start)s, %(end)s,
        clock_timestamp() + make_interval(secs => %(lease_s)s), clock_timestamp())
ON CONFLICT (id) DO NOTHING RETURNING id

-- name: lease_joins
UPDATE live_lease SET stream_id = %(stream)s WHERE id = %(id)s

-- name: lease
-- `video`: under which name its video is kept.
SELECT e.id, e.device_id, e.person_id, e.role, e.mode, e.reason, e.starts_at, e.ends_at, e.opened_at, e.until,
       e.asked_at, e.closed_at, e.closed_why, e.stream_id, coalesce(e.stream_id, e.id) AS video, d.code,
       clock_timestamp() AS now
FROM live_lease e JOIN device d ON d.id = e.device_id WHERE e.id = %(id)s

-- name: lease_renew
UPDATE live_lease SET until = greatest(until, clock_timestamp() + make_interval(secs => %(lease_s)s))
WHERE id = %(id)s AND closed_at IS NULL AND until > clock_timestamp()
  AND opened_at > clock_timestamp() - make_interval(secs => %(longest_s)s) RETURNING until

-- name: stream_join
-- The stream of a camera, a new one where nobody looks yet. Its row is held until the viewer is in.
INSERT INTO live_stream (id, device_id, until, asked_at)
VALUES (%(id)s, %(device)s, clock_timestamp() + make_interval(secs => %(lease_s)s), clock_timestamp())
ON CONFLICT (device_id) DO UPDATE SET until = greatest(live_stream.until, EXCLUDED.until), asked_at = EXCLUDED.asked_at
RETURNING id

-- name: stream_renew
UPDATE live_stream SET until = greatest(until, clock_timestamp() + make_interval(secs => %(lease_s)s))
WHERE id = %(stream)s

-- name: stream_ask
-- The edge is asked again at most so often, however many people look and however many pages renew.
UPDATE live_stream SET asked_at = clock_timestamp()
WHERE id = %(stream)s AND asked_at < clock_timestamp() - make_interval(secs => %(every_s)s) RETURNING id

-- name: stream_hold
SELECT id FROM live_stream WHERE id = %(stream)s FOR UPDATE

-- name: stream_end
-- Asked after stream_hold: whoever joins meanwhile waits, and is counted or begins a new stream.
DELETE FROM live_stream s WHERE s.id = %(stream)s AND NOT EXISTS (
    SELECT FROM live_lease e WHERE e.stream_id = s.id AND e.closed_at IS NULL AND e.until > clock_timestamp())
RETURNING id

-- name: streams
SELECT id FROM live_stream

-- name: video_wanted
-- What an edge may send to: a stream, or the lease of a recording.
SELECT s.id, s.device_id, 'live' AS mode, s.until <= clock_timestamp() AS over
FROM live_stream s WHERE s.id = %(id)s
UNION ALL
SELECT e.id, e.device_id, e.mode, e.closed_at IS NOT NULL OR e.until <= clock_timestamp() AS over
FROM live_lease e WHERE e.id = %(id)s AND e.stream_id IS NULL
UNION ALL
(SELECT e.stream_id, e.device_id, 'live', true FROM live_lease e
WHERE e.stream_id = %(id)s AND NOT EXISTS (SELECT FROM live_stream s WHERE s.id = e.stream_id) LIMIT 1)

-- name: lease_close
UPDATE live_lease SET closed_at = clock_timestamp(), closed_why = %(why)s
WHERE id = %(id)s AND closed_at IS NULL RETURNING id

-- name: leases_over
SELECT e.id, e.person_id, e.role, e.mode, e.stream_id, d.code, p.login FROM live_lease e JOIN device d ON d.id = e.device_id
JOIN person p ON p.id = e.person_id
WHERE e.closed_at IS NULL AND e.until <= clock_timestamp() ORDER BY e.until LIMIT 100

-- name: leases_open
SELECT id FROM live_lease WHERE closed_at IS NULL AND stream_id IS NULL UNION ALL SELECT id FROM live_stream

-- name: answer
-- What the edge last said about a stream or the lease of a recording.
SELECT r.ok, r.final, r.reason, r.at FROM edge_order o JOIN edge_reply r ON r.order_id = o.id
WHERE o.args ->> 'lease' = %(lease)s AND o.created_at > clock_timestamp() - interval '2 hours'
ORDER BY r.id DESC LIMIT 1

-- name: looks
-- Who has looked through a camera lately.
SELECT e.opened_at, e.closed_at, e.until, e.mode, e.role, e.reason, e.starts_at, e.ends_at, p.name
FROM live_lease e JOIN person p ON p.id = e.person_id WHERE e.device_id = %(device)s
ORDER BY e.opened_at DESC LIMIT 20
