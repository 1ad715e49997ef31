"""The statements about who is not heard and who is not known."""

from runtime.db import Queries

QUERIES = Queries("ingest", "watch.sql")
