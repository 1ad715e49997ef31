"""What gateways say afterwards: delivered, or not. Late and double receipts are harmless."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from alerting import chains
from alerting.retry import pause_s
from contracts.kinds import ReceiptState
from runtime.db import Connection, Queries

log = logging.getLogger(__name__)
QUERIES = Queries("alerting", "receipts.sql")


def apply(connection: Connection, now: datetime, fallback_s: float) -> int:
    """Carries over what has come and is not carried over yet, each in a transaction of its own; returns how much."""
    done = 0
    for row in connection.execute(QUERIES["unapplied"], {"now": now}).fetchall():
        try:
            with connection.transaction():
                done += _one(connection, row, now, fallback_s)
        except psycopg.errors.DeadlockDetected as error:
            log.info("receipt of attempt %s: %s; taken again", row["attempt_id"], error.diag.message_primary)
    return done


def _one(connection: Connection, row: Mapping[str, Any], now: datetime, fallback_s: float) -> bool:
    letter = connection.execute(QUERIES["letter"], {"attempt": row["attempt_id"]}).fetchone()
    assert letter is not None
    connection.execute(QUERIES["hold_incident"], {"incident": letter["incident_id"]})
    if letter["chain"] is not None:
        chains.lock(connection, letter["chain"])
    values = {**row, "id": letter["id"], "at": min(row["received_at"], now), "now": now}
    if row["state"] == ReceiptState.DELIVERED:
        if connection.execute(QUERIES["attempt_delivered"], values).fetchone() is None:
            return False
        connection.execute(QUERIES["delivered"], values)
        reached = connection.execute(QUERIES["dispatch_delivered"], values).fetchone()
        if reached is not None:
            connection.execute(QUERIES["delivered_entry"], {**values, "dispatch": reached["id"]})
    else:
        if connection.execute(QUERIES["attempt_undelivered"], values).fetchone() is None:
            return False
        again = {**values, "pause_s": pause_s(max(1, letter["attempts"]))}
        settled = connection.execute(QUERIES["undelivered"], again).fetchone()
        if settled is not None:
            connection.execute(QUERIES["revive"], {"chain": letter["chain"], "now": now})
        if settled is not None and settled["state"] == "failed":
            chains.tell_failure(connection, letter["id"], f"undelivered: {row['detail'] or 'no reason given'}", now)
    if letter["chain"] is not None:
        chains.advance(connection, letter["chain"], now, fallback_s)
    return True
