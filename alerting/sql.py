"""The statements of this package."""

from runtime.db import Queries

QUERIES = Queries("alerting")
INBOX = Queries("alerting", "inbox.sql")
"""of the engine: what is to be done, and the claims on it"""
