"""Statements of the bench."""

from runtime.db import Queries

QUERIES = Queries("api.bench")
