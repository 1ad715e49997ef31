-- name: units
-- Maintenance units with what their lifts, their crews and their faults were in a period: entrapments with mass
-- incidents, calls and times without them. Faults are of 30 days, silence is of now.
WITH lifts AS (
    SELECT l.maintenance_org_id AS unit_id, count(*) FILTER (WHERE l.kind = 'passenger') AS lifts, count(*) AS all_lifts
    FROM lift l JOIN place p ON p.id = l.place_id
    WHERE l.in_use AND l.maintenance_org_id IS NOT NULL AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
      AND (%(town)s::text = '' OR p.town_code = %(town)s) GROUP BY 1
), trapped AS (
    SELECT r.unit_id, count(*) AS trapped, avg(r.release_s / 60) FILTER (WHERE NOT r.mass) AS release_mean,
           stddev_samp(r.release_s / 60) FILTER (WHERE NOT r.mass) AS release_sd,
           count(r.release_s) FILTER (WHERE NOT r.mass) AS releases,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY r.release_s / 60) FILTER (WHERE NOT r.mass) AS release_p50
    FROM rescue_fact r
    WHERE r.counted AND r.opened_at >= %(start)s AND r.opened_at < %(end)s
      AND (%(towns)s::text[] IS NULL OR r.town_code = ANY(%(towns)s))
      AND (%(town)s::text = '' OR r.town_code = %(town)s) GROUP BY 1
), calls AS (
    SELECT c.unit_id, count(*) AS calls,
           count(*) FILTER (WHERE c.response_s IS NOT NULL AND c.response_missed_at IS NULL) AS response_hits,
           count(*) FILTER (WHERE c.response_missed_at <= %(now)s) AS response_missed,
           count(*) FILTER (WHERE c.arrival_s IS NOT NULL AND c.arrival_missed_at IS NULL) AS arrival_hits,
           count(*) FILTER (WHERE c.arrival_missed_at <= %(now)s) AS arrival_missed,
           count(c.arrival_s) AS arrivals, avg(c.arrival_s / 60) AS arrival_mean,
           stddev_samp(c.arrival_s / 60) AS arrival_sd,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY c.arrival_s / 60) AS arrival_p50
    FROM unit_call c
    WHERE c.opened_at >= %(start)s AND c.opened_at < %(end)s AND NOT c.mass
      AND (%(towns)s::text[] IS NULL OR c.town_code = ANY(%(towns)s))
      AND (%(town)s::text = '' OR c.town_code = %(town)s) GROUP BY 1
), dropped AS (
    SELECT d.organisation_id AS unit_id, count(*) FILTER (WHERE d.state = 'declined') AS declined,
           count(*) FILTER (WHERE d.accepted_at IS NULL AND d.arrived_at IS NULL AND d.state <> 'declined'
                            AND d.accept_due <= least(%(now)s::timestamptz, d.ended_at)) AS missed
    FROM dispatch d JOIN rescue_fact r ON r.id = d.incident_id
    WHERE d.tier = 1 AND r.counted AND NOT r.mass AND r.opened_at >= %(start)s AND r.opened_at < %(end)s
      AND (%(towns)s::text[] IS NULL OR r.town_code = ANY(%(towns)s))
      AND (%(town)s::text = '' OR r.town_code = %(town)s) GROUP BY 1
), repeats AS (
    SELECT l.maintenance_org_id AS unit_id, count(*) AS repeats FROM (
        SELECT lift_id FROM finding WHERE lift_id IS NOT NULL AND opened_at > now() - interval '30 days'
          AND state NOT IN ('detected', 'under_review', 'muted', 'rejected') AND rule <> 'device_silent'
        GROUP BY lift_id, rule HAVING count(*) + sum(repeats) >= 3
    ) AS f JOIN lift l ON l.id = f.lift_id JOIN place p ON p.id = l.place_id
    WHERE (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s)) AND (%(town)s::text = '' OR p.town_code = %(town)s)
    GROUP BY 1
), silent AS (
    SELECT l.maintenance_org_id AS unit_id, count(DISTINCT l.id) AS silent
    FROM silent_device s JOIN device d ON d.id = s.device_id JOIN lift l ON l.id = d.lift_id
    JOIN place p ON p.id = l.place_id
    WHERE l.in_use AND (%(towns)s::text[] IS NULL OR p.town_code = ANY(%(towns)s))
      AND (%(town)s::text = '' OR p.town_code = %(town)s) GROUP BY 1
)
SELECT o.id, o.code, o.name_zh, o.name_en, coalesce(l.lifts, 0) AS lifts, coalesce(l.all_lifts, 0) AS all_lifts,
       coalesce(t.trapped, 0) AS trapped, coalesce(t.releases, 0) AS releases, t.release_mean, t.release_sd,
       t.release_p50, coalesce(c.calls, 0) AS calls, coalesce(c.response_hits, 0) AS response_hits,
       coalesce(c.response_missed, 0) AS response_missed, coalesce(c.arrival_hits, 0) AS arrival_hits,
       coalesce(c.arrival_missed, 0) AS arrival_missed, coalesce(c.arrivals, 0) AS arrivals, c.arrival_mean,
       c.arrival_sd, c.arrival_p50, coalesce(d.declined, 0) AS declined, coalesce(d.missed, 0) AS missed,
       coalesce(r.repeats, 0) AS repeats, coalesce(s.silent, 0) AS silent
FROM organisation o LEFT JOIN lifts l ON l.unit_id = o.id LEFT JOIN trapped t ON t.unit_id = o.id
LEFT JOIN calls c ON c.unit_id = o.id LEFT JOIN dropped d ON d.unit_id = o.id LEFT JOIN repeats r ON r.unit_id = o.id
LEFT JOIN silent s ON s.unit_id = o.id
WHERE o.kind = 'maintenance' AND l.all_lifts > 0 AND (%(unit)s::text = '' OR o.code = %(unit)s) ORDER BY o.code
