-- A finding is numbered by those of its day, and pages ask for those of a month: neither may read all there ever were.
CREATE INDEX finding_opened ON finding (opened_at);
