-- name: version
SELECT extversion AS version FROM pg_extension WHERE extname = 'timescaledb'

-- name: jobs
SELECT job_id, proc_name AS job, hypertable_name AS relation,
       extract(epoch FROM coalesce(config ->> 'drop_after', config ->> 'compress_after', config ->> 'start_offset')
               ::interval)::bigint AS after,
       extract(epoch FROM schedule_interval)::bigint AS every,
       coalesce(extract(epoch FROM (config ->> 'end_offset')::interval), 0)::bigint AS until
FROM timescaledb_information.jobs
WHERE hypertable_schema = 'public' AND proc_name = ANY(%(jobs)s)

-- name: delete_job
SELECT delete_job(%(job)s)

-- name: policy_compression
CALL add_columnstore_policy(%(relation)s, after => make_interval(secs => %(after)s),
                            schedule_interval => make_interval(secs => %(every)s))

-- name: policy_retention
SELECT add_retention_policy(%(relation)s, drop_after => make_interval(secs => %(after)s),
                            schedule_interval => make_interval(secs => %(every)s))

-- name: policy_refresh_continuous_aggregate
SELECT add_continuous_aggregate_policy(%(relation)s, start_offset => make_interval(secs => %(after)s),
                                       end_offset => make_interval(secs => %(until)s),
                                       schedule_interval => make_interval(secs => %(every)s))

-- name: chunk_seconds
SELECT hypertable_name AS relation, extract(epoch FROM time_interval)::bigint AS seconds
FROM timescaledb_information.dimensions WHERE hypertable_schema = 'public'

-- name: set_chunk_seconds
SELECT set_chunk_time_interval(%(relation)s::regclass, make_interval(secs => %(seconds)s))

-- name: rollup_tables
SELECT materialization_hypertable_schema AS schema, materialization_hypertable_name AS name
FROM timescaledb_information.continuous_aggregates ORDER BY 2

-- name: plain_views
-- Views where the aggregates belong: this database began on plain PostgreSQL.
SELECT viewname AS name FROM pg_views WHERE schemaname = 'public' AND viewname = ANY(%(names)s)
  AND viewname NOT IN (SELECT view_name FROM timescaledb_information.continuous_aggregates)

-- name: offered
SELECT 1 FROM pg_available_extension_versions WHERE name = 'timescaledb' AND version = %(version)s

-- name: hypertables
-- Sample tables and rollups: what they hold, and what the column store made of it. Rows in columns were counted when
-- they went there, those outside by the last ANALYZE.
SELECT r.name, approximate_row_count(r.id) + z.rows AS rows, hypertable_size(r.id) AS bytes,
       c.chunks, c.oldest, s.packed AS packed_chunks, s.before AS packed_from, s.after AS packed_to
FROM (SELECT h.hypertable_name AS name, h.hypertable_name AS inner_name,
             format('%%I.%%I', h.hypertable_schema, h.hypertable_name)::regclass AS id
      FROM timescaledb_information.hypertables h WHERE h.hypertable_schema = 'public'
      UNION ALL
      SELECT a.view_name, a.materialization_hypertable_name,
             format('%%I.%%I', a.materialization_hypertable_schema, a.materialization_hypertable_name)::regclass
      FROM timescaledb_information.continuous_aggregates a WHERE a.view_schema = 'public') AS r
CROSS JOIN LATERAL (SELECT count(*) AS chunks, min(range_start) AS oldest FROM timescaledb_information.chunks
                    WHERE hypertable_name = r.inner_name) AS c
CROSS JOIN LATERAL (SELECT coalesce(sum(size.numrows_pre_compression), 0)::bigint AS rows
                    FROM _timescaledb_catalog.hypertable h
                    JOIN _timescaledb_catalog.chunk k ON k.hypertable_id = h.id
                    JOIN _timescaledb_catalog.compression_chunk_size size ON size.chunk_id = k.id
                    WHERE h.table_name = r.inner_name) AS z
LEFT JOIN LATERAL (SELECT number_compressed_chunks AS packed, before_compression_total_bytes AS before,
                          after_compression_total_bytes AS after
                   FROM hypertable_columnstore_stats(r.id)) AS s ON true
ORDER BY 3 DESC, 1

-- name: workers
-- Jobs for which the server has no process left fail to start.
SELECT current_setting('max_worker_processes')::int AS processes,
       3 + current_setting('timescaledb.max_background_workers')::int + current_setting('max_parallel_workers')::int
       AS wanted

-- name: runs
-- Policies with how their last run ended.
SELECT j.job_id, s.last_run_started_at AS last_run, s.last_run_status AS result, s.total_failures AS failures,
       CASE WHEN s.last_run_status = 'Failed' THEN (
           SELECT e.err_message FROM timescaledb_information.job_errors e WHERE e.job_id = j.job_id
           ORDER BY e.start_time DESC LIMIT 1) END AS error
FROM timescaledb_information.jobs j LEFT JOIN timescaledb_information.job_stats s ON s.job_id = j.job_id

-- name: newest
-- The last sample of each device within the newest chunk: no index goes by time alone.
SELECT max(s.time) AS newest FROM device d CROSS JOIN LATERAL (
    SELECT time FROM {} WHERE device_id = d.id AND time >= (
        SELECT max(range_start) FROM timescaledb_information.chunks WHERE hypertable_name = %(name)s)
    ORDER BY time DESC LIMIT 1) AS s
