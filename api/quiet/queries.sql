-- name: quiets
-- What runs, and what has ended within a week; with the number of findings that wait for its end.
SELECT q.id, q.kind, q.rule, q.owner, q.reason, q.actor, q.starts_at, q.ends_at, q.ended_at, q.ended_by,
       CASE WHEN q.lift_id IS NOT NULL THEN 'lift' WHEN q.place_id IS NOT NULL THEN 'place'
            WHEN q.kitchen_id IS NOT NULL THEN 'kitchen' ELSE 'device' END AS what,
       coalesce(l.code, p.code, k.code, d.code) AS code,
       coalesce(k.name_zh, p.name_zh || coalesce(' ' || l.name_zh, ''), d.name_zh) AS name_zh,
       coalesce(k.name_en, p.name_en || coalesce(' ' || l.name_en, ''), d.name_en) AS name_en,
       q.ended_at IS NULL AND q.starts_at <= clock_timestamp() AND q.ends_at > clock_timestamp() AS running,
       (SELECT count(*) FROM finding f WHERE f.quiet_id = q.id AND f.closed_at IS NULL AND f.state = 'muted') AS waiting
FROM quiet q LEFT JOIN device d ON d.id = q.device_id
LEFT JOIN lift l ON l.id = q.lift_id LEFT JOIN kitchen k ON k.id = q.kitchen_id
LEFT JOIN lift dl ON dl.id = d.lift_id LEFT JOIN kitchen dk ON dk.id = d.kitchen_id
LEFT JOIN place p ON p.id = coalesce(q.place_id, l.place_id, k.place_id, dl.place_id, dk.place_id)
WHERE (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
  AND q.ends_at > clock_timestamp() - interval '7 days'
ORDER BY running DESC, coalesce(q.ended_at, q.ends_at) DESC, q.id DESC LIMIT 200

-- name: town
-- The town of what is named by its code; an agent has none.
SELECT p.town_code FROM (
    SELECT place_id FROM lift WHERE %(what)s = 'lift' AND code = %(code)s
    UNION ALL SELECT id FROM place WHERE %(what)s = 'place' AND code = %(code)s
    UNION ALL SELECT place_id FROM kitchen WHERE %(what)s = 'kitchen' AND code = %(code)s
    UNION ALL SELECT coalesce(l.place_id, k.place_id) FROM device d LEFT JOIN lift l ON l.id = d.lift_id
              LEFT JOIN kitchen k ON k.id = d.kitchen_id WHERE %(what)s = 'device' AND d.code = %(code)s
) AS s JOIN place p ON p.id = s.place_id

-- name: longest
-- The longest muting in minutes that every active policy allows.
SELECT coalesce(min((body ->> 'quiet_max_s')::int), 3600) / 60 AS minutes FROM (
    SELECT DISTINCT ON (kind) body FROM policy WHERE kind IN ('fault', 'kitchen') ORDER BY kind, version DESC
) AS newest
