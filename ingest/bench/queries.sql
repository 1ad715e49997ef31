-- name: register
COPY device (code, kind, site) FROM STDIN

-- name: devices
SELECT id, code FROM device WHERE code LIKE %(prefix)s

-- name: committed
-- What the fleet's streams have taken so far.
SELECT coalesce(sum(stored + rejected), 0)::bigint AS count FROM stream
WHERE lane = 'telemetry' AND device_id BETWEEN %(first)s AND %(last)s

-- name: probe_streams
SELECT device_id, lane, next_seq FROM stream WHERE device_id = ANY(%(devices)s) AND boot = %(boot)s

-- name: samples
SELECT count(*) AS count FROM lift_sample
WHERE device_id IN (SELECT id FROM device WHERE code LIKE %(prefix)s) AND boot = %(boot)s

-- name: forget_rejects
DELETE FROM reject WHERE device_code LIKE %(prefix)s

-- name: device_tables
-- Every table that says something of a device, so that all of it can be removed.
SELECT c.table_name AS name FROM information_schema.columns c JOIN information_schema.tables t USING (table_name)
WHERE c.column_name = 'device_id' AND c.table_schema = 'public' AND t.table_schema = 'public'
  AND t.table_type = 'BASE TABLE'
ORDER BY c.table_name

-- name: settings
SELECT name, setting FROM pg_settings
WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'server_version')

-- name: has_timescale
SELECT extversion AS version FROM pg_extension WHERE extname = 'timescaledb'

-- name: claim
SELECT pg_try_advisory_lock(7265492) AS got

-- name: parts
-- What a sample's table is made of.
SELECT 'table' AS part, pg_table_size('lift_sample') AS bytes
UNION ALL SELECT CASE WHEN indisprimary THEN 'key' ELSE 'index by time' END, pg_relation_size(indexrelid)
FROM pg_index WHERE indrelid = 'lift_sample'::regclass

-- name: hypertable_bytes
SELECT hypertable_size(%(name)s::regclass) AS bytes

-- name: rollup_table
SELECT format('%%I.%%I', materialization_hypertable_schema, materialization_hypertable_name) AS name
FROM timescaledb_information.continuous_aggregates WHERE view_name = %(name)s

-- name: chunks
SELECT chunk::text AS name FROM show_chunks(%(name)s::regclass) AS chunk
