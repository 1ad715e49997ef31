-- The desk's numbers without a queue before them, and an order of commands in which none can hide.

-- A number is a day and how many came before it that day. Counting rows under a lock made everybody wait for whoever
-- was opening something; a sequence makes nobody wait. What is rolled back leaves a hole, never a repeat.
CREATE SEQUENCE number_r;
CREATE SEQUENCE number_f;
CREATE SEQUENCE number_m;
CREATE TABLE number_day (
    prefix text NOT NULL,
    day date NOT NULL,
    first bigint NOT NULL,
    PRIMARY KEY (prefix, day)
);
COMMENT ON TABLE number_day IS 'at which value of its sequence a day began to count';

-- Numbers like R20261126-0001; prefixes R (rescue), F (finding), M (mass incident).
CREATE FUNCTION next_number(wanted text, moment timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    today date := (moment AT TIME ZONE 'UTC')::date;
    counter regclass := ('number_' || lower(wanted))::regclass;
    began bigint;
BEGIN
    SELECT first INTO began FROM number_day WHERE prefix = wanted AND day = today;
    IF began IS NULL THEN
        EXECUTE format('SELECT last_value + is_called::int FROM %s', counter) INTO began;
        -- Once a day the second waits for the first here.
        INSERT INTO number_day VALUES (wanted, today, began) ON CONFLICT DO NOTHING;
        SELECT first INTO began FROM number_day WHERE prefix = wanted AND day = today;
    END IF;
    RETURN wanted || to_char(today, 'YYYYMMDD') || '-' || to_char(nextval(counter) - began + 1, 'FM999990000');
END $$;

-- Days that have numbers already go on where they are.
CREATE FUNCTION pg_temp.go_on(wanted text, highest bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF highest IS NOT NULL THEN
        PERFORM setval(('number_' || lower(wanted))::regclass, highest);
        INSERT INTO number_day VALUES (wanted, (now() AT TIME ZONE 'UTC')::date, 1);
    END IF;
END $$;
SELECT pg_temp.go_on('R', max(split_part(number, '-', 2)::bigint)) FROM incident
WHERE number LIKE 'R' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD') || '-%';
SELECT pg_temp.go_on('F', max(split_part(number, '-', 2)::bigint)) FROM finding
WHERE number LIKE 'F' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD') || '-%';

-- In the order in which they were given. A time will not do: it is that of the transaction's start, on a clock that
-- may jump.
ALTER TABLE command ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY;
CREATE UNIQUE INDEX command_seq ON command (seq);

-- Attempts whose worker vanished are few, and looked for at every poll.
CREATE INDEX outbox_attempt_open ON outbox_attempt (started_at) WHERE ended_at IS NULL;
