-- TimescaleDB: applied instead of plain.sql where the extension is there. One statement per line group, run
-- outside a transaction (continuous aggregates demand it); safe to repeat. How long a chunk is, when it becomes
-- columns, what is kept how long and when rollups are refreshed are settings: runtime/storage/policies.py.

-- Samples come in the order of time, or nearly, and a chunk's room is never used again: block ranges find a span of time
-- at a hundredth of what plain.sql's index costs.
DROP INDEX IF EXISTS lift_sample_time;
DROP INDEX IF EXISTS climate_sample_time;
DROP INDEX IF EXISTS camera_sample_time;
SELECT create_hypertable('lift_sample', by_range('time', INTERVAL '1 day'), create_default_indexes => false, if_not_exists => true, migrate_data => true);
SELECT create_hypertable('climate_sample', by_range('time', INTERVAL '1 day'), create_default_indexes => false, if_not_exists => true, migrate_data => true);
SELECT create_hypertable('camera_sample', by_range('time', INTERVAL '1 day'), create_default_indexes => false, if_not_exists => true, migrate_data => true);
DROP INDEX IF EXISTS lift_sample_time_idx;
DROP INDEX IF EXISTS climate_sample_time_idx;
DROP INDEX IF EXISTS camera_sample_time_idx;
CREATE INDEX IF NOT EXISTS lift_sample_range ON lift_sample USING brin (time) WITH (autosummarize = on);
CREATE INDEX IF NOT EXISTS climate_sample_range ON climate_sample USING brin (time) WITH (autosummarize = on);
CREATE INDEX IF NOT EXISTS camera_sample_range ON camera_sample USING brin (time) WITH (autosummarize = on);

-- With `seq` in the order, late rows find at once that none of a batch is theirs; by time alone each costs twice as much.
ALTER TABLE lift_sample SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'time DESC, seq');
ALTER TABLE climate_sample SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'time DESC, seq');
ALTER TABLE camera_sample SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'time DESC, seq');

-- An hour is the sum of its minutes and a day that of its hours: only the minutes read samples again.
CREATE MATERIALIZED VIEW IF NOT EXISTS lift_minute
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.chunk_interval = '1 day') AS
SELECT time_bucket(INTERVAL '1 minute', time) AS bucket, device_id, count(*) AS samples,
       max(abs(speed)) AS max_speed, max(load) AS max_load,
       count(*) FILTER (WHERE car = 1) AS running,
       count(*) FILTER (WHERE power = 2) AS without_power
FROM lift_sample GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW IF NOT EXISTS climate_minute
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.chunk_interval = '1 day') AS
SELECT time_bucket(INTERVAL '1 minute', time) AS bucket, device_id, count(*) AS samples,
       sum(temperature::float8) AS temperature_sum, count(temperature) AS temperature_count,
       min(temperature) AS min_temperature, max(temperature) AS max_temperature,
       sum(humidity::float8) AS humidity_sum, count(humidity) AS humidity_count
FROM climate_sample GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW IF NOT EXISTS camera_minute
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.chunk_interval = '1 day') AS
SELECT time_bucket(INTERVAL '1 minute', time) AS bucket, device_id, count(*) AS samples,
       count(*) FILTER (WHERE state = 'active') AS active,
       count(*) FILTER (WHERE state = 'degraded') AS degraded,
       sum(frames)::bigint AS frames, sum(looks)::bigint AS looks, sum(detections)::bigint AS detections,
       max(people) AS max_people
FROM camera_sample GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW IF NOT EXISTS lift_hour
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.chunk_interval = '30 days') AS
SELECT time_bucket(INTERVAL '1 hour', bucket) AS bucket, device_id, sum(samples)::bigint AS samples,
       max(max_speed) AS max_speed, max(max_load) AS max_load,
       sum(running)::bigint AS running, sum(without_power)::bigint AS without_power
FROM lift_minute GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW IF NOT EXISTS climate_hour
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.chunk_interval = '30 days') AS
SELECT time_bucket(INTERVAL '1 hour', bucket) AS bucket, device_id, sum(samples)::bigint AS samples,
       sum(temperature_sum) AS temperature_sum, sum(temperature_count)::bigint AS temperature_count,
       min(min_temperature) AS min_temperature, max(max_temperature) AS max_temperature,
       sum(humidity_sum) AS humidity_sum, sum(humidity_count)::bigint AS humidity_count
FROM climate_minute GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW IF NOT EXISTS camera_hour
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.chunk_interval = '30 days') AS
SELECT time_bucket(INTERVAL '1 hour', bucket) AS bucket, device_id, sum(samples)::bigint AS samples,
       sum(active)::bigint AS active, sum(degraded)::bigint AS degraded,
       sum(frames)::bigint AS frames, sum(looks)::bigint AS looks, sum(detections)::bigint AS detections,
       max(max_people) AS max_people
FROM camera_minute GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW IF NOT EXISTS lift_day
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.chunk_interval = '365 days') AS
SELECT time_bucket(INTERVAL '1 day', bucket) AS bucket, device_id, sum(samples)::bigint AS samples,
       max(max_speed) AS max_speed, max(max_load) AS max_load,
       sum(running)::bigint AS running, sum(without_power)::bigint AS without_power
FROM lift_hour GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW IF NOT EXISTS climate_day
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.chunk_interval = '365 days') AS
SELECT time_bucket(INTERVAL '1 day', bucket) AS bucket, device_id, sum(samples)::bigint AS samples,
       sum(temperature_sum) AS temperature_sum, sum(temperature_count)::bigint AS temperature_count,
       min(min_temperature) AS min_temperature, max(max_temperature) AS max_temperature,
       sum(humidity_sum) AS humidity_sum, sum(humidity_count)::bigint AS humidity_count
FROM climate_hour GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW IF NOT EXISTS camera_day
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.chunk_interval = '365 days') AS
SELECT time_bucket(INTERVAL '1 day', bucket) AS bucket, device_id, sum(samples)::bigint AS samples,
       sum(active)::bigint AS active, sum(degraded)::bigint AS degraded,
       sum(frames)::bigint AS frames, sum(looks)::bigint AS looks, sum(detections)::bigint AS detections,
       max(max_people) AS max_people
FROM camera_hour GROUP BY 1, 2 WITH NO DATA;

ALTER MATERIALIZED VIEW lift_minute SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'bucket DESC');
ALTER MATERIALIZED VIEW climate_minute SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'bucket DESC');
ALTER MATERIALIZED VIEW camera_minute SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'bucket DESC');
ALTER MATERIALIZED VIEW lift_hour SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'bucket DESC');
ALTER MATERIALIZED VIEW climate_hour SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'bucket DESC');
ALTER MATERIALIZED VIEW camera_hour SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'bucket DESC');
ALTER MATERIALIZED VIEW lift_day SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'bucket DESC');
ALTER MATERIALIZED VIEW climate_day SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'bucket DESC');
ALTER MATERIALIZED VIEW camera_day SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'bucket DESC');
