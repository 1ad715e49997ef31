-- name: policy_newest
SELECT id, version, sha256, body FROM policy WHERE kind = %(kind)s ORDER BY version DESC LIMIT 1

-- name: policy_store
INSERT INTO policy (kind, version, body, sha256, activated_at, author)
VALUES (%(kind)s, %(version)s, %(body)s, %(sha256)s, %(now)s, %(author)s)

-- name: lift_by_id
SELECT l.id, l.code, l.place_id, p.grid_code, l.maintenance_org_id, p.lat, p.lon, p.remote, p.property_org_id,
       p.name_zh AS place_zh, p.name_en AS place_en, p.address_zh, p.address_en, l.name_zh, l.name_en
FROM lift l JOIN place p ON p.id = l.place_id WHERE l.id = %(lift)s

-- name: lift_devices
SELECT id FROM device WHERE lift_id = %(lift)s AND kind = 'lift' AND retired_at IS NULL

-- name: rescue_order
INSERT INTO rescue_order (id, incident_id, device_id, kind, args, actor, reason, created_at, expires_at)
VALUES (%(id)s, %(incident)s, %(device)s, %(kind)s, %(args)s, %(actor)s, %(reason)s, %(now)s,
        %(now)s::timestamptz + make_interval(secs => %(life_s)s))

-- name: campaigns
SELECT c.code FROM campaign c, place p
WHERE p.id = %(place)s AND %(at)s BETWEEN c.starts_at AND c.ends_at
  AND (c.town_code IS NULL OR c.town_code = p.town_code) AND (c.place_kind IS NULL OR c.place_kind = p.kind)
  AND (NOT EXISTS (SELECT FROM campaign_place x WHERE x.campaign_id = c.id)
       OR EXISTS (SELECT FROM campaign_place x WHERE x.campaign_id = c.id AND x.place_id = p.id))
ORDER BY c.code

-- name: lift_lock
-- Two workers that open an incident for one lift do it one after the other.
SELECT pg_advisory_xact_lock(726, %(lift)s::int)

-- name: incident_open_of_lift
SELECT * FROM incident WHERE lift_id = %(lift)s AND closed_at IS NULL AND released_at IS NULL

-- name: incident_newest_of_lift
-- The one with people inside before any other: one that was opened again may be older than the last that ended.
SELECT i.*, p.body AS policy FROM incident i JOIN policy p ON p.id = i.policy_id
WHERE i.lift_id = %(lift)s ORDER BY (i.closed_at IS NULL AND i.released_at IS NULL) DESC, i.id DESC LIMIT 1

-- name: stands_still
-- Whether another event of the same kind, that of the incident or a later one, has not ended.
SELECT EXISTS (
    SELECT FROM event s JOIN device d ON d.id = s.device_id
    WHERE d.lift_id = %(lift)s AND s.rule = ANY(%(rules)s) AND s.phase = 'start' AND s.event_id <> %(event)s
      AND (s.event_id = %(opened_by)s OR s.received >= %(opened_at)s)
      AND NOT EXISTS (SELECT FROM event x WHERE x.event_id = s.event_id AND x.phase = 'end')) AS still

-- name: event_over
SELECT EXISTS (SELECT FROM event WHERE event_id = %(event)s AND phase = 'end') AS over

-- name: event_begun
SELECT EXISTS (SELECT FROM event WHERE event_id = %(event)s AND phase IN ('start', 'end')) AS begun

-- name: incident_by_number
SELECT i.*, pl.kind AS place_kind, pl.remote
FROM incident i JOIN lift l ON l.id = i.lift_id JOIN place pl ON pl.id = l.place_id WHERE i.number = %(number)s

-- name: incident_new
INSERT INTO incident (number, lift_id, event_id, rule, source, state, policy_id, people_inside, floor_text, details,
                      hazards, campaign, follows, alarm_at, last_alarm_at, opened_at, due_at, due_reason)
