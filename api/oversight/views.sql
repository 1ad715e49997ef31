-- name: views
-- One's own, and what people of the same organisation share.
SELECT v.id, v.name, v.query, v.shared, v.is_default, v.person_id = %(person)s::bigint AS own, p.name AS by
FROM saved_view v JOIN person p ON p.id = v.person_id
WHERE v.list = %(list)s AND (v.person_id = %(person)s OR v.shared AND p.active AND p.organisation_id = (
    SELECT organisation_id FROM person WHERE id = %(person)s))
ORDER BY own DESC, v.name, v.id

-- name: view_default
SELECT query FROM saved_view WHERE person_id = %(person)s AND list = %(list)s AND is_default

-- name: view_new
-- The same name again is the same view, as it is now.
INSERT INTO saved_view (person_id, list, name, query, shared, is_default)
VALUES (%(person)s, %(list)s, %(name)s, %(query)s, %(shared)s, %(default)s)
ON CONFLICT (person_id, list, name) DO UPDATE SET query = EXCLUDED.query, shared = EXCLUDED.shared,
    is_default = EXCLUDED.is_default

-- name: view_no_default
UPDATE saved_view SET is_default = false WHERE person_id = %(person)s AND list = %(list)s AND is_default

-- name: view_own
SELECT id, list, name, shared, is_default FROM saved_view WHERE id = %(id)s AND person_id = %(person)s

-- name: view_count
SELECT count(*) AS n FROM saved_view WHERE person_id = %(person)s

-- name: view_change
UPDATE saved_view SET name = %(name)s, shared = %(shared)s, is_default = %(default)s
WHERE id = %(id)s AND person_id = %(person)s

-- name: view_delete
DELETE FROM saved_view WHERE id = %(id)s AND person_id = %(person)s
