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
