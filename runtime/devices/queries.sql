-- name: devices
SELECT d.id, d.code, d.kind, d.site, a.code AS agent, d.retired_at IS NOT NULL AS retired
FROM device d LEFT JOIN device a ON a.id = d.agent_id
WHERE %(site)s::text IS NULL OR d.site = %(site)s
ORDER BY d.site, d.kind, d.code;

-- name: credentials
SELECT d.code AS device, c.serial, c.fingerprint, c.not_before, c.not_after, c.ends_at, c.revoked_at, c.revoked_why
FROM credential c JOIN device d ON d.id = c.device_id
ORDER BY d.code, c.not_before, c.id;

-- name: now
SELECT clock_timestamp() AS now;
