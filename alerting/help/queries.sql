-- name: stations
-- A drill never makes a crew busy for a real rescue, and neither does what is left open of a closed one.
SELECT o.id, o.code, o.lat, o.lon, o.crews, o.phone, t.seconds AS road_s, t.metres AS road_m,
       (SELECT count(*) FROM dispatch d JOIN incident i ON i.id = d.incident_id
         WHERE d.organisation_id = o.id AND d.state IN ('accepted', 'en_route', 'arrived')
           AND i.closed_at IS NULL AND i.source <> 'drill') AS under_way,
       (SELECT count(*) FROM dispatch d JOIN incident i ON i.id = d.incident_id
         WHERE d.organisation_id = o.id AND d.state = 'offered' AND d.accept_due > %(now)s
           AND i.closed_at IS NULL AND i.source <> 'drill') AS offered
FROM organisation o
LEFT JOIN travel_time t ON t.to_lat = %(lat)s AND t.to_lon = %(lon)s AND t.from_lat = o.lat AND t.from_lon = o.lon
WHERE o.active AND o.kind = ANY(%(kinds)s) ORDER BY o.id

-- name: rosters
-- Whoever is asked about; NULL: all that promise that somebody is there.
SELECT o.id AS organisation, coalesce(r.timezone, 'UTC') AS zone, r.organisation_id IS NOT NULL AS promised
FROM organisation o LEFT JOIN roster r ON r.organisation_id = o.id
WHERE CASE WHEN %(organisations)s::bigint[] IS NULL THEN o.active AND r.organisation_id IS NOT NULL
           ELSE o.id = ANY(%(organisations)s) END
ORDER BY o.code

-- name: patterns
SELECT organisation_id AS organisation, person_id AS person, day, starts, ends FROM duty_pattern
WHERE organisation_id = ANY(%(organisations)s) ORDER BY id

-- name: shifts
SELECT organisation_id AS organisation, person_id AS person, starts_at AS begin, ends_at AS "end" FROM duty_shift
WHERE organisation_id = ANY(%(organisations)s) AND ends_at > %(begin)s AND starts_at < %(end)s ORDER BY id

-- name: substitutes
SELECT organisation_id AS organisation, person_id AS person, substitute_id AS substitute, starts_at AS begin,
       ends_at AS "end", reason FROM duty_substitute
WHERE organisation_id = ANY(%(organisations)s) AND ends_at > %(begin)s AND starts_at < %(end)s ORDER BY id

-- name: gone
SELECT id FROM person WHERE NOT active AND id = ANY(%(people)s)

-- name: calendar
-- Its own line goes before that for all, so it comes later.
SELECT organisation_id AS organisation, day, works_as FROM duty_day
WHERE day BETWEEN %(first)s AND %(last)s
  AND (organisation_id IS NULL OR organisation_id = ANY(%(organisations)s))
ORDER BY organisation_id NULLS FIRST

-- name: people
SELECT id, login, name FROM person WHERE id = ANY(%(people)s) AND active ORDER BY id

-- name: methods
SELECT id, channel, address, language, priority, organisation_id, person_id FROM contact_method
WHERE active AND (organisation_id = ANY(%(organisations)s) OR person_id = ANY(%(people)s))
  AND (purpose <> 'drill' OR %(drill)s)
ORDER BY priority, id

-- name: organisation_by_code
SELECT id, code, name_zh, name_en, active FROM organisation WHERE code = %(code)s

-- name: organisation_names
SELECT id, code, kind, name_zh, name_en FROM organisation WHERE id = ANY(%(organisations)s)

-- name: of_kind
SELECT id FROM organisation WHERE kind = %(kind)s AND active ORDER BY id

-- name: person_by_login
SELECT p.id, p.organisation_id, p.active, o.code AS organisation FROM person p
LEFT JOIN organisation o ON o.id = p.organisation_id WHERE p.login = %(login)s

