"""The statements of the bench."""

from runtime.db import Queries

QUERIES = Queries("alerting.bench")
DESK = Queries("alerting.bench", "desk.sql")
