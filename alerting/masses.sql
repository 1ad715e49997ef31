-- name: alarms
-- Lifts that gave an alarm or lost their mains within the window. Exercises make no mass incident.
SELECT l.id AS lift_id, l.place_id, p.grid_code, bool_or(x.power) AS power
FROM (SELECT i.lift_id, false AS power FROM incident i
      WHERE i.opened_at > %(since)s AND i.source <> 'drill' AND i.state NOT IN ('false_alarm', 'fault_not_trapped', 'merged')
      UNION ALL
      SELECT d.lift_id, true FROM event e JOIN device d ON d.id = e.device_id
      WHERE e.received > %(since)s AND e.rule = 'mains_lost' AND e.phase = 'start' AND d.lift_id IS NOT NULL
        AND e.body #>> '{details,drill}' IS NULL) AS x
JOIN lift l ON l.id = x.lift_id JOIN place p ON p.id = l.place_id
GROUP BY l.id, p.id

-- name: lock
-- One worker groups at a time; another does not wait for it.
SELECT pg_try_advisory_xact_lock(728, 0) AS mine

-- name: open_of
-- A place's lifts belong to its own mass incident, or to that of its grid.
SELECT m.id FROM mass_incident m
WHERE m.closed_at IS NULL
  AND (m.place_id = %(place)s
       OR m.grid_code = coalesce(nullif(%(grid)s, ''), (SELECT nullif(p.grid_code, '') FROM place p WHERE p.id = %(place)s)))
ORDER BY m.id LIMIT 1

-- name: new
INSERT INTO mass_incident (number, cause, place_id, grid_code, opened_at, last_at)
VALUES (next_number('M', %(now)s), %(cause)s, %(place)s, %(grid)s, %(now)s, %(now)s)
RETURNING id, number

-- name: still
UPDATE mass_incident SET lifts = greatest(lifts, %(lifts)s), last_at = %(now)s,
       cause = CASE WHEN %(power)s THEN 'power' ELSE cause END
WHERE id = %(mass)s AND (lifts < %(lifts)s OR (%(power)s AND cause <> 'power'))

-- name: open
SELECT id, number FROM mass_incident WHERE closed_at IS NULL ORDER BY id

-- name: join
-- Due at once: what the policy says for a mass incident holds from now on. One that is just worked on joins a little later.
UPDATE incident SET mass_id = %(mass)s, due_at = %(now)s, version = version + 1
WHERE id IN (SELECT i.id FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
             JOIN mass_incident m ON m.id = %(mass)s
             WHERE i.mass_id IS NULL AND i.closed_at IS NULL AND i.released_at IS NULL AND i.source <> 'drill'
               AND i.opened_at > m.opened_at - make_interval(secs => %(window_s)s)
               AND (m.place_id = p.id OR m.grid_code = nullif(p.grid_code, ''))
             FOR UPDATE OF i SKIP LOCKED)
RETURNING id

-- name: joined
UPDATE mass_incident SET last_at = %(now)s,
       lifts = greatest(lifts, (SELECT count(DISTINCT lift_id) FROM incident WHERE mass_id = %(mass)s))
WHERE id = %(mass)s

-- name: members
-- In the order in which help should go: hurt, many, long.
SELECT i.id, i.number, i.people_inside, i.hazards, i.alarm_at, l.code AS lift_code, l.maintenance_org_id,
       p.property_org_id
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
WHERE i.mass_id = %(mass)s
ORDER BY cardinality(i.hazards) DESC, coalesce(i.people_inside, 1) DESC, i.alarm_at, i.id

-- name: entry
INSERT INTO incident_entry (incident_id, at, actor, action, reason, tier, policy_version, details)
SELECT i.id, %(now)s, 'sunlit', 'mass', %(reason)s, i.tier, p.version, '{}'
FROM incident i JOIN policy p ON p.id = i.policy_id WHERE i.id = %(incident)s

-- name: over
UPDATE mass_incident m SET closed_at = %(now)s
WHERE m.closed_at IS NULL AND m.last_at < %(now)s::timestamptz - make_interval(secs => %(quiet_s)s)
  AND NOT EXISTS (SELECT FROM incident i WHERE i.mass_id = m.id AND i.closed_at IS NULL AND i.released_at IS NULL)

-- name: where
SELECT m.number, m.cause, m.lifts, coalesce(p.name_zh, m.grid_code) AS place_zh, coalesce(p.name_en, m.grid_code) AS place_en,
       coalesce(p.address_zh, '') AS address_zh, coalesce(p.address_en, '') AS address_en
FROM mass_incident m LEFT JOIN place p ON p.id = m.place_id WHERE m.id = %(mass)s

-- name: told
-- Who hears of a mass incident as a whole: the bureau, the city's rescue, and the property of its places.
SELECT o.id FROM organisation o WHERE o.active AND o.kind IN ('bureau', 'city_rescue')
UNION
SELECT p.property_org_id FROM place p JOIN mass_incident m ON m.place_id = p.id OR m.grid_code = nullif(p.grid_code, '')
WHERE m.id = %(mass)s AND p.property_org_id IS NOT NULL
