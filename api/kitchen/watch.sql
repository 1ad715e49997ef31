-- name: climate_fine
-- What sensors said, in steps of so many seconds, out of the samples themselves: rollups know no door and no lamp.
SELECT device_id, date_bin(make_interval(secs => %(step_s)s), time, '2000-01-01T00:00:00Z') AS bucket,
       min(temperature)::float8 AS low, avg(temperature)::float8 AS mean, max(temperature)::float8 AS high,
       avg(humidity)::float8 AS humidity, avg(door_open::int)::float8 AS door, avg(uv_lamp::int)::float8 AS lamp
FROM climate_sample WHERE device_id = ANY(%(devices)s::int[]) AND time >= %(start)s AND time < %(end)s
GROUP BY 1, 2 ORDER BY 1, 2

-- name: climate_days
-- The same by days of the city, out of the hours.
SELECT device_id, date_bin('1 day', bucket, %(origin)s) AS bucket,
       min(min_temperature)::float8 AS low, (sum(temperature_sum) / nullif(sum(temperature_count), 0))::float8 AS mean,
       max(max_temperature)::float8 AS high, (sum(humidity_sum) / nullif(sum(humidity_count), 0))::float8 AS humidity
FROM climate_hour WHERE device_id = ANY(%(devices)s::int[]) AND bucket >= %(start)s AND bucket < %(end)s
GROUP BY 1, 2 ORDER BY 1, 2

-- name: camera_hours
SELECT device_id, bucket, samples, active FROM camera_hour
WHERE device_id = ANY(%(devices)s::int[]) AND bucket >= %(start)s AND bucket < %(end)s ORDER BY 1, 2

-- name: blind_times
-- When cameras saw nothing: what they said of themselves, and when nobody heard them or their agent.
SELECT device_id, since, until, cause FROM (
    SELECT e.device_id, min(e.at) AS since, max(e.observed) FILTER (WHERE e.phase = 'end') AS until,
           (array_agg(e.body #>> '{details,cause}' ORDER BY e.rev DESC))[1] AS cause
    FROM event e WHERE e.device_id = ANY(%(devices)s::int[]) AND e.rule = 'camera_blind' AND e.at >= %(start)s
    GROUP BY e.device_id, e.event_id
    UNION ALL
    SELECT d.id, s.since, s.ended_at, 'silent' FROM device d
    LEFT JOIN agent_of a ON a.device_id = d.id JOIN silence s ON s.device_id IN (d.id, a.agent_id)
    WHERE d.id = ANY(%(devices)s::int[]) AND coalesce(s.ended_at, clock_timestamp()) >= %(start)s) AS times
ORDER BY since DESC LIMIT 100

-- name: looks
-- Who looked at this kitchen: live and recorded video, and unblurred pictures of findings, those of one person and day
-- counted together. Officials, and people who are the owner's no more, by their role.
WITH own AS (SELECT DISTINCT p.person_id FROM person_role p JOIN kitchen k ON k.owner_org_id = p.organisation_id
             WHERE k.id = %(kitchen)s AND p.role = 'owner'),
all_looks AS (
    SELECT l.opened_at AS at, coalesce(l.closed_at, l.until) AS until, l.role, l.mode AS what, 1 AS times,
           d.code AS camera, d.name_zh, d.name_en, '' AS finding, l.reason, l.person_id, l.starts_at, l.ends_at
    FROM live_lease l JOIN device d ON d.id = l.device_id
    WHERE d.kitchen_id = %(kitchen)s AND l.opened_at >= %(start)s AND l.opened_at < %(end)s
    UNION ALL
    SELECT max(a.at), NULL,
           CASE WHEN a.details ->> 'role' = 'owner' OR a.person_id IN (SELECT person_id FROM own) THEN 'owner'
                ELSE 'official' END,
           CASE WHEN a.details ->> 'media' = 'video/mp4' THEN 'film' ELSE 'picture' END, count(*)::int, d.code, d.name_zh, d.name_en, f.number, a.reason, a.person_id, NULL, NULL
    FROM finding f JOIN device d ON d.id = f.device_id
    JOIN audit_log a ON a.action = 'evidence_viewed' AND a.object = 'finding ' || f.number
    WHERE f.kitchen_id = %(kitchen)s AND a.at >= %(start)s AND a.at < %(end)s
    GROUP BY d.id, f.id, a.person_id, a.reason, 3, 4, (a.at AT TIME ZONE 'Asia/Shanghai')::date)
SELECT l.at, l.until, l.role, l.what, l.times, l.camera, l.name_zh, l.name_en, l.finding, l.reason,
       CASE WHEN l.person_id IN (SELECT person_id FROM own) THEN p.name ELSE '' END AS who, l.starts_at, l.ends_at
FROM all_looks l LEFT JOIN person p ON p.id = l.person_id WHERE NOT %(officials)s::boolean OR l.role <> 'owner'
ORDER BY l.at DESC LIMIT %(limit)s OFFSET %(skip)s
