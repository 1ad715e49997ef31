-- name: token_get
SELECT id, name, scopes, town_codes FROM api_token
WHERE token_sha256 = %(token)s AND revoked_at IS NULL AND expires_at > clock_timestamp()

-- name: token_used
-- Not more often than once a minute, however often it is.
UPDATE api_token SET last_used_at = clock_timestamp()
WHERE id = %(id)s AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute')

-- name: token_new
INSERT INTO api_token (token_sha256, name, scopes, town_codes, created_by, expires_at)
VALUES (%(token)s, %(name)s, %(scopes)s, %(towns)s, %(by)s, clock_timestamp() + make_interval(days => %(days)s))
RETURNING id

-- name: tokens
SELECT id, name, scopes, town_codes, created_by, created_at, expires_at, last_used_at, revoked_at,
       CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= clock_timestamp() THEN 'expired' ELSE 'good' END
           AS state
FROM api_token ORDER BY (revoked_at IS NULL AND expires_at > clock_timestamp()) DESC, id DESC

-- name: token_revoke
UPDATE api_token SET revoked_at = clock_timestamp() WHERE id = %(id)s AND revoked_at IS NULL RETURNING name

-- name: unknown_towns
SELECT array_agg(asked) AS towns FROM unnest(%(towns)s::text[]) AS asked
WHERE NOT EXISTS (SELECT FROM town t WHERE t.code = asked)
