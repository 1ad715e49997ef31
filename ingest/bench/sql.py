"""The statements of the bench."""

from runtime.db import Queries

QUERIES = Queries("ingest.bench")
TIMESCALE = Queries("ingest.bench", "timescale.sql")
