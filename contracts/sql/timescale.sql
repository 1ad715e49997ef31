-- TimescaleDB: applied instead of plain.sql when the extension is available. One statement per line group, run
-- outside a transaction (continuous aggregates demand it); safe to repeat.
CREATE EXTENSION IF NOT EXISTS timescaledb;

SELECT create_hypertable('lift_sample', by_range('time', INTERVAL '1 day'), if_not_exists => true, migrate_data => true);
SELECT create_hypertable('climate_sample', by_range('time', INTERVAL '7 days'), if_not_exists => true, migrate_data => true);
SELECT create_hypertable('camera_sample', by_range('time', INTERVAL '7 days'), if_not_exists => true, migrate_data => true);

ALTER TABLE lift_sample SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'time DESC, boot, seq, n');
ALTER TABLE climate_sample SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'time DESC, boot, seq, n');
ALTER TABLE camera_sample SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'time DESC, boot, seq, n');

CALL add_columnstore_policy('lift_sample', after => INTERVAL '7 days', if_not_exists => true);
CALL add_columnstore_policy('climate_sample', after => INTERVAL '14 days', if_not_exists => true);
CALL add_columnstore_policy('camera_sample', after => INTERVAL '14 days', if_not_exists => true);

SELECT add_retention_policy('lift_sample', INTERVAL '400 days', if_not_exists => true);
SELECT add_retention_policy('climate_sample', INTERVAL '400 days', if_not_exists => true);
SELECT add_retention_policy('camera_sample', INTERVAL '400 days', if_not_exists => true);

CREATE MATERIALIZED VIEW IF NOT EXISTS lift_minute WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket(INTERVAL '1 minute', time) AS bucket, device_id, count(*) AS samples,
       max(abs(speed)) AS max_speed, max(load) AS max_load,
       count(*) FILTER (WHERE car = 1) AS running,
       count(*) FILTER (WHERE power = 2) AS without_power
FROM lift_sample GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW IF NOT EXISTS climate_minute WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket(INTERVAL '1 minute', time) AS bucket, device_id, count(*) AS samples,
       avg(temperature) AS mean_temperature, max(temperature) AS max_temperature,
       avg(humidity) AS mean_humidity
FROM climate_sample GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW IF NOT EXISTS lift_hour WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket(INTERVAL '1 hour', time) AS bucket, device_id, count(*) AS samples,
       max(abs(speed)) AS max_speed, max(load) AS max_load,
       count(*) FILTER (WHERE car = 1) AS running,
       count(*) FILTER (WHERE power = 2) AS without_power
FROM lift_sample GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW IF NOT EXISTS climate_hour WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket(INTERVAL '1 hour', time) AS bucket, device_id, count(*) AS samples,
       avg(temperature) AS mean_temperature, max(temperature) AS max_temperature,
       avg(humidity) AS mean_humidity
FROM climate_sample GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW IF NOT EXISTS lift_day WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket(INTERVAL '1 day', time) AS bucket, device_id, count(*) AS samples,
       max(abs(speed)) AS max_speed, max(load) AS max_load,
       count(*) FILTER (WHERE car = 1) AS running,
       count(*) FILTER (WHERE power = 2) AS without_power
FROM lift_sample GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW IF NOT EXISTS climate_day WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket(INTERVAL '1 day', time) AS bucket, device_id, count(*) AS samples,
       avg(temperature) AS mean_temperature, max(temperature) AS max_temperature,
       avg(humidity) AS mean_humidity
FROM climate_sample GROUP BY 1, 2 WITH NO DATA;
SELECT add_continuous_aggregate_policy('lift_minute', start_offset => INTERVAL '3 hours', end_offset => INTERVAL '1 minute', schedule_interval => INTERVAL '1 minute', if_not_exists => true);
SELECT add_continuous_aggregate_policy('climate_minute', start_offset => INTERVAL '3 hours', end_offset => INTERVAL '1 minute', schedule_interval => INTERVAL '1 minute', if_not_exists => true);
SELECT add_continuous_aggregate_policy('lift_hour', start_offset => INTERVAL '3 days', end_offset => INTERVAL '1 hour', schedule_interval => INTERVAL '10 minutes', if_not_exists => true);
SELECT add_continuous_aggregate_policy('climate_hour', start_offset => INTERVAL '3 days', end_offset => INTERVAL '1 hour', schedule_interval => INTERVAL '10 minutes', if_not_exists => true);
SELECT add_continuous_aggregate_policy('lift_day', start_offset => INTERVAL '10 days', end_offset => INTERVAL '1 day', schedule_interval => INTERVAL '1 hour', if_not_exists => true);
SELECT add_continuous_aggregate_policy('climate_day', start_offset => INTERVAL '10 days', end_offset => INTERVAL '1 day', schedule_interval => INTERVAL '1 hour', if_not_exists => true);
