-- name: attempt_of_token
SELECT id FROM outbox_attempt WHERE receipt_sha256 = %(token)s

-- name: receipt
INSERT INTO receipt (attempt_id, state, detail) VALUES (%(attempt)s, %(state)s, %(detail)s) ON CONFLICT DO NOTHING
