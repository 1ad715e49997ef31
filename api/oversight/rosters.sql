-- name: organisations
-- Who can be asked or told, with a roster first; `ways` and `verified` count ways of being reached that are not for
-- drills alone. No address is read.
SELECT o.id, o.code, o.kind, o.name_zh, o.name_en, o.crews, t.name_zh AS town_zh, t.name_en AS town_en,
       r.organisation_id IS NOT NULL AS promised, coalesce(r.timezone, 'UTC') AS zone, r.imported_at,
       (SELECT count(*) FROM contact_method m WHERE m.organisation_id = o.id AND m.active) AS ways,
       (SELECT count(*) FROM contact_method m WHERE m.organisation_id = o.id AND m.active AND m.verified_at IS NOT NULL)
           AS verified,
       count(*) OVER () AS of
FROM organisation o LEFT JOIN town t ON t.code = o.town_code LEFT JOIN roster r ON r.organisation_id = o.id
WHERE o.active AND o.kind = ANY(%(kinds)s) AND (%(kind)s::text = '' OR o.kind = %(kind)s)
  AND (%(towns)s::text[] IS NULL OR o.town_code IS NULL OR o.town_code = ANY(%(towns)s))
  AND (%(town)s::text = '' OR o.town_code = %(town)s)
  AND (NOT %(holes)s OR EXISTS (SELECT FROM roster_hole h WHERE h.organisation_id = o.id AND h.filled_at IS NULL
                                AND h.ends_at > %(now)s AND h.starts_at < %(end)s))
ORDER BY (r.organisation_id IS NULL), array_position(%(kinds)s, o.kind), o.code LIMIT %(limit)s OFFSET %(skip)s

-- name: patterns
SELECT organisation_id AS organisation, person_id AS person, day, starts, ends FROM duty_pattern
WHERE organisation_id = ANY(%(organisations)s) ORDER BY id

-- name: shifts
SELECT organisation_id AS organisation, person_id AS person, starts_at AS begin, ends_at AS "end" FROM duty_shift
WHERE organisation_id = ANY(%(organisations)s) AND ends_at > %(begin)s AND starts_at < %(end)s ORDER BY id

-- name: substitutes
SELECT organisation_id AS organisation, person_id AS person, substitute_id AS substitute, starts_at AS begin,
       ends_at AS "end" FROM duty_substitute
WHERE organisation_id = ANY(%(organisations)s) AND ends_at > %(begin)s AND starts_at < %(end)s ORDER BY id

-- name: calendar
SELECT organisation_id AS organisation, day, works_as, name_zh, name_en FROM duty_day
WHERE day BETWEEN %(first)s AND %(last)s AND (organisation_id IS NULL OR organisation_id = ANY(%(organisations)s))
ORDER BY organisation_id NULLS FIRST, day

-- name: people
SELECT id, name, active FROM person WHERE id = ANY(%(people)s)
