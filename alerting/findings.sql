-- name: policy_newest
SELECT id, version, body FROM policy WHERE kind = %(kind)s ORDER BY version DESC LIMIT 1

-- name: where
-- What a device stands for, the kind of kitchen or place, and the campaign that holds there now.
SELECT d.id AS device_id, d.kitchen_id, d.lift_id, p.id AS place_id, coalesce(k.kind, p.kind) AS kind,
       coalesce((SELECT c.code FROM campaign c
                 WHERE c.starts_at <= %(now)s AND c.ends_at > %(now)s
                   AND (c.town_code IS NULL OR c.town_code = p.town_code)
                   AND (c.place_kind IS NULL OR c.place_kind = p.kind)
                   AND (NOT EXISTS (SELECT FROM campaign_place cp WHERE cp.campaign_id = c.id)
                        OR EXISTS (SELECT FROM campaign_place cp WHERE cp.campaign_id = c.id AND cp.place_id = p.id))
                 ORDER BY c.ends_at DESC, c.id LIMIT 1), '') AS campaign
FROM device d LEFT JOIN kitchen k ON k.id = d.kitchen_id LEFT JOIN lift l ON l.id = d.lift_id
LEFT JOIN place p ON p.id = coalesce(k.place_id, l.place_id)
WHERE d.id = %(device)s

-- name: earlier_advice
-- How often of late there was advice of this kind in this kitchen or lift that counted.
SELECT count(*) AS n FROM finding
WHERE (kitchen_id = %(kitchen)s OR lift_id = %(lift)s) AND rule = %(rule)s AND class = 'III' AND state <> 'rejected'
  AND confidence >= %(certain)s AND opened_at > %(now)s::timestamptz - make_interval(secs => %(within_s)s)

-- name: open_of_lift
-- One finding per lift and rule while it is open; what ended by itself a moment ago goes on.
SELECT id, state, closed_at FROM finding
WHERE lift_id = %(lift)s AND rule = %(rule)s AND silence_id IS NULL
  AND (closed_at IS NULL OR ended_at > %(now)s::timestamptz - make_interval(secs => %(repeat_s)s))
ORDER BY (closed_at IS NULL) DESC, id DESC LIMIT 1

-- name: open_of_kitchen
-- One case per camera and rule while it is open, or within the repeat time: whoever walks out and in again is no new
-- case. A case that waits for a person's doubt does not swallow a certain one.
SELECT id, state, closed_at FROM finding
WHERE device_id = %(device)s AND rule = %(rule)s
  AND (closed_at IS NULL
       OR coalesce(ended_at, opened_at) > %(now)s::timestamptz - make_interval(secs => %(repeat_s)s))
  AND (%(doubtful)s OR state <> 'under_review' AND (state <> 'detected' OR due_reason <> 'kept'))
ORDER BY (closed_at IS NULL) DESC, id DESC LIMIT 1

-- name: repeat
UPDATE finding SET repeats = repeats + 1, last_at = %(now)s, version = version + 1,
       live_events = array_append(array_remove(live_events, %(event)s::uuid), %(event)s::uuid)
WHERE id = %(id)s

-- name: reopen
-- It ended by itself and is back: the same finding, its clocks counted from when it was first told.
UPDATE finding SET closed_at = NULL, ended_at = NULL WHERE id = %(id)s AND ended_at IS NOT NULL

-- name: event_over
SELECT id FROM event WHERE event_id = %(event)s AND phase = 'end' LIMIT 1

-- name: live_finding
-- The finding of an event that has begun.
SELECT id FROM finding
WHERE device_id = %(device)s AND rule = %(rule)s AND closed_at IS NULL AND live_events @> ARRAY[%(event)s::uuid]
ORDER BY id DESC LIMIT 1 FOR UPDATE

-- name: event_ended
UPDATE finding SET live_events = array_remove(live_events, %(event)s::uuid), version = version + 1 WHERE id = %(id)s

-- name: new
INSERT INTO finding (number, kitchen_id, lift_id, device_id, event_id, silence_id, rule, class, share, campaign, state,
                     subject, zone, confidence, policy_id, at, opened_at, last_at, due_at, due_reason, pushed_at,
                     quiet_id, rectify_due, live_events)
VALUES (next_number('F', %(now)s), %(kitchen)s, %(lift)s, %(device)s, %(event)s, %(silence)s, %(rule)s, %(class)s,
        %(share)s, %(campaign)s, %(state)s, %(subject)s, %(zone)s, %(confidence)s, %(policy)s, %(at)s, %(now)s, %(now)s,
        %(due_at)s::timestamptz, %(due_reason)s::text, %(pushed_at)s, %(quiet_id)s,
        CASE WHEN %(due_reason)s = 'put right' THEN %(due_at)s END, array_remove(ARRAY[%(event)s::uuid], NULL))