-- name: roster_keep
INSERT INTO roster (organisation_id, timezone, source, imported_at)
VALUES (%(organisation)s, %(zone)s, %(source)s, %(now)s)
ON CONFLICT (organisation_id) DO UPDATE
SET timezone = EXCLUDED.timezone, source = EXCLUDED.source, imported_at = EXCLUDED.imported_at

-- name: patterns_clear
DELETE FROM duty_pattern WHERE organisation_id = %(organisation)s

-- name: pattern_keep
INSERT INTO duty_pattern (organisation_id, person_id, day, starts, ends)
VALUES (%(organisation)s, %(person)s, %(day)s, %(starts)s, %(ends)s)

-- name: shifts_clear
-- What is over is history.
DELETE FROM duty_shift
WHERE organisation_id = %(organisation)s AND ends_at > %(now)s AND starts_at >= %(begin)s AND starts_at < %(end)s

-- name: shift_keep
INSERT INTO duty_shift (organisation_id, person_id, starts_at, ends_at)
VALUES (%(organisation)s, %(person)s, %(begin)s, %(end)s)

-- name: substitute_keep
-- The newest arrangement for a person and time holds; the same one again changes nothing.
INSERT INTO duty_substitute (organisation_id, person_id, substitute_id, starts_at, ends_at, reason)
SELECT %(organisation)s, %(person)s, %(substitute)s, %(begin)s, %(end)s, %(reason)s
WHERE (%(substitute)s::bigint, %(begin)s::timestamptz, %(end)s::timestamptz) IS DISTINCT FROM (
    SELECT (substitute_id, starts_at, ends_at) FROM duty_substitute
    WHERE organisation_id = %(organisation)s AND person_id = %(person)s
      AND starts_at < %(end)s AND ends_at > %(begin)s
    ORDER BY id DESC LIMIT 1)

-- name: calendar_clear
DELETE FROM duty_day
WHERE organisation_id IS NOT DISTINCT FROM %(organisation)s::bigint AND day BETWEEN %(first)s AND %(last)s

-- name: calendar_keep
INSERT INTO duty_day (day, organisation_id, works_as, name_zh, name_en)
VALUES (%(day)s, %(organisation)s, %(works_as)s, %(name_zh)s, %(name_en)s)

-- name: holes_open
SELECT id, organisation_id AS organisation, starts_at AS begin, ends_at AS "end", told_at AS told
FROM roster_hole WHERE filled_at IS NULL AND ends_at > %(now)s ORDER BY organisation_id, starts_at

-- name: hole_new
INSERT INTO roster_hole (organisation_id, starts_at, ends_at, found_at, told_at)
VALUES (%(organisation)s, %(begin)s, %(end)s, %(now)s, CASE WHEN %(told)s THEN %(now)s::timestamptz END)

-- name: hole_moved
UPDATE roster_hole SET starts_at = %(begin)s, ends_at = %(end)s WHERE id = %(id)s

-- name: hole_filled
UPDATE roster_hole SET filled_at = %(now)s WHERE id = ANY(%(ids)s)

-- name: holes_told
UPDATE roster_hole SET told_at = %(now)s WHERE id = ANY(%(ids)s)

-- name: look_claim
INSERT INTO roster_look (day, at, rosters, holes) VALUES (%(day)s, %(now)s, %(rosters)s, %(holes)s)
ON CONFLICT (day) DO NOTHING RETURNING day

-- name: help_lock
-- One worker is enough; whoever dies lets go of it.
SELECT pg_try_advisory_xact_lock(730, %(number)s::int) AS mine

-- name: places
-- By place and maintenance unit, so that sixty thousand lifts are a few thousand ways.
SELECT p.id AS place, p.town_code AS town, p.kind, p.lat, p.lon, p.remote, l.maintenance_org_id AS unit,
       p.property_org_id AS property, count(*)::int AS lifts
