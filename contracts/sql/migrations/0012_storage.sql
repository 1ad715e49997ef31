-- Rollups with sums and counts instead of means, so that an hour is made of its minutes.

-- Made again by plain.sql or timescale.sql, which follow.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['lift_minute', 'lift_hour', 'lift_day', 'climate_minute', 'climate_hour', 'climate_day']
    LOOP
        IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
            EXECUTE format('DROP MATERIALIZED VIEW IF EXISTS %I', name);
        ELSE
            EXECUTE format('DROP VIEW IF EXISTS %I', name);
        END IF;
    END LOOP;
END $$;
