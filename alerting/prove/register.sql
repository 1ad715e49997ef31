-- name: register_lifts
-- Lifts that ask the same maintenance unit and the same property are one group: a city has few of them.
SELECT l.maintenance_org_id AS maintenance, p.property_org_id AS property, count(*) AS lifts,
       (array_agg(l.code ORDER BY l.code))[1:3] AS codes
FROM lift l JOIN place p ON p.id = l.place_id WHERE l.in_use GROUP BY 1, 2 ORDER BY min(l.code)

-- name: register_organisations
-- The organisation's own method counts: it is what is left when nobody is on duty.
SELECT o.id, o.kind, EXISTS (SELECT FROM contact_method c WHERE c.organisation_id = o.id AND c.active) AS reachable
FROM organisation o WHERE o.active

-- name: register_place_kinds
SELECT DISTINCT kind FROM place ORDER BY 1

-- name: register_campaigns
SELECT code FROM campaign ORDER BY 1
