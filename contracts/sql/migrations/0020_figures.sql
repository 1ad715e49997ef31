-- What the figures of rescues are made of (docs/figures.md), defined once for the regulator's pages and the public's.

-- One row per incident. `counted`: it is an entrapment; else `left_out` says why not. The two promises are those that
-- cities publish: an answer within 3 minutes of the first call, and an arrival within 30 minutes of the alarm (60 where
-- the place is remote). `*_missed_at` is when a promise was broken, also of an incident that is still open; NULL where
-- it was kept, or where the matter had ended before and nobody had to come.
CREATE VIEW rescue_fact AS
SELECT i.id, i.opened_at, i.alarm_at, i.lift_id, l.maintenance_org_id AS unit_id, p.town_code, i.tier,
       i.mass_id IS NOT NULL AS mass, i.cause, i.people_inside, i.state,
       i.source <> 'drill' AND i.state NOT IN ('false_alarm', 'fault_not_trapped', 'merged') AS counted,
       CASE WHEN i.source = 'drill' THEN 'drill'
            WHEN i.state IN ('false_alarm', 'fault_not_trapped', 'merged') THEN i.state END AS left_out,
       extract(epoch FROM least(i.accepted_at, i.arrived_at) - i.dispatched_at)::float8 AS response_s,
       CASE WHEN least(i.accepted_at, i.arrived_at, ended.at) <= i.dispatched_at + interval '3 minutes' THEN NULL
            ELSE i.dispatched_at + interval '3 minutes' END AS response_missed_at,
       extract(epoch FROM i.arrived_at - i.alarm_at)::float8 AS arrival_s,
       CASE WHEN least(i.arrived_at, ended.at) <= promise.arrive_by THEN NULL ELSE promise.arrive_by END
           AS arrival_missed_at,
       extract(epoch FROM i.released_at - i.arrived_at)::float8 AS release_s,
       promise.arrive_by, ended.at AS ended_at
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place p ON p.id = l.place_id
CROSS JOIN LATERAL (
    SELECT i.alarm_at + CASE WHEN p.remote THEN interval '60 minutes' ELSE interval '30 minutes' END AS arrive_by
) AS promise
CROSS JOIN LATERAL (SELECT least(i.released_at, i.closed_at) AS at) AS ended;

-- One row per call of a maintenance unit as the first tier: the same promises, kept or broken by its own crew. Who
-- declined has broken that of the answer; who had accepted and then did not come, that of the arrival. Who was told
-- not to come any more while there was still time has broken nothing.
CREATE VIEW unit_call AS
SELECT d.organisation_id AS unit_id, f.opened_at, f.town_code, f.mass,
       extract(epoch FROM own.answered - d.offered_at)::float8 AS response_s,
       CASE WHEN own.answered IS NULL AND d.state = 'declined' THEN d.ended_at
            WHEN least(own.answered, free.at) <= d.offered_at + interval '3 minutes' THEN NULL
            ELSE d.offered_at + interval '3 minutes' END AS response_missed_at,
       extract(epoch FROM d.arrived_at - f.alarm_at)::float8 AS arrival_s,
       CASE WHEN d.arrived_at IS NULL AND d.state = 'declined'
            THEN CASE WHEN own.answered IS NOT NULL THEN d.ended_at END
            WHEN least(d.arrived_at, free.at) <= f.arrive_by THEN NULL
            ELSE f.arrive_by END AS arrival_missed_at
FROM dispatch d JOIN rescue_fact f ON f.id = d.incident_id
CROSS JOIN LATERAL (SELECT least(d.accepted_at, d.arrived_at) AS answered) AS own
CROSS JOIN LATERAL (SELECT least(f.ended_at, CASE WHEN d.state = 'stood_down' THEN d.ended_at END) AS at) AS free
WHERE d.tier = 1 AND f.counted;

-- The public sees the same definitions, and still nothing that names a person or a lift.
DROP VIEW public_rescue;
CREATE VIEW public_rescue AS
SELECT opened_at, town_code, tier, people_inside, cause, state, mass, response_s, response_missed_at, arrival_s,
       arrival_missed_at, release_s
FROM rescue_fact WHERE counted;

-- The published rate is of passenger lifts; goods lifts and escalators are not its divisor.
CREATE OR REPLACE VIEW public_lift AS
SELECT l.code, l.name_zh, l.name_en, p.name_zh AS place_zh, p.name_en AS place_en, p.address_zh, p.address_en,
       p.town_code, m.name_zh AS maintenance_zh, m.name_en AS maintenance_en, l.next_inspection,
       (SELECT count(*) FROM incident i
         WHERE i.lift_id = l.id AND i.opened_at > now() - interval '12 months'
           AND i.source <> 'drill' AND i.state NOT IN ('false_alarm', 'fault_not_trapped', 'merged')
       ) AS trapped_12_months, l.kind
FROM lift l JOIN place p ON p.id = l.place_id LEFT JOIN organisation m ON m.id = l.maintenance_org_id
WHERE l.in_use;
