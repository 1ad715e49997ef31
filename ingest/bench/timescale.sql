-- name: hypertable_bytes
SELECT hypertable_size(%(name)s::regclass) AS bytes

-- name: rollup_table
SELECT format('%%I.%%I', materialization_hypertable_schema, materialization_hypertable_name) AS name
FROM timescaledb_information.continuous_aggregates WHERE view_name = %(name)s

-- name: chunks
SELECT chunk::text AS name FROM show_chunks(%(name)s::regclass) AS chunk
