-- name: versions
SELECT id, kind, version, sha256, activated_at, author FROM policy ORDER BY kind, version DESC

-- name: body
SELECT kind, version, body, sha256, activated_at, author FROM policy WHERE kind = %(kind)s AND version = %(version)s

-- name: under_way
-- Who began with an older one keeps it.
SELECT policy_id, count(*) AS n FROM (
    SELECT policy_id FROM incident WHERE closed_at IS NULL
    UNION ALL SELECT policy_id FROM finding WHERE closed_at IS NULL) AS f GROUP BY 1
