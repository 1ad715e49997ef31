-- name: past
-- Real entrapments, as simulations read them: places by their codes, nothing about persons.
SELECT i.alarm_at, l.code AS lift, p.code AS place, p.grid_code AS grid, p.kind AS place_kind, p.remote,
       i.people_inside AS people, array_to_string(i.hazards, ' ') AS hazards, i.campaign AS campaigns,
       coalesce(m.cause = 'power', false) AS power
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
LEFT JOIN mass_incident m ON m.id = i.mass_id
WHERE i.source <> 'drill' AND i.state NOT IN ('false_alarm', 'fault_not_trapped', 'merged')
  AND (%(since)s::timestamptz IS NULL OR i.alarm_at >= %(since)s)
ORDER BY i.alarm_at, i.id
