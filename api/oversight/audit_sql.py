"""The statements over the audit log, the auditor's alarms and webhooks."""

from runtime.db import Queries

QUERIES = Queries("api.oversight", "audit.sql")
