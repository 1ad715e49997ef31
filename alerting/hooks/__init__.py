"""Webhooks: other systems are told what happens, signed and in order, beside the desk and never in its way."""

from runtime.db import Queries

QUERIES = Queries("alerting.hooks")
