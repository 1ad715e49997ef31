"""The statements of this package."""

from runtime.db import Queries

QUERIES = Queries("api.v1")
