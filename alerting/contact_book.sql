-- name: entries
SELECT c.id, o.code AS organisation, p.login AS person, c.channel, c.address, c.language, c.priority, c.receipts, c.purpose,
       c.active, c.verified_at
FROM contact_method c LEFT JOIN organisation o ON o.id = c.organisation_id LEFT JOIN person p ON p.id = c.person_id
WHERE NOT %(unverified)s::boolean OR (c.active AND c.verified_at IS NULL)
ORDER BY o.code NULLS LAST, p.login, c.priority, c.id

-- name: organisation_by_code
SELECT id FROM organisation WHERE code = %(code)s

-- name: person_by_code
SELECT id FROM person WHERE login = %(code)s

-- name: add
INSERT INTO contact_method (organisation_id, person_id, channel, address, language, priority, receipts, purpose)
VALUES (%(organisation)s, %(person)s, %(channel)s, %(address)s, %(language)s, %(priority)s, %(receipts)s,
        %(purpose)s) RETURNING id

-- name: retire
UPDATE contact_method SET active = false WHERE id = %(id)s AND active

-- name: contact
SELECT channel, address, language FROM contact_method WHERE id = %(id)s AND active

-- name: code
SELECT salt, sha256, sent_at, expires_at, tries FROM contact_code WHERE contact_method_id = %(id)s

-- name: code_locked
SELECT salt, sha256, sent_at, expires_at, tries FROM contact_code WHERE contact_method_id = %(id)s FOR UPDATE

-- name: keep_code
INSERT INTO contact_code (contact_method_id, salt, sha256, sent_at, expires_at)
VALUES (%(id)s, %(salt)s, %(sha256)s, %(now)s, %(expires_at)s)
ON CONFLICT (contact_method_id) DO UPDATE SET salt = EXCLUDED.salt, sha256 = EXCLUDED.sha256,
    sent_at = EXCLUDED.sent_at, expires_at = EXCLUDED.expires_at, tries = 0

-- name: wrong_code
UPDATE contact_code SET tries = tries + 1 WHERE contact_method_id = %(id)s

-- name: verified
UPDATE contact_method SET verified_at = %(now)s WHERE id = %(id)s

-- name: forget_code
DELETE FROM contact_code WHERE contact_method_id = %(id)s