ON CONFLICT (event_id) DO NOTHING
RETURNING id, number

-- name: locked
SELECT f.*, p.body AS policy,
       (cardinality(f.live_events) > 0
        OR EXISTS (SELECT FROM silence s JOIN device d ON d.id = s.device_id
                   WHERE s.id = f.silence_id AND s.ended_at IS NULL AND d.retired_at IS NULL)) AS still_on
FROM finding f JOIN policy p ON p.id = f.policy_id WHERE f.id = %(id)s FOR UPDATE OF f

-- name: due
SELECT id, lift_id, device_id FROM finding WHERE closed_at IS NULL AND due_at <= %(now)s AND due_reason <> 'digest'
ORDER BY array_position(ARRAY['I', 'II', 'D', 'III'], class), due_at LIMIT %(limit)s

-- name: try_lock
-- No entry of a history is older than the one before it.
SELECT greatest(%(now)s::timestamptz,
                (SELECT e.at FROM finding_entry e WHERE e.finding_id = f.id ORDER BY e.id DESC LIMIT 1)) AS now
FROM finding f WHERE f.id = %(id)s AND f.due_at <= %(now)s AND f.closed_at IS NULL FOR UPDATE OF f SKIP LOCKED

-- name: update
UPDATE finding SET state = %(state)s, version = version + 1, due_at = %(due_at)s::timestamptz,
       due_reason = %(due_reason)s::text,
       rectify_due = CASE WHEN %(due_reason)s = 'put right' THEN %(due_at)s ELSE rectify_due END,
       class = coalesce(%(class)s, class), level = coalesce(%(level)s, level),
       reminders = coalesce(%(reminders)s, reminders), quiet_id = coalesce(%(quiet_id)s, quiet_id),
       pushed_at = coalesce(%(pushed_at)s, pushed_at), confirmed_at = coalesce(%(confirmed_at)s, confirmed_at),
       appealed_at = coalesce(%(appealed_at)s, appealed_at), told_at = coalesce(%(told_at)s, told_at),
       ended_at = coalesce(%(ended_at)s, ended_at), rectified_at = coalesce(%(rectified_at)s, rectified_at),
       rectify_note = coalesce(%(rectify_note)s, rectify_note), verified_at = coalesce(%(verified_at)s, verified_at),
       verified_by = coalesce(%(verified_by)s, verified_by), closed_at = coalesce(%(closed_at)s, closed_at)
WHERE id = %(id)s AND version = %(version)s

-- name: entry
INSERT INTO finding_entry (finding_id, at, actor, action, reason, policy_version, details)
VALUES (%(finding)s, %(now)s, %(actor)s, %(action)s, %(reason)s, %(policy_version)s, %(details)s)

-- name: facts
SELECT f.number, f.rule, f.zone, f.opened_at, k.code AS kitchen_code, l.code AS lift_code,
       coalesce(k.name_zh, p.name_zh || ' ' || l.name_zh) AS name_zh,
       coalesce(k.name_en, p.name_en || ' ' || l.name_en) AS name_en,
       c.owner_id, c.maintenance_id, c.property_id, c.grid_id, c.bureau_id
FROM finding f LEFT JOIN kitchen k ON k.id = f.kitchen_id LEFT JOIN lift l ON l.id = f.lift_id
LEFT JOIN place p ON p.id = l.place_id
CROSS JOIN LATERAL (SELECT * FROM finding_chain o WHERE o.kitchen_id = f.kitchen_id
                    UNION ALL SELECT * FROM finding_chain o WHERE o.lift_id = f.lift_id) AS c
WHERE f.id = %(id)s

-- name: chains
-- Every kitchen (`kitchens`) or lift in use, and whether each party of its chain has a contact.
WITH reached AS (SELECT DISTINCT organisation_id AS id FROM contact_method WHERE active AND purpose <> 'drill')
SELECT c.code, o.id IS NOT NULL AS owner, m.id IS NOT NULL AS maintenance, p.id IS NOT NULL AS property,
       g.id IS NOT NULL AS grid, b.id IS NOT NULL AS bureau
FROM finding_chain c LEFT JOIN reached o ON o.id = c.owner_id LEFT JOIN reached m ON m.id = c.maintenance_id
LEFT JOIN reached p ON p.id = c.property_id LEFT JOIN reached g ON g.id = c.grid_id
LEFT JOIN reached b ON b.id = c.bureau_id
WHERE c.in_use AND (c.kitchen_id IS NOT NULL) = %(kitchens)s ORDER BY c.code

