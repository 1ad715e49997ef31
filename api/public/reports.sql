-- name: report
INSERT INTO public_report (lift_id, kitchen_id, body, contact)
SELECT x.lift_id, x.kitchen_id, %(body)s, %(contact)s
FROM (SELECT l.id AS lift_id, NULL::bigint AS kitchen_id FROM lift l WHERE %(kind)s::text = 'lift' AND l.code = %(code)s
      UNION ALL
      SELECT NULL, k.id FROM kitchen k WHERE %(kind)s::text = 'restaurant' AND k.code = %(code)s) AS x
RETURNING id
