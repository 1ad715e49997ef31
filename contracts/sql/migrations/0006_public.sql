-- Everything the public role may read: no person, no phone, no picture from inside a car, no unblurred picture.

CREATE VIEW public_town AS SELECT code, name_zh, name_en FROM town;

CREATE VIEW public_lift AS
SELECT l.code, l.name_zh, l.name_en, p.name_zh AS place_zh, p.name_en AS place_en, p.address_zh, p.address_en,
       p.town_code, m.name_zh AS maintenance_zh, m.name_en AS maintenance_en, l.next_inspection,
       (SELECT count(*) FROM incident i
         WHERE i.lift_id = l.id AND i.opened_at > now() - interval '12 months'
           AND i.source <> 'drill' AND i.state NOT IN ('false_alarm', 'fault_not_trapped', 'merged')
       ) AS trapped_12_months
FROM lift l JOIN place p ON p.id = l.place_id LEFT JOIN organisation m ON m.id = l.maintenance_org_id
WHERE l.in_use;

CREATE VIEW public_kitchen AS
SELECT k.code, k.name_zh, k.name_en, k.kind, k.licence, p.address_zh, p.address_en, p.town_code,
       count(d.id) AS cameras,
       count(d.id) FILTER (WHERE s.online AND s.camera_state = 'active' AND s.seen_at > now() - interval '2 minutes')
           AS cameras_active
FROM kitchen k JOIN place p ON p.id = k.place_id
LEFT JOIN device d ON d.kitchen_id = k.id AND d.kind = 'camera' AND d.retired_at IS NULL
LEFT JOIN device_status s ON s.device_id = d.id
WHERE k.in_use
GROUP BY k.id, p.id;

CREATE VIEW public_still AS
SELECT d.code AS camera, k.code AS kitchen, d.name_zh, d.name_en, s.taken_at, s.sha256, s.picture
FROM still s JOIN device d ON d.id = s.device_id JOIN kitchen k ON k.id = d.kitchen_id
WHERE d.retired_at IS NULL AND k.in_use;

-- One row per rescue without anything that names a person or a lift: the basis of the published figures.
CREATE VIEW public_rescue AS
SELECT i.opened_at, p.town_code, i.tier, i.people_inside, i.cause, i.state,
       extract(epoch FROM i.accepted_at - i.dispatched_at) AS accept_s,
       extract(epoch FROM i.arrived_at - i.alarm_at) AS arrival_s,
       extract(epoch FROM i.released_at - i.arrived_at) AS release_s
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
WHERE i.source <> 'drill' AND i.state NOT IN ('false_alarm', 'fault_not_trapped', 'merged');

CREATE VIEW public_finding AS
SELECT f.opened_at, p.town_code, f.rule, f.class, f.state,
       extract(epoch FROM f.rectified_at - f.opened_at) AS rectify_s
FROM finding f JOIN kitchen k ON k.id = f.kitchen_id JOIN place p ON p.id = k.place_id
WHERE f.state NOT IN ('rejected', 'under_review', 'detected');