-- name: digests_due
SELECT DISTINCT coalesce(k.owner_org_id, l.maintenance_org_id, 0) AS id
FROM finding f LEFT JOIN kitchen k ON k.id = f.kitchen_id LEFT JOIN lift l ON l.id = f.lift_id
WHERE f.closed_at IS NULL AND f.due_at <= %(now)s AND f.due_reason = 'digest' LIMIT %(limit)s

-- name: digest_lock
-- A letter of its own name for each owner: another worker that is at it has it.
SELECT pg_try_advisory_xact_lock(729, %(organisation)s::int) AS mine

-- name: digest_of
SELECT f.id FROM finding f LEFT JOIN kitchen k ON k.id = f.kitchen_id LEFT JOIN lift l ON l.id = f.lift_id
WHERE f.closed_at IS NULL AND f.due_at <= %(now)s AND f.due_reason = 'digest'
  AND coalesce(k.owner_org_id, l.maintenance_org_id, 0) = %(organisation)s
ORDER BY f.id LIMIT 200 FOR UPDATE OF f

-- name: silences_due
-- Who has been silent for longer than the policy of lifts or of kitchens says and is no finding yet; an agent is by the
-- shorter of them. What a silent agent took along is its agent's finding; an agent that speaks for nobody is none.
WITH agents AS MATERIALIZED (
    SELECT a.id, a.site FROM silence s JOIN device a ON a.id = s.device_id
    WHERE s.ended_at IS NULL AND a.kind = 'agent' AND a.retired_at IS NULL)
SELECT s.id, s.device_id, d.lift_id FROM silence s JOIN device d ON d.id = s.device_id
LEFT JOIN lift l ON l.id = d.lift_id LEFT JOIN kitchen k ON k.id = d.kitchen_id
WHERE s.ended_at IS NULL AND d.retired_at IS NULL AND coalesce(l.in_use, k.in_use, d.kind = 'agent')
  AND s.noticed_at <= %(now)s::timestamptz - make_interval(secs => CASE
      WHEN d.lift_id IS NOT NULL THEN %(fault_s)s::int WHEN d.kitchen_id IS NOT NULL THEN %(kitchen_s)s::int
      ELSE least(%(fault_s)s::int, %(kitchen_s)s::int) END)
  AND NOT EXISTS (SELECT FROM finding f WHERE f.silence_id = s.id)
  AND (d.kind = 'agent' OR NOT EXISTS (
      SELECT FROM agents a WHERE a.id = d.agent_id OR d.agent_id IS NULL AND a.site = d.site))
  AND (d.kind <> 'agent' OR EXISTS (
      SELECT FROM agent_of o JOIN device b ON b.id = o.device_id
      WHERE o.agent_id = d.id AND b.retired_at IS NULL AND num_nonnulls(b.lift_id, b.kitchen_id) = 1))
ORDER BY s.noticed_at LIMIT %(limit)s

-- name: silence
SELECT s.id, s.device_id, s.since, s.noticed_at, d.code, d.kind, d.lift_id, d.kitchen_id, d.zone
FROM silence s JOIN device d ON d.id = s.device_id
WHERE s.id = %(silence)s AND s.ended_at IS NULL AND NOT EXISTS (SELECT FROM finding f WHERE f.silence_id = s.id)

-- name: behind
-- What an agent speaks for: whose finding its silence is (a lift before a kitchen), and how many it takes along.
SELECT b.id AS device_id, b.lift_id, b.kitchen_id, count(*) OVER () AS devices, count(b.lift_id) OVER () AS lifts
FROM agent_of a JOIN device b ON b.id = a.device_id
WHERE a.agent_id = %(agent)s AND b.retired_at IS NULL AND num_nonnulls(b.lift_id, b.kitchen_id) = 1
ORDER BY (b.lift_id IS NULL), b.id LIMIT 1

-- name: silences_over
SELECT f.id, f.lift_id, f.device_id FROM finding f
WHERE f.closed_at IS NULL AND f.silence_id IS NOT NULL AND f.ended_at IS NULL AND f.confirmed_at IS NULL
  AND f.state NOT IN ('muted', 'appealed', 'case')
  AND EXISTS (SELECT FROM silence s JOIN device d ON d.id = s.device_id
              WHERE s.id = f.silence_id AND (s.ended_at IS NOT NULL OR d.retired_at IS NOT NULL))
LIMIT %(limit)s
