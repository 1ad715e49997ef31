-- A role per service and one writer per table. Applied after every migration; safe to repeat.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['sunlit_ingest', 'sunlit_alerting', 'sunlit_api', 'sunlit_public', 'sunlit_auditor'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        END IF;
    END LOOP;
END $$;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, sunlit_ingest, sunlit_alerting, sunlit_api, sunlit_public,
    sunlit_auditor;
GRANT USAGE ON SCHEMA public TO sunlit_ingest, sunlit_alerting, sunlit_api, sunlit_public, sunlit_auditor;

-- Services read everything except what they have no business with: only the api sees passwords and sessions.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO sunlit_ingest, sunlit_alerting, sunlit_api;
REVOKE SELECT ON session, login_attempt, person, person_role, api_token, second_factor, recovery_code, pass
    FROM sunlit_ingest, sunlit_alerting;
GRANT SELECT (id, login, name, language, organisation_id, active) ON person TO sunlit_alerting;
GRANT SELECT ON person_role TO sunlit_alerting;
-- Addresses can be secrets (a robot's key), and letters hold crews' links: the pages see who was told, not where.
REVOKE SELECT ON contact_code FROM sunlit_ingest, sunlit_alerting, sunlit_api;
REVOKE SELECT ON contact_method, outbox, webhook FROM sunlit_ingest, sunlit_api;
GRANT SELECT (id, name, shown, kinds, town_codes, drills, active, author, created_at, old_until, epoch, from_seq)
    ON webhook TO sunlit_api;
GRANT SELECT (id, organisation_id, person_id, channel, language, priority, verified_at, active, receipts)
    ON contact_method TO sunlit_api;
GRANT SELECT (id, dedupe, incident_id, finding_id, dispatch_id, contact_method_id, organisation_id, person_id, chain,
              priority, weight, channel, gateway, shown, stage, language, subject, state, created_at, next_at, give_up_at,
              released_at, lease_until, attempts, sent_at, receipts, receipt, delivered_at, undelivered_at)
    ON outbox TO sunlit_api;

GRANT INSERT, UPDATE, DELETE ON lift_sample, climate_sample, camera_sample, event, device_status, stream, gap,
    reject, ingest_beat, edge_reply, silence, stranger,
    stranger_forgotten TO sunlit_ingest;
GRANT INSERT, UPDATE ON policy, event_handled, incident, incident_entry, dispatch, outbox, outbox_attempt,
    command_result, alerting_beat, finding, finding_entry, quiet, edge_order_sent, mass_incident,
    rescue_order, number_day TO sunlit_alerting;
GRANT USAGE, SELECT ON SEQUENCE number_r, number_f, number_m TO sunlit_alerting;
GRANT INSERT, UPDATE, DELETE ON roster_hole, roster_look, travel_time, coverage_gap,
    coverage_look, happening, webhook_state, webhook_delivery TO sunlit_alerting;
GRANT INSERT, UPDATE, DELETE ON command, evidence, evidence_custody, still, session, login_attempt, audit_log,
    public_report, api_beat, edge_order, live_lease, still_withheld, receipt, drill TO sunlit_api;
-- Nobody is deleted: what a person did stays theirs.
GRANT INSERT, UPDATE ON person TO sunlit_api;
GRANT INSERT, UPDATE, DELETE ON person_role, api_token, second_factor, recovery_code, pass TO sunlit_api;
GRANT INSERT, UPDATE, DELETE ON live_stream TO sunlit_api;
GRANT INSERT, UPDATE, DELETE ON hand_over TO sunlit_api;
GRANT INSERT, UPDATE, DELETE ON finding_assignment, saved_view TO sunlit_api;
GRANT INSERT, UPDATE, DELETE ON open_kitchen_day, report_salt, report_seen TO sunlit_api;
-- What is too old is deleted by who wrote it.
GRANT DELETE ON alerting_beat, outbox, outbox_attempt, edge_order_sent, rescue_order TO sunlit_alerting;
REVOKE SELECT ON public_report, report_salt, report_seen FROM sunlit_ingest, sunlit_alerting;
GRANT SELECT ON public_town, public_lift, public_kitchen, public_still, public_withheld, public_rescue, public_finding,
    public_camera, public_open_kitchen TO sunlit_public;

-- The auditor reads only what it judges by, and writes only what is its own.
GRANT SELECT ON service_health, silence, silent_device, agent_of, device, device_status, lift, place, event, event_handled,
    incident, dispatch, command, command_result, edge_order, edge_order_sent, edge_reply, rescue_order, drill,
    finding, auditor_beat, alarm TO sunlit_auditor;
GRANT SELECT (id, incident_id, dispatch_id, organisation_id, channel, stage, state, created_at, next_at, lease_until)
    ON outbox TO sunlit_auditor;
GRANT SELECT (active, address) ON contact_method TO sunlit_auditor;
GRANT INSERT, UPDATE, DELETE ON auditor_beat, alarm TO sunlit_auditor;