VALUES (next_number('R', %(now)s), %(lift)s, %(event_id)s, %(rule)s, %(source)s, %(state)s, %(policy)s, %(people)s,
        %(floor)s, %(details)s, %(hazards)s, %(campaign)s, %(follows)s,
        least(%(alarm_at)s, %(now)s::timestamptz), %(now)s, %(now)s, %(now)s, 'tier 1')
RETURNING *

-- name: incident_repeat
UPDATE incident SET repeats = repeats + 1, rule = %(rule)s, people_inside = coalesce(%(people)s, people_inside),
       floor_text = coalesce(nullif(%(floor)s, ''), floor_text), sensors_clear_at = NULL, last_alarm_at = %(now)s,
       version = version + 1
WHERE id = %(id)s

-- name: incident_sensors_clear
UPDATE incident SET sensors_clear_at = %(now)s, version = version + 1 WHERE id = %(id)s

-- name: incident_locked
SELECT i.*, p.body AS policy, pl.remote, pl.kind AS place_kind FROM incident i JOIN policy p ON p.id = i.policy_id
JOIN lift l ON l.id = i.lift_id JOIN place pl ON pl.id = l.place_id
WHERE i.id = %(id)s FOR UPDATE OF i

-- name: incident_update
UPDATE incident SET state = %(state)s, tier = greatest(tier, %(tier)s), version = version + 1,
       called_at = coalesce(%(called_at)s, called_at),
       dispatched_at = coalesce(dispatched_at, %(dispatched_at)s), accepted_at = least(accepted_at, %(accepted_at)s),
       arrived_at = least(arrived_at, %(arrived_at)s), released_at = coalesce(released_at, %(released_at)s),
       closed_at = CASE WHEN %(reopens)s THEN NULL ELSE coalesce(closed_at, %(closed_at)s) END,
       reopened = reopened + %(reopens)s::int, merged_into = CASE WHEN %(reopens)s THEN NULL
           ELSE coalesce(%(merged_into)s, merged_into) END,
       people_inside = coalesce(%(people_inside)s, people_inside),
       people_released = coalesce(%(people_released)s, people_released), hazards = coalesce(%(hazards)s, hazards),
       floor_text = coalesce(%(floor_text)s, floor_text), confirmed_at = coalesce(confirmed_at, %(confirmed_at)s),
       comfort_at = coalesce(%(comfort_at)s, comfort_at), emergency_at = coalesce(emergency_at, %(emergency_at)s),
       followed_up_at = coalesce(followed_up_at, %(followed_up_at)s),
       follow_reminded_at = coalesce(%(follow_reminded_at)s, follow_reminded_at),
       reminded_at = coalesce(%(reminded_at)s, reminded_at),
       cause = coalesce(%(cause)s, cause), sub_cause = coalesce(%(sub_cause)s, sub_cause),
       rescue_method = coalesce(%(rescue_method)s, rescue_method)
WHERE id = %(id)s AND version = %(version)s

-- name: incident_due
UPDATE incident SET due_at = %(due_at)s, due_reason = %(due_reason)s
WHERE id = %(id)s AND (due_at, due_reason) IS DISTINCT FROM (%(due_at)s::timestamptz, %(due_reason)s)

-- name: incident_entry
INSERT INTO incident_entry (incident_id, at, actor, action, reason, tier, policy_version, details)
VALUES (%(incident)s, %(now)s, %(actor)s, %(action)s, %(reason)s, %(tier)s, %(policy_version)s, %(details)s)

-- name: dispatches
SELECT d.id, d.tier, d.organisation_id, d.state, d.offered_at, d.accept_due, d.accepted_at, d.en_route_at, d.eta_at,
       d.arrive_due, d.arrived_at, d.replaces, o.kind = 'ambulance' AS medical
FROM dispatch d JOIN organisation o ON o.id = d.organisation_id WHERE d.incident_id = %(incident)s ORDER BY d.id

