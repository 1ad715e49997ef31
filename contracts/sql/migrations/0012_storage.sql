-- Rollups with sums and counts instead of means, so that an hour is made of its minutes; and samples found by time.

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

-- Samples come in the order of time, or nearly: a block range index finds a span of time and costs almost nothing.
CREATE INDEX lift_sample_time ON lift_sample USING brin (time) WITH (autosummarize = on);
CREATE INDEX climate_sample_time ON climate_sample USING brin (time) WITH (autosummarize = on);
CREATE INDEX camera_sample_time ON camera_sample USING brin (time) WITH (autosummarize = on);
