-- A crew's photos of a rescue are evidence of its incident; a stranger's alarm that was looked into leaves the board.

ALTER TABLE evidence ADD COLUMN incident_id bigint REFERENCES incident;
ALTER TABLE evidence DROP CONSTRAINT evidence_kind_check;
ALTER TABLE evidence ADD CONSTRAINT evidence_kind_check
    CHECK (kind IN ('capture', 'rectification', 'appeal', 'rescue'));
ALTER TABLE evidence DROP CONSTRAINT evidence_event_id_finding_id_sha256_key;
ALTER TABLE evidence ADD CONSTRAINT evidence_once
    UNIQUE NULLS NOT DISTINCT (event_id, finding_id, incident_id, sha256);
CREATE INDEX evidence_incident ON evidence (incident_id) WHERE incident_id IS NOT NULL;

-- A crew that is called again gets a fresh link. What it tapped on the page of the old one must still be heard.
ALTER TABLE dispatch ADD COLUMN old_links text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN dispatch.old_links IS 'hashes of links that were replaced; they open the same page until it expires';
CREATE INDEX dispatch_old_links ON dispatch USING gin (old_links);
CREATE FUNCTION keep_old_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.old_links := OLD.old_links || OLD.link_sha256;
    RETURN NEW;
END $$;
CREATE TRIGGER dispatch_old_link BEFORE UPDATE OF link_sha256 ON dispatch
    FOR EACH ROW WHEN (OLD.link_sha256 IS DISTINCT FROM NEW.link_sha256) EXECUTE FUNCTION keep_old_link();

CREATE INDEX audit_log_object ON audit_log (action, object);
CREATE INDEX command_incident ON command (incident_id) WHERE incident_id IS NOT NULL;