-- name: dispatch_offer
-- A crew that was asked before and is no longer coming is asked anew; one that is coming is not asked twice.
INSERT INTO dispatch (incident_id, tier, organisation_id, state, offered_at, accept_due, distance_m, travel_s, replaces,
                      link_sha256, link_expires)
VALUES (%(incident)s, %(tier)s, %(organisation)s, 'offered', %(now)s, %(accept_due)s, %(distance_m)s, %(travel_s)s, %(replaces)s,
        %(link)s, %(now)s::timestamptz + interval '2 days')
ON CONFLICT (incident_id, tier, organisation_id) DO UPDATE SET state = 'offered', offered_at = EXCLUDED.offered_at,
       accept_due = EXCLUDED.accept_due, replaces = EXCLUDED.replaces, link_sha256 = EXCLUDED.link_sha256,
       link_expires = EXCLUDED.link_expires, accepted_at = NULL, arrive_due = NULL, en_route_at = NULL, eta_at = NULL,
       ended_at = NULL, decline_reason = NULL, delivered_at = NULL
    WHERE dispatch.state IN ('declined', 'stood_down')
RETURNING id

-- name: dispatch_update
UPDATE dispatch SET state = %(state)s, accepted_at = coalesce(accepted_at, %(accepted_at)s),
       arrive_due = coalesce(arrive_due, %(arrive_due)s), en_route_at = coalesce(en_route_at, %(en_route_at)s),
       eta_at = coalesce(%(eta_at)s, eta_at), arrived_at = coalesce(arrived_at, %(arrived_at)s),
       arrival_proof = coalesce(arrival_proof, %(arrival_proof)s), released_at = coalesce(released_at, %(released_at)s),
       ended_at = coalesce(%(ended_at)s, ended_at), decline_reason = coalesce(%(decline_reason)s, decline_reason)
WHERE id = %(id)s

-- name: dispatch_unreachable
UPDATE dispatch SET state = 'declined', decline_reason = %(reason)s, ended_at = %(now)s WHERE id = %(id)s

-- name: dispatch_again
-- A crew that is called again gets a fresh link; only its hash is kept. Anew: it was sent home or had declined.
UPDATE dispatch SET link_sha256 = %(link)s, link_expires = %(now)s::timestamptz + interval '2 days',
       state = CASE WHEN %(anew)s THEN 'offered' ELSE state END,
       accept_due = CASE WHEN %(anew)s OR state = 'offered' THEN %(accept_due)s ELSE accept_due END,
       offered_at = CASE WHEN %(anew)s THEN %(now)s ELSE offered_at END,
       accepted_at = CASE WHEN %(anew)s THEN NULL ELSE accepted_at END,
       arrive_due = CASE WHEN %(anew)s THEN NULL ELSE arrive_due END,
       en_route_at = CASE WHEN %(anew)s THEN NULL ELSE en_route_at END,
       eta_at = CASE WHEN %(anew)s THEN NULL ELSE eta_at END,
       arrived_at = CASE WHEN %(anew)s THEN NULL ELSE arrived_at END,
       arrival_proof = CASE WHEN %(anew)s THEN NULL ELSE arrival_proof END,
       ended_at = CASE WHEN %(anew)s THEN NULL ELSE ended_at END,
       decline_reason = CASE WHEN %(anew)s THEN NULL ELSE decline_reason END
WHERE id = %(id)s

-- name: organisations
SELECT id FROM organisation WHERE kind = ANY(%(kinds)s) AND active ORDER BY id

-- name: organisation_by_code
SELECT id FROM organisation WHERE code = %(code)s AND active

-- name: organisation
SELECT id, code, name_zh, name_en FROM organisation WHERE id = %(id)s

-- name: drill_asked
SELECT name, receivers, until FROM drill WHERE id = %(event)s::uuid AND lift_id = %(lift)s

-- name: purposes
SELECT id, purpose FROM contact_method WHERE id = ANY(%(ids)s::bigint[]) AND purpose <> 'rescue'
