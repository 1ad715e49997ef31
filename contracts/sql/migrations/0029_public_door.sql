-- The public's door: where a town lies, what each camera says of itself, what was put right, how many kitchens were open
-- in months past, and reports that somebody answers for.

CREATE OR REPLACE VIEW public_town AS
SELECT t.code, t.name_zh, t.name_en, middle.lat, middle.lon
FROM town t
LEFT JOIN (SELECT town_code, avg(lat) AS lat, avg(lon) AS lon FROM place GROUP BY 1) AS middle ON middle.town_code = t.code;

-- A camera that is silent is not active, whatever it said last.
CREATE VIEW public_camera AS
SELECT k.code AS kitchen, d.code AS camera, d.name_zh, d.name_en, s.seen_at,
       CASE WHEN s.device_id IS NULL THEN 'none'
            WHEN NOT s.online OR s.seen_at <= now() - interval '2 minutes' THEN 'degraded'
            WHEN s.camera_state IN ('pending', 'active', 'degraded') THEN s.camera_state
            ELSE 'none' END AS state
FROM device d JOIN kitchen k ON k.id = d.kitchen_id LEFT JOIN device_status s ON s.device_id = d.id
WHERE d.kind = 'camera' AND d.retired_at IS NULL AND k.in_use;

-- `in_time` is NULL while the time has not passed.
CREATE OR REPLACE VIEW public_finding AS
SELECT f.opened_at, p.town_code, f.rule, f.class, f.state,
       extract(epoch FROM f.rectified_at - f.opened_at) AS rectify_s,
       CASE WHEN f.rectified_at IS NOT NULL AND f.rectify_due IS NOT NULL THEN f.rectified_at <= f.rectify_due
            WHEN f.rectified_at IS NOT NULL THEN f.level = 0
            WHEN f.level > 0 OR f.rectify_due < now() THEN false END AS in_time
FROM finding f JOIN kitchen k ON k.id = f.kitchen_id JOIN place p ON p.id = k.place_id
WHERE f.state NOT IN ('rejected', 'under_review', 'detected', 'muted') AND f.rule <> 'device_silent';

-- How many kitchens there were and how many were open, summed over the looks of a day (one an hour): a share of a month
-- is the sum of one by the sum of the other.
CREATE TABLE open_kitchen_day (
    day date NOT NULL,
    town_code text NOT NULL REFERENCES town,
    looks integer NOT NULL CHECK (looks > 0),
    last_look timestamptz NOT NULL,
    kitchens bigint NOT NULL CHECK (kitchens >= 0),
    open_kitchens bigint NOT NULL CHECK (open_kitchens BETWEEN 0 AND kitchens),
    PRIMARY KEY (day, town_code)
);
COMMENT ON TABLE open_kitchen_day IS 'the day is the city''s; written by the api once an hour, hours without the api have no look';
CREATE VIEW public_open_kitchen AS
SELECT day, town_code, looks, kitchens, open_kitchens FROM open_kitchen_day;

-- A report has a number that cannot be guessed; whoever knows it sees the state and nothing else.
ALTER TABLE public_report
    ADD COLUMN number text,
    ADD COLUMN state text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'read', 'answered', 'rejected')),
    ADD COLUMN changed_at timestamptz,
    ADD COLUMN changed_by text NOT NULL DEFAULT '',
    ADD COLUMN note text NOT NULL DEFAULT '';
UPDATE public_report SET number = 'OLD' || id;
ALTER TABLE public_report ALTER COLUMN number SET NOT NULL, ADD CONSTRAINT public_report_number UNIQUE (number);
CREATE INDEX public_report_state ON public_report (state, at);
COMMENT ON COLUMN public_report.note IS 'what a regulator did about it, for the bureau''s own use';

-- Who reports too often: an address is kept as a hash for a day, salted with what is thrown away a day later.
CREATE TABLE report_salt (
    day date PRIMARY KEY,
    salt bytea NOT NULL
);
CREATE TABLE report_seen (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    sender text NOT NULL,
    subject text NOT NULL
);
CREATE INDEX report_seen_at ON report_seen (at);
