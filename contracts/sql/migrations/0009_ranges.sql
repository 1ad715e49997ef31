-- What has come of a stream is a set of numbers: all below next_seq, save those in `missing`. A row a stream tells a
-- redelivery from a new message; a row a message (message_seen) would be 14 thousand million rows a month in a city.

ALTER TABLE stream ADD COLUMN missing int8multirange NOT NULL DEFAULT '{}';
-- Numbers that the device says it gave up; `lost` counts those of them that have not come all the same.
ALTER TABLE stream ADD COLUMN given_up int8multirange NOT NULL DEFAULT '{}';

UPDATE stream s SET
    missing = coalesce((
        SELECT range_agg(int8range(g.from_seq, g.to_seq)) FROM gap g
        WHERE g.device_id = s.device_id AND g.boot = s.boot AND g.lane = s.lane AND g.missing > 0), '{}')
      - coalesce((
        SELECT range_agg(int8range(m.seq, m.seq + 1)) FROM message_seen m JOIN gap g USING (device_id, boot, lane)
        WHERE m.device_id = s.device_id AND m.boot = s.boot AND m.lane = s.lane
          AND m.seq >= g.from_seq AND m.seq < g.to_seq AND g.missing > 0), '{}'),
    given_up = coalesce((
        SELECT range_agg(int8range(l.from_seq, l.to_seq)) FROM loss l
        WHERE l.device_id = s.device_id AND l.boot = s.boot AND l.lane = s.lane), '{}');

DROP TABLE message_seen;
DROP TABLE loss;

-- Rows that every batch rewrites: room on the page keeps the new version beside the old one and out of the indexes.
ALTER TABLE stream SET (fillfactor = 50);
ALTER TABLE device_status SET (fillfactor = 50);
