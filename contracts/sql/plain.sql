-- Plain PostgreSQL: the rollups are views with the names and columns that timescale.sql gives its aggregates.
-- A rollup of a kind other than a view is TimescaleDB's and stays.
DO $$
DECLARE
    rollup record;
BEGIN
    FOR rollup IN SELECT * FROM (VALUES ('lift_minute', interval '1 minute'), ('lift_hour', interval '1 hour'),
                                        ('lift_day', interval '1 day')) AS r (name, width)
    LOOP
        EXECUTE format('CREATE OR REPLACE VIEW %I AS
            SELECT date_bin(%L, time, ''2000-01-01T00:00:00Z'') AS bucket, device_id, count(*) AS samples,
                   max(abs(speed)) AS max_speed, max(load) AS max_load,
                   count(*) FILTER (WHERE car = 1) AS running,
                   count(*) FILTER (WHERE power = 2) AS without_power
            FROM lift_sample GROUP BY 1, 2', rollup.name, rollup.width);
    END LOOP;
    FOR rollup IN SELECT * FROM (VALUES ('climate_minute', interval '1 minute'), ('climate_hour', interval '1 hour'),
                                        ('climate_day', interval '1 day')) AS r (name, width)
    LOOP
        EXECUTE format('CREATE OR REPLACE VIEW %I AS
            SELECT date_bin(%L, time, ''2000-01-01T00:00:00Z'') AS bucket, device_id, count(*) AS samples,
                   avg(temperature) AS mean_temperature, max(temperature) AS max_temperature,
                   avg(humidity) AS mean_humidity
            FROM climate_sample GROUP BY 1, 2', rollup.name, rollup.width);
    END LOOP;
END $$;