FROM lift l JOIN place p ON p.id = l.place_id WHERE l.in_use
GROUP BY p.id, l.maintenance_org_id ORDER BY p.id

-- name: coverage_stations
SELECT id, code, kind, lat, lon FROM organisation WHERE active AND kind = ANY(%(kinds)s) ORDER BY id

-- name: lifts_of_places
SELECT l.code, l.place_id AS place, l.maintenance_org_id AS unit FROM lift l
WHERE l.in_use AND l.place_id = ANY(%(places)s) ORDER BY l.code

-- name: town_names
SELECT code, name_zh, name_en FROM town ORDER BY code

-- name: lifts_without_unit
SELECT l.code, p.town_code AS town FROM lift l JOIN place p ON p.id = l.place_id
WHERE l.in_use AND l.maintenance_org_id IS NULL ORDER BY l.code

-- name: hard_to_reach
SELECT code, kind, name_zh, name_en, town_code AS town, fault FROM hard_to_reach
ORDER BY array_position(ARRAY['city_rescue', 'ambulance', 'rescue_station', 'maintenance', 'bureau', 'grid_office',
                              'property', 'caterer'], kind), code

-- name: gaps_kept
SELECT tier, place_id AS place, lifts, limit_s, nearest_id AS nearest, travel_s FROM coverage_gap

-- name: gap_keep
INSERT INTO coverage_gap (tier, place_id, lifts, limit_s, nearest_id, travel_s, since)
VALUES (%(tier)s, %(place)s, %(lifts)s, %(limit_s)s, %(nearest)s, %(travel_s)s, %(now)s)
ON CONFLICT (tier, place_id) DO UPDATE
SET lifts = EXCLUDED.lifts, limit_s = EXCLUDED.limit_s, nearest_id = EXCLUDED.nearest_id, travel_s = EXCLUDED.travel_s

-- name: gap_gone
DELETE FROM coverage_gap WHERE tier = %(tier)s AND place_id = ANY(%(places)s)

-- name: coverage_look
INSERT INTO coverage_look (tier, at, kinds, limit_s, remote_limit_s, speed_kmh, lifts, stations)
VALUES (%(tier)s, %(now)s, %(kinds)s, %(limit_s)s, %(remote_limit_s)s, %(speed_kmh)s, %(lifts)s, %(stations)s)
ON CONFLICT (tier) DO UPDATE SET at = EXCLUDED.at, kinds = EXCLUDED.kinds, limit_s = EXCLUDED.limit_s,
    remote_limit_s = EXCLUDED.remote_limit_s, speed_kmh = EXCLUDED.speed_kmh, lifts = EXCLUDED.lifts,
    stations = EXCLUDED.stations

-- name: coverage_tiers_gone
DELETE FROM coverage_look WHERE tier <> ALL(%(tiers)s)

-- name: ways_known
SELECT to_lat, to_lon, from_lat, from_lon, seconds, metres FROM travel_time WHERE seconds IS NOT NULL

-- name: ways_fresh
-- Also what the server knows no way for: it is not asked at every turn.
SELECT to_lat, to_lon, from_lat, from_lon FROM travel_time WHERE asked_at > %(after)s

-- name: way_keep
INSERT INTO travel_time (to_lat, to_lon, from_lat, from_lon, seconds, metres, asked_at)
VALUES (%(to_lat)s, %(to_lon)s, %(from_lat)s, %(from_lon)s, %(seconds)s, %(metres)s, %(now)s)
ON CONFLICT (to_lat, to_lon, from_lat, from_lon) DO UPDATE
SET seconds = EXCLUDED.seconds, metres = EXCLUDED.metres, asked_at = EXCLUDED.asked_at

-- name: ways_old
-- Also of who has moved: nobody asks for those any more.
DELETE FROM travel_time WHERE asked_at <= %(before)s

-- name: routing_lock
-- For as long as the connection lives: no transaction may be open while the server is asked.
SELECT pg_try_advisory_lock(730, 3) AS mine
