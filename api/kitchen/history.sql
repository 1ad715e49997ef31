-- name: history
-- All findings of a kitchen that were told to its owner. The key of the order is a text, so that one statement does.
SELECT number, rule, class, state, zone, camera, camera_zh, camera_en, opened_at, put_right_by, put_right_at,
       verified_at, closed_at, repeats, confidence, note
FROM (SELECT f.id, f.number, f.rule, f.class, f.state, f.zone, d.code AS camera, d.name_zh AS camera_zh,
             d.name_en AS camera_en, f.opened_at, f.rectify_due AS put_right_by, f.rectified_at AS put_right_at,
             f.verified_at, f.closed_at, f.repeats, round(f.confidence::numeric, 2)::float8 AS confidence,
             f.rectify_note AS note,
             CASE %(sort)s::text WHEN 'rule' THEN f.rule WHEN 'camera' THEN d.code WHEN 'state' THEN f.state
                 WHEN 'took' THEN lpad(extract(epoch FROM f.rectified_at - f.opened_at)::bigint::text, 12, '0')
                 ELSE to_char(f.opened_at, 'YYYYMMDDHH24MISSUS') END AS key
      FROM finding f JOIN device d ON d.id = f.device_id
      WHERE f.kitchen_id = %(kitchen)s AND f.state NOT IN ('detected', 'under_review', 'muted')
        AND (%(rule)s::text = '' OR f.rule = %(rule)s)
        AND (%(state)s::text = '' OR f.state = %(state)s OR %(state)s = 'open' AND f.closed_at IS NULL)
        AND (%(camera)s::text = '' OR d.code = %(camera)s)
        AND (%(start)s::timestamptz IS NULL OR f.opened_at >= %(start)s)
        AND (%(end)s::timestamptz IS NULL OR f.opened_at < %(end)s)) AS asked
ORDER BY CASE WHEN %(order)s::text = 'asc' THEN key END, CASE WHEN %(order)s::text = 'desc' THEN key END DESC NULLS LAST,
         opened_at DESC, id DESC LIMIT %(limit)s OFFSET %(skip)s

-- name: devices
SELECT code, name_zh, name_en FROM device WHERE kitchen_id = %(kitchen)s AND kind <> 'agent' ORDER BY code

-- name: weeks
-- Findings by the week in which they began (weeks of the city begin on Monday), and how long they took.
SELECT date_trunc('week', f.opened_at AT TIME ZONE 'Asia/Shanghai')::date AS week, f.rule, f.opened_at, f.pushed_at,
       f.rectify_due, f.rectified_at, f.closed_at, f.ended_at, f.state, f.level
FROM finding f WHERE f.kitchen_id = %(kitchen)s AND f.opened_at >= %(start)s
  AND f.state NOT IN ('rejected', 'detected', 'under_review', 'muted') ORDER BY f.opened_at

-- name: began
-- Since when anybody could have found anything here.
SELECT least(min(d.commissioned_at), (SELECT min(f.opened_at) FROM finding f WHERE f.kitchen_id = %(kitchen)s)) AS at
FROM device d WHERE d.kitchen_id = %(kitchen)s
