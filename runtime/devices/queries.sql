-- name: devices
SELECT d.code, d.kind, d.site, a.code AS agent, d.retired_at IS NOT NULL AS retired
FROM device d LEFT JOIN device a ON a.id = d.agent_id
ORDER BY d.site, d.code;

-- name: device
SELECT d.id, d.code, d.kind, d.site, a.code AS agent, d.retired_at IS NOT NULL AS retired
FROM device d LEFT JOIN device a ON a.id = d.agent_id WHERE d.code = %(code)s
FOR UPDATE OF d;

-- name: register
INSERT INTO device (code, kind, site, agent_id, lift_id, kitchen_id, name_zh, name_en, zone, zone_kind, commissioned_at)
SELECT %(code)s, %(kind)s, %(site)s, (SELECT id FROM device WHERE code = %(agent)s::text),
       (SELECT id FROM lift WHERE code = %(lift)s::text), (SELECT id FROM kitchen WHERE code = %(kitchen)s::text),
       %(name_zh)s, %(name_en)s, %(zone)s, %(zone_kind)s, clock_timestamp();

-- name: lift
SELECT 1 FROM lift WHERE code = %(code)s;

-- name: kitchen
SELECT 1 FROM kitchen WHERE code = %(code)s;

-- name: assign
UPDATE device SET agent_id = (SELECT id FROM device WHERE code = %(agent)s) WHERE code = %(code)s;

-- name: has_certificate
SELECT 1 FROM credential c JOIN device d ON d.id = c.device_id
WHERE d.code = %(code)s AND c.revoked_at IS NULL AND c.not_after > clock_timestamp()
  AND (c.ends_at IS NULL OR c.ends_at > clock_timestamp());

-- name: settle
UPDATE device SET agent_id = (SELECT id FROM device WHERE code = %(agent)s)
WHERE site = %(site)s AND agent_id IS NULL AND code <> %(agent)s AND code <> %(newcomer)s
  AND kind <> 'agent' AND NOT EXISTS (SELECT FROM credential c WHERE c.device_id = device.id)
RETURNING code;

-- name: credentials
SELECT d.code AS device, c.serial, c.fingerprint, c.not_before, c.not_after, c.ends_at, c.revoked_at, c.revoked_why
FROM credential c JOIN device d ON d.id = c.device_id
ORDER BY d.code, c.not_before, c.id;

-- name: keep_credential
INSERT INTO credential (device_id, serial, fingerprint, not_before, not_after)
SELECT id, %(serial)s, %(fingerprint)s, %(not_before)s, %(not_after)s FROM device WHERE code = %(device)s;

-- name: end_older
UPDATE credential c SET ends_at = least(c.ends_at, %(at)s::timestamptz)
FROM device d
WHERE d.id = c.device_id AND d.code = %(device)s AND c.serial <> %(serial)s AND c.revoked_at IS NULL
  AND c.not_after > %(now)s::timestamptz
RETURNING c.serial, c.ends_at;

-- name: revoke
UPDATE credential c SET revoked_at = %(now)s, revoked_why = %(why)s
FROM device d
WHERE d.id = c.device_id AND d.code = %(device)s AND c.revoked_at IS NULL
  AND (%(serial)s::text IS NULL OR starts_with(c.serial, %(serial)s))
RETURNING c.serial;

-- name: now
SELECT clock_timestamp() AS now;
