"""The statements on findings and mutings."""

from runtime.db import Queries

QUERIES = Queries("alerting", "findings.sql")
QUIET = Queries("alerting", "quiet.sql")
