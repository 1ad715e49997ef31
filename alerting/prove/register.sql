-- name: register_lifts
-- Lifts that ask the same maintenance unit and the same property are one group: a city has few of them.
SELECT l.maintenance_org_id AS maintenance, p.property_org_id AS property, count(*) AS lifts,
       (array_agg(l.code ORDER BY l.code))[1:3] AS codes
FROM lift l JOIN place p ON p.id = l.place_id WHERE l.in_use GROUP BY 1, 2 ORDER BY min(l.code)

-- name: register_organisations
-- By a method of its own that is not for exercises alone, or of somebody who stands in its roster; hours in which
-- nobody does are found by another watch.
SELECT o.id, o.kind,
       EXISTS (SELECT FROM contact_method c WHERE c.organisation_id = o.id AND c.active
               AND c.purpose <> 'drill')
       OR EXISTS (SELECT FROM roster r
                  JOIN (SELECT organisation_id, person_id FROM duty_pattern UNION
                        SELECT organisation_id, person_id FROM duty_shift WHERE ends_at > %(now)s) d
                    ON d.organisation_id = r.organisation_id
                  JOIN person p ON p.id = d.person_id AND p.active
                  JOIN contact_method c ON c.person_id = p.id AND c.active AND c.purpose <> 'drill'
                  WHERE r.organisation_id = o.id) AS reachable
FROM organisation o WHERE o.active

-- name: register_place_kinds
SELECT DISTINCT kind FROM place ORDER BY 1

-- name: register_campaigns
SELECT code FROM campaign ORDER BY 1

-- name: register_kitchen_kinds
SELECT DISTINCT kind FROM kitchen ORDER BY 1
