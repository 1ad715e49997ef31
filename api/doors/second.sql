-- name: factor
SELECT secret, confirmed_at, made_at > clock_timestamp() - interval '1 hour' AS fresh FROM second_factor WHERE person_id = %(person)s

-- name: factor_new
-- What is confirmed stays.
INSERT INTO second_factor (person_id, secret) VALUES (%(person)s, %(secret)s)
ON CONFLICT (person_id) DO UPDATE SET secret = EXCLUDED.secret, made_at = clock_timestamp()
WHERE second_factor.confirmed_at IS NULL

-- name: factor_confirm
UPDATE second_factor SET confirmed_at = clock_timestamp(), last_step = %(step)s
WHERE person_id = %(person)s AND confirmed_at IS NULL RETURNING person_id

-- name: factor_step
-- No code counts twice, and none from before one that has counted.
UPDATE second_factor SET last_step = %(step)s
WHERE person_id = %(person)s AND confirmed_at IS NOT NULL AND last_step < %(step)s RETURNING person_id

-- name: factor_drop
DELETE FROM second_factor WHERE person_id = %(person)s RETURNING person_id

-- name: recovery_new
INSERT INTO recovery_code (person_id, code_sha256) SELECT %(person)s, unnest(%(codes)s::text[])

-- name: recovery_use
UPDATE recovery_code SET used_at = clock_timestamp()
WHERE person_id = %(person)s AND code_sha256 = %(code)s AND used_at IS NULL RETURNING person_id

-- name: recovery_left
SELECT count(*) AS n FROM recovery_code WHERE person_id = %(person)s AND used_at IS NULL
