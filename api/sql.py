"""The statements that all audiences share."""

from runtime.db import Queries

QUERIES = Queries("api")
