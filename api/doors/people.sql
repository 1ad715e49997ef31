-- name: people
-- `q`: part of a login, a name or an organisation.
SELECT p.id, p.login, p.name, p.active, p.password_hash IS NOT NULL AS has_password, p.oidc_subject IS NOT NULL AS bound,
       f.confirmed_at IS NOT NULL AS second_factor, o.name_zh AS organisation_zh, o.name_en AS organisation_en,
       o.code AS organisation,
       (SELECT max(s.seen_at) FROM session s WHERE s.person_id = p.id) AS seen_at,
       coalesce((SELECT array_agg(DISTINCT r.role ORDER BY r.role) FROM person_role r WHERE r.person_id = p.id), '{}')
           AS roles
FROM person p LEFT JOIN organisation o ON o.id = p.organisation_id LEFT JOIN second_factor f ON f.person_id = p.id
WHERE (%(id)s::bigint IS NULL OR p.id = %(id)s)
  AND (%(q)s::text = '' OR position(lower(%(q)s) IN lower(concat_ws(' ', p.login, p.name, o.code, o.name_zh, o.name_en))) > 0)
ORDER BY p.active DESC, p.login LIMIT %(most)s

-- name: person_id
SELECT id FROM person WHERE login = %(login)s

-- name: person_new
INSERT INTO person (login, name, language, organisation_id, password_hash)
VALUES (%(login)s, %(name)s, %(language)s, %(organisation)s, %(hash)s) ON CONFLICT (login) DO NOTHING RETURNING id

-- name: person_active
UPDATE person SET active = %(active)s WHERE id = %(person)s RETURNING login

-- name: person_login
SELECT login FROM person WHERE id = %(person)s

-- name: organisation
SELECT id FROM organisation WHERE code = %(code)s AND active

-- name: kitchen
SELECT id FROM kitchen WHERE code = %(code)s AND owner_org_id = %(organisation)s

-- name: town
SELECT code FROM town WHERE code = %(code)s

-- name: towns
SELECT code, name_zh, name_en FROM town ORDER BY code

-- name: grant_new
INSERT INTO person_role (person_id, role, town_code, organisation_id, kitchen_id)
VALUES (%(person)s, %(role)s, %(town)s, %(organisation)s, %(kitchen)s)
ON CONFLICT ON CONSTRAINT person_role_once DO NOTHING RETURNING id

-- name: grant_drop
DELETE FROM person_role WHERE id = %(grant)s AND person_id = %(person)s RETURNING role

-- name: lock_admins
-- Of two admins who remove each other at once, one comes second and is told.
SELECT pg_advisory_xact_lock(7265493)

-- name: passes_drop
DELETE FROM pass WHERE person_id = %(person)s
