"""Letters leave through here: leased, attempted, and settled; an unsure outcome is sent again."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from alerting.channels import Message, Outcome, Send, Verdict, open_channels
from alerting.letters import Letter
from runtime.db import Connection, Pool, Queries, Role, connect, pool
from runtime.settings import Settings

log = logging.getLogger(__name__)
QUERIES = Queries("alerting", "outbox.sql")
IN_PARALLEL = 16
CONNECTIONS = 4
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
REPEATED = {"zh": "（可能重复：上次发送结果不明）", "en": "(may be a repeat: the last sending had no clear outcome)"}


def enqueue(
    connection: Connection,
    *,
    dedupe: str,
    channel: str,
    address: str,
    stage: str,
    language: str,
    letter: Letter,
    now: datetime,
    give_up_at: datetime,
    incident_id: int | None = None,
    finding_id: int | None = None,
    dispatch_id: int | None = None,
    contact_method_id: int | None = None,
) -> None:
    """Puts a letter into the outbox in the caller's transaction; the same `dedupe` again does nothing."""
    connection.execute(
        QUERIES["enqueue"],
        {
            "dedupe": dedupe,
            "incident": incident_id,
            "finding": finding_id,
            "dispatch": dispatch_id,
            "contact": contact_method_id,
            "channel": channel,
            "address": address,
            "stage": stage,
            "language": language,
            "subject": letter.subject,
            "body": letter.body,
            "now": now,
            "give_up_at": give_up_at,
        },
    )


def pause_s(attempts: int) -> float:
    """How long to wait after the n-th attempt (n >= 1) failed."""
    return float(min(FIRST_PAUSE_S * 2 ** (attempts - 1), LONGEST_PAUSE_S))


class Worker:
    """Sends what is due; any number may run side by side."""

    def __init__(self, connections: Pool, channels: Mapping[str, Send], lease_s: int) -> None:
        self.connections, self.channels, self.lease_s = connections, channels, lease_s
        self.name = f"{socket.gethostname()}-{os.getpid()}-{threading.get_ident()}"

    def lease(self, now: datetime, limit: int) -> list[dict[str, Any]]:
        """Takes rows that are due."""
        with self.connections.connection() as connection:
            values = {"worker": self.name, "now": now, "lease_s": self.lease_s, "limit": limit}
            return connection.execute(QUERIES["lease"], values).fetchall()

    def send(self, row: Mapping[str, Any], clock: Callable[[], datetime]) -> Outcome | None:
        """One attempt: written before it is made, settled after. No transaction is open while a gateway thinks.

        None: the lease was lost to another worker meanwhile, so nothing was sent.
        """
        with self.connections.connection() as connection, connection.transaction():
            mine = {"id": row["id"], "worker": self.name, "attempts": row["attempts"]}
            values = {**mine, "now": clock(), "lease_s": self.lease_s}
            if connection.execute(QUERIES["hold"], values).fetchone() is None:
                log.warning("outbox %s: lease lost before sending", row["dedupe"])
                return None
            connection.execute(QUERIES["close_orphans"], {"id": row["id"], "now": clock()})
            unsure = connection.execute(QUERIES["unsure_before"], {"id": row["id"]}).fetchone()
            started = connection.execute(QUERIES["attempt_start"], {"id": row["id"], "now": clock()}).fetchone()
        assert started is not None
        repeated = bool(unsure and unsure["n"])
        body = f"{row['body']}\n{REPEATED[row['language']]}" if repeated else row["body"]
        message = Message(
            address=row["address"],
            subject=row["subject"],
            body=body,
            stage=row["stage"],
            language=row["language"],
            dedupe=row["dedupe"],
        )
        channel = self.channels.get(row["channel"])
        outcome = channel(message) if channel else Outcome(Verdict.REFUSED, f"no channel {row['channel']!r}")
        self._settle(row, started["id"], outcome, clock())
        return outcome

    def _settle(self, row: Mapping[str, Any], attempt: int, outcome: Outcome, now: datetime) -> None:
        next_at = now + timedelta(seconds=pause_s(row["attempts"]))
        if outcome.verdict is Verdict.SENT:
            state = "sent"
        else:
            state = "queued" if next_at <= row["give_up_at"] else "failed"
            log.warning("outbox %s: %s: %s", row["dedupe"], outcome.verdict, outcome.detail)
        with self.connections.connection() as connection, connection.transaction():
            connection.execute(
                QUERIES["attempt_end"],
                {"attempt": attempt, "now": now, "outcome": outcome.verdict.value, "detail": outcome.detail},
            )
            connection.execute(
                QUERIES["settle"],
                {
                    "id": row["id"],
                    "worker": self.name,
                    "attempts": row["attempts"],
                    "state": state,
                    "next_at": next_at,
                    "sent_at": now if state == "sent" else None,
                    "receipt": outcome.receipt,
                },
            )


def cycle(worker: Worker, now: datetime, clock: Callable[[], datetime] | None = None) -> int:
    """Sends everything that is due once, one after the other; returns how many were tried. For tests and drills."""
    rows = worker.lease(now, 1000)
    for row in rows:
        worker.send(row, clock or (lambda: now))
    return len(rows)


def work(settings: Settings) -> Callable[[threading.Event], None]:
    """The duty: polls once a second; a hint on the channel `sunlit` only makes it look earlier."""

    def duty(stop: threading.Event) -> None:
        connections = pool(settings.database, Role.ALERTING, size=CONNECTIONS)
        worker = Worker(connections, open_channels(settings.alerting), settings.alerting.lease_s)
        try:
            with connect(settings.database, Role.ALERTING) as listener, ThreadPoolExecutor(IN_PARALLEL) as threads:
                listener.execute("LISTEN sunlit")
                busy: set[Future[Outcome | None]] = set()
                while not stop.is_set():
                    busy = _reap(busy)
                    free = IN_PARALLEL - len(busy)
                    if not free:
                        wait(busy, timeout=settings.alerting.poll_s, return_when=FIRST_COMPLETED)
                        continue
                    # Only as many as can start at once: a gateway that hangs holds its own thread, nothing else.
                    rows = worker.lease(server_time(listener), free)
                    busy |= {threads.submit(worker.send, row, lambda: datetime.now(UTC)) for row in rows}
                    if not rows:
                        for _ in listener.notifies(timeout=settings.alerting.poll_s, stop_after=1):
                            pass
        finally:
            connections.close()

    return duty


def _reap(busy: set[Future[Outcome | None]]) -> set[Future[Outcome | None]]:
    """The sendings that still run; those that ended are looked at."""
    ended = {future for future in busy if future.done()}
    for future in ended:
        try:
            future.result()
        except psycopg.OperationalError as error:
            # The attempt stays open; its lease runs out and it is sent again, marked as a possible repeat.
            log.warning("outbox: outcome could not be written: %s", " ".join(str(error).split()))
    return busy - ended


def server_time(connection: Connection) -> datetime:
    """The database's clock: the one that due times are compared with."""
    row = connection.execute("SELECT clock_timestamp() AS now").fetchone()
    assert row is not None
    found: datetime = row["now"]
    return found
