"""Letters that wait for others, on rows: released, spared, or looked at again; and letters that failed, told."""

import logging
from datetime import datetime

import msgspec

from alerting.fallback import Link, Step, decide
from runtime.db import Connection, Queries

log = logging.getLogger(__name__)
QUERIES = Queries("alerting", "outbox.sql")


def lock(connection: Connection, chain: str) -> list[Link]:
    """The letters of a chain, locked in the caller's transaction. Asked for before any single row of it is locked."""
    rows = connection.execute(QUERIES["chain"], {"chain": chain}).fetchall()
    return [msgspec.convert(row, type=Link, strict=False) for row in rows]


def advance(connection: Connection, chain: str, now: datetime, fallback_s: float) -> Step:
    """Decides what waits in a chain and writes it, in the caller's transaction."""
    step = decide(lock(connection, chain), now, fallback_s)
    if step.release:
        connection.execute(QUERIES["release"], {"ids": list(step.release), "now": now})
        log.info("letters %s: the next channel: %s", chain, step.reason)
    if step.spare:
        connection.execute(QUERIES["spare"], {"ids": list(step.spare)})
    # Whoever still waits after a release waits for what was released.
    at = step.look_at if not step.release else now
    if at is not None:
        connection.execute(QUERIES["look_again"], {"chain": chain, "at": at})
    return step


def sweep(connection: Connection, now: datetime, fallback_s: float) -> int:
    """Looks at every chain whose time has come, each in a transaction of its own; returns how many."""
    values = {"now": now, "fallback_s": fallback_s}
    chains = [row["chain"] for row in connection.execute(QUERIES["chains_due"], values).fetchall()]
    for chain in chains:
        with connection.transaction():
            advance(connection, chain, now, fallback_s)
    return len(chains)


def tell_failure(connection: Connection, outbox_id: int, detail: str, now: datetime) -> None:
    """A letter that nobody got: a line of its timeline and a word to whoever listens, in the caller's transaction."""
    row = connection.execute(QUERIES["addressee"], {"id": outbox_id}).fetchone()
    assert row is not None
    reason = f"{row['stage']} by {row['channel']} to {row['name']}: {detail}"
    values = {"id": outbox_id, "now": now, "reason": reason}
    connection.execute(QUERIES["failed_incident"], values)
    connection.execute(QUERIES["failed_finding"], values)
    connection.execute(QUERIES["notify_failed"])
    log.error("letter failed: %s", reason)
