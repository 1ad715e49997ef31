-- name: bureau
-- Where the town complains: its bureau, else the city's.
SELECT name_zh, name_en FROM organisation WHERE kind = 'bureau' AND active AND (town_code IS NULL OR town_code = %(town)s)
ORDER BY (town_code IS NULL), id LIMIT 1

-- name: findings
SELECT f.number, f.rule, f.class, f.state, f.zone, d.code AS device, f.opened_at, f.rectify_due AS put_right_by,
       f.rectified_at AS put_right_at, f.verified_at, f.closed_at, f.level AS late_level, f.repeats,
       round(f.confidence::numeric, 2)::float8 AS confidence, f.rectify_note AS note
FROM finding f JOIN device d ON d.id = f.device_id
WHERE f.kitchen_id = %(kitchen)s AND f.state NOT IN ('detected', 'under_review', 'muted')
  AND f.opened_at >= %(start)s AND f.opened_at < %(end)s ORDER BY f.opened_at, f.id

-- name: history
SELECT f.number, e.at, e.actor, e.action, e.reason FROM finding_entry e JOIN finding f ON f.id = e.finding_id
WHERE f.kitchen_id = %(kitchen)s AND f.state NOT IN ('detected', 'under_review', 'muted')
  AND f.opened_at >= %(start)s AND f.opened_at < %(end)s ORDER BY f.opened_at, f.id, e.id

-- name: devices
SELECT id, code, kind FROM device WHERE kitchen_id = %(kitchen)s AND kind IN ('camera', 'kitchen_sensor') ORDER BY code

-- name: sensors
SELECT %(code)s::text AS sensor, bucket AS hour, samples, min_temperature, max_temperature,
       round((temperature_sum / nullif(temperature_count, 0))::numeric, 2)::float8 AS mean_temperature,
       round((humidity_sum / nullif(humidity_count, 0))::numeric, 1)::float8 AS mean_humidity
FROM climate_hour WHERE device_id = %(device)s AND bucket >= %(start)s AND bucket < %(end)s ORDER BY bucket

-- name: cameras
SELECT %(code)s::text AS camera, bucket AS hour, samples, active, degraded, frames, looks, detections, max_people
FROM camera_hour WHERE device_id = %(device)s AND bucket >= %(start)s AND bucket < %(end)s ORDER BY bucket
