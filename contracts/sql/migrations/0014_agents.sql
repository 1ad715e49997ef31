-- Which agents speak for a device: its own where the register names one, else whoever is at its site.
CREATE OR REPLACE VIEW agent_of AS
SELECT d.id AS device_id, a.id AS agent_id FROM device d JOIN device a ON a.id = d.agent_id
WHERE d.kind <> 'agent' AND a.retired_at IS NULL
UNION ALL
SELECT d.id, a.id FROM device d JOIN device a ON a.site = d.site
WHERE d.agent_id IS NULL AND d.kind <> 'agent' AND a.kind = 'agent' AND a.retired_at IS NULL;
