-- name: attempt_new
-- Counted as a failure until it is known to be none: many tries at once gain nothing.
INSERT INTO login_attempt (login, address, ok) VALUES (%(login)s, %(address)s, false)
RETURNING id, clock_timestamp() AS now

-- name: attempt_good
UPDATE login_attempt SET ok = true WHERE id = %(id)s

-- name: attempt_void
DELETE FROM login_attempt WHERE id = %(id)s

-- name: failures
-- Before this one. Own failures of an hour, everybody's of a quarter; a success ends only the own.
WITH own AS (
    SELECT count(*) AS n, max(at) AS last FROM login_attempt
    WHERE login = %(login)s AND address = %(address)s AND NOT ok AND id < %(id)s
      AND at > clock_timestamp() - interval '1 hour'
      AND at > coalesce((SELECT max(at) FROM login_attempt
                         WHERE login = %(login)s AND address = %(address)s AND ok), '-infinity')
), login AS (
    SELECT count(*) AS n, max(at) AS last FROM login_attempt
    WHERE login = %(login)s AND NOT ok AND id < %(id)s AND at > clock_timestamp() - interval '15 minutes'
), address AS (
    SELECT count(*) AS n, max(at) AS last FROM login_attempt
    WHERE address = %(address)s AND NOT ok AND id < %(id)s AND at > clock_timestamp() - interval '15 minutes'
)
SELECT own.n AS own, own.last AS own_last, login.n AS login, login.last AS login_last, address.n AS address,
       address.last AS address_last,
       EXISTS (SELECT FROM login_attempt WHERE login = %(login)s AND address = %(address)s AND ok) AS known
FROM own, login, address

-- name: person_by_login
SELECT p.id, p.login, p.name, p.language, p.password_hash, f.confirmed_at IS NOT NULL AS second_factor
FROM person p LEFT JOIN second_factor f ON f.person_id = p.id WHERE p.login = %(login)s AND p.active

-- name: person
SELECT p.id, p.login, p.name, p.language, p.password_hash, f.confirmed_at IS NOT NULL AS second_factor
FROM person p LEFT JOIN second_factor f ON f.person_id = p.id WHERE p.id = %(person)s AND p.active

-- name: password_set
UPDATE person SET password_hash = %(hash)s WHERE id = %(person)s

-- name: roles
SELECT DISTINCT role FROM person_role WHERE person_id = %(person)s

-- name: session_open
INSERT INTO session (token_sha256, person_id, csrf, browser, expires_at)
VALUES (%(token)s, %(person)s, %(csrf)s, %(browser)s, clock_timestamp() + make_interval(hours => %(hours)s))

-- name: session_close
DELETE FROM session WHERE token_sha256 = %(token)s OR previous_sha256 = %(token)s

-- name: session_swap
-- A new token at once, for whoever has just changed how to come in.
UPDATE session SET token_sha256 = %(new)s, previous_sha256 = NULL, renew = false WHERE id = %(session)s RETURNING id

-- name: sessions
SELECT id, created_at, seen_at, expires_at, browser FROM session
WHERE person_id = %(person)s AND expires_at > clock_timestamp()
  AND seen_at > clock_timestamp() - make_interval(mins => %(idle)s)
ORDER BY seen_at DESC

-- name: session_end
DELETE FROM session WHERE person_id = %(person)s AND id = %(session)s RETURNING id

-- name: sessions_end
-- All of a person's, but one.
DELETE FROM session WHERE person_id = %(person)s AND id <> %(but)s

-- name: sessions_renew
UPDATE session SET renew = true WHERE person_id = %(person)s

-- name: pass_new
INSERT INTO pass (token_sha256, kind, person_id, details, expires_at)
VALUES (%(token)s, %(kind)s, %(person)s, %(details)s, clock_timestamp() + make_interval(mins => %(minutes)s))

-- name: pass_look
SELECT person_id, details, expires_at FROM pass
WHERE token_sha256 = %(token)s AND kind = %(kind)s AND expires_at > clock_timestamp()

-- name: pass_use
DELETE FROM pass WHERE token_sha256 = %(token)s AND kind = %(kind)s AND expires_at > clock_timestamp()
RETURNING person_id, details

-- name: pass_void
DELETE FROM pass WHERE kind = %(kind)s AND person_id IS NOT DISTINCT FROM %(person)s

-- name: sweep_sessions
DELETE FROM session WHERE expires_at < clock_timestamp()
   OR seen_at < clock_timestamp() - make_interval(mins => %(idle)s)

-- name: sweep_attempts
-- Where somebody has come in is known for a month, and what failed for a day.
DELETE FROM login_attempt WHERE at < clock_timestamp() - CASE WHEN ok THEN interval '30 days' ELSE interval '1 day' END

-- name: sweep_passes
DELETE FROM pass WHERE expires_at < clock_timestamp()

-- name: admin_there
SELECT EXISTS (SELECT FROM person p JOIN person_role r ON r.person_id = p.id AND r.role = 'admin'
               WHERE p.active AND (p.password_hash IS NOT NULL OR p.oidc_subject IS NOT NULL)) AS there

-- name: grants_told
SELECT r.id, r.role, r.town_code, t.name_zh AS town_zh, t.name_en AS town_en, o.code AS organisation,
       o.name_zh AS organisation_zh, o.name_en AS organisation_en, k.code AS kitchen, k.name_zh AS kitchen_zh,
       k.name_en AS kitchen_en
FROM person_role r LEFT JOIN town t ON t.code = r.town_code LEFT JOIN organisation o ON o.id = r.organisation_id
LEFT JOIN kitchen k ON k.id = r.kitchen_id
WHERE r.person_id = %(person)s ORDER BY r.role, t.code, o.code, k.code

-- name: person_by_subject
SELECT id, active FROM person WHERE oidc_issuer = %(issuer)s AND oidc_subject = %(subject)s

-- name: person_to_bind
SELECT id, active, oidc_subject FROM person WHERE login = %(login)s FOR UPDATE

-- name: bind
UPDATE person SET oidc_issuer = %(issuer)s, oidc_subject = %(subject)s WHERE id = %(person)s

-- name: language_set
UPDATE person SET language = %(language)s WHERE id = %(person)s
