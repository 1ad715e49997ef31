-- name: grants
-- A kitchen that has gone to another organisation takes the grant with it.
SELECT r.role, r.town_code, r.organisation_id, r.kitchen_id FROM person_role r
LEFT JOIN kitchen k ON k.id = r.kitchen_id
WHERE r.person_id = %(person)s AND (r.kitchen_id IS NULL OR k.owner_org_id = r.organisation_id) ORDER BY r.id

-- name: session_get
-- By its token, or by the one before: until the new one has come back, and for some seconds more. `previous_until` a
-- year from a renewal says that it has not; half a minute later its answer was lost, and the old one brings another.
-- `stale`: a look is due to be written down.
SELECT s.id AS session, s.csrf, s.seen_at < clock_timestamp() - interval '1 minute' AS stale, p.id, p.login, p.name,
       p.language, CASE WHEN s.token_sha256 = %(token)s THEN s.renew
                        ELSE s.previous_until BETWEEN clock_timestamp() + interval '1 minute'
                             AND clock_timestamp() + interval '1 year' - interval '30 seconds' END AS renew,
       s.token_sha256 = %(token)s AND coalesce(s.previous_until > clock_timestamp() + interval '1 minute', false) AS came_back
FROM session s JOIN person p ON p.id = s.person_id
WHERE (s.token_sha256 = %(token)s OR (s.previous_sha256 = %(token)s AND s.previous_until > clock_timestamp()))
  AND s.expires_at > clock_timestamp() AND s.seen_at > clock_timestamp() - make_interval(mins => %(idle)s) AND p.active

-- name: session_seen
UPDATE session SET seen_at = clock_timestamp() WHERE id = %(session)s

-- name: session_renew
UPDATE session SET token_sha256 = %(new)s, previous_sha256 = %(token)s,
                   previous_until = clock_timestamp() + interval '1 year', renew = false
WHERE id = %(session)s AND CASE WHEN token_sha256 = %(token)s THEN renew
                                ELSE previous_sha256 = %(token)s AND previous_until
                                     BETWEEN clock_timestamp() + interval '1 minute'
                                     AND clock_timestamp() + interval '1 year' - interval '30 seconds' END RETURNING id

-- name: session_came_back
-- The old token lives on for some seconds: a page asks for several things at once.
UPDATE session SET previous_until = clock_timestamp() + interval '30 seconds'
WHERE id = %(session)s AND token_sha256 = %(token)s AND previous_until > clock_timestamp() + interval '1 minute'

-- name: command
INSERT INTO command (id, kind, actor_person_id, actor, incident_id, dispatch_id, finding_id, lift_id, reason, args,
                     client_at)
VALUES (%(id)s, %(kind)s, %(person)s, %(actor)s, %(incident)s, %(dispatch)s, %(finding)s, %(lift)s, %(reason)s,
        %(args)s, %(client_at)s)
ON CONFLICT (id) DO NOTHING

-- name: command_result
SELECT ok, reason FROM command_result WHERE command_id = %(id)s AND reason <> 'claimed'

-- name: audit
INSERT INTO audit_log (person_id, actor, action, object, reason, details)
VALUES (%(person)s, %(actor)s, %(action)s, %(object)s, %(reason)s, %(details)s) RETURNING id, at

-- name: audit_reason
SELECT reason FROM audit_log WHERE id = %(id)s AND action = 'look_asked'

-- name: uploader
-- A camera's pictures are brought by the agent of its site.
SELECT d.id, d.code, d.kitchen_id FROM device d JOIN device a ON a.site = d.site
WHERE d.code = %(device)s AND a.upload_token_sha256 = %(token)s AND d.retired_at IS NULL AND a.retired_at IS NULL
LIMIT 1

-- name: evidence_new
INSERT INTO evidence (id, event_id, finding_id, incident_id, device_id, kind, media, sha256, bytes, captured_at,
                      clock_offset_ms, source)
VALUES (%(id)s, %(event)s, %(finding)s, %(incident)s, %(device)s, %(kind)s, %(media)s, %(sha256)s, %(bytes)s,
        %(captured)s, %(clock_offset_ms)s, %(source)s)
ON CONFLICT (event_id, finding_id, incident_id, sha256) DO NOTHING
RETURNING id

-- name: evidence_here
SELECT bytes FROM evidence WHERE event_id = %(event)s AND finding_id IS NULL AND sha256 = %(sha256)s

-- name: custody
INSERT INTO evidence_custody (evidence_id, actor, action, address, reason)
VALUES (%(evidence)s, %(actor)s, %(action)s, %(address)s, %(reason)s)

-- name: evidence_of_finding
SELECT e.id, e.sha256, e.kind, e.media, e.captured_at FROM evidence e
WHERE e.event_id = %(event)s OR e.finding_id = %(finding)s ORDER BY e.kind, e.media, e.captured_at, e.id

-- name: evidence_of_incident
SELECT id, sha256, captured_at, source FROM evidence WHERE incident_id = %(incident)s ORDER BY captured_at, id

-- name: still
INSERT INTO still (device_id, taken_at, received_at, sha256, picture)
VALUES (%(device)s, %(taken)s, clock_timestamp(), %(sha256)s, %(picture)s)
ON CONFLICT (device_id) DO UPDATE SET taken_at = EXCLUDED.taken_at, received_at = EXCLUDED.received_at,
    sha256 = EXCLUDED.sha256, picture = EXCLUDED.picture WHERE still.taken_at <= EXCLUDED.taken_at

-- name: still_withheld
INSERT INTO still_withheld (device_id, at, received_at, reason)
VALUES (%(device)s, %(at)s, clock_timestamp(), %(reason)s)
ON CONFLICT (device_id) DO UPDATE SET at = EXCLUDED.at, received_at = EXCLUDED.received_at, reason = EXCLUDED.reason
    WHERE still_withheld.at <= EXCLUDED.at

-- name: order_new
INSERT INTO edge_order (id, device_id, kind, args, actor, reason, expires_at)
VALUES (%(id)s, %(device)s, %(kind)s, %(args)s, %(actor)s, %(reason)s,
        clock_timestamp() + make_interval(secs => %(life_s)s))

-- name: device_of_order
SELECT id FROM device WHERE code = %(device)s AND retired_at IS NULL

-- name: answers
SELECT ok, final, reason, at FROM edge_reply WHERE order_id = %(order)s ORDER BY id

-- name: health
SELECT 1 AS ok

-- name: beat
INSERT INTO api_beat (instance, at, info) VALUES (%(instance)s, clock_timestamp(), '{}')
ON CONFLICT (instance) DO UPDATE SET at = EXCLUDED.at

-- name: rescuers
SELECT id, code, kind, name_zh, name_en, lat, lon FROM organisation
WHERE active AND kind IN ('maintenance', 'rescue_station', 'city_rescue', 'ambulance') ORDER BY code
