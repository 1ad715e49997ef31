-- Plain PostgreSQL: the rollups are views with the names and columns that timescale.sql gives its aggregates.
DO $$
DECLARE
    width record;
BEGIN
    FOR width IN SELECT * FROM (VALUES ('minute', interval '1 minute'), ('hour', interval '1 hour'),
                                       ('day', interval '1 day')) AS w (name, length)
    LOOP
        EXECUTE format('CREATE OR REPLACE VIEW %I AS
            SELECT date_bin(%L, time, ''2000-01-01T00:00:00Z'') AS bucket, device_id, count(*) AS samples,
                   max(abs(speed)) AS max_speed, max(load) AS max_load,
                   count(*) FILTER (WHERE car = 1) AS running,
                   count(*) FILTER (WHERE power = 2) AS without_power
            FROM lift_sample GROUP BY 1, 2', 'lift_' || width.name, width.length);
        EXECUTE format('CREATE OR REPLACE VIEW %I AS
            SELECT date_bin(%L, time, ''2000-01-01T00:00:00Z'') AS bucket, device_id, count(*) AS samples,
                   sum(temperature::float8) AS temperature_sum, count(temperature) AS temperature_count,
                   min(temperature) AS min_temperature, max(temperature) AS max_temperature,
                   sum(humidity::float8) AS humidity_sum, count(humidity) AS humidity_count
            FROM climate_sample GROUP BY 1, 2', 'climate_' || width.name, width.length);
        EXECUTE format('CREATE OR REPLACE VIEW %I AS
            SELECT date_bin(%L, time, ''2000-01-01T00:00:00Z'') AS bucket, device_id, count(*) AS samples,
                   count(*) FILTER (WHERE state = ''active'') AS active,
                   count(*) FILTER (WHERE state = ''degraded'') AS degraded,
                   sum(frames)::bigint AS frames, sum(looks)::bigint AS looks, sum(detections)::bigint AS detections,
                   max(people) AS max_people
            FROM camera_sample GROUP BY 1, 2', 'camera_' || width.name, width.length);
    END LOOP;
END $$;

-- Old rows are found by time, also where new ones took the room of deleted ones.
CREATE INDEX IF NOT EXISTS lift_sample_time ON lift_sample (time);
CREATE INDEX IF NOT EXISTS climate_sample_time ON climate_sample (time);
CREATE INDEX IF NOT EXISTS camera_sample_time ON camera_sample (time);
