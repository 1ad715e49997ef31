"""Carries what the centre asks of edges to the broker, again until the edge has answered or it is too late."""

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from alerting.clock import DeskClock
from contracts.kinds import EdgeCommand, Lane
from contracts.messages import Command, decode, encode
from contracts.topics import topic
from runtime.bus import Bus
from runtime.db import Connection, Queries, Role, connect
from runtime.settings import Settings

log = logging.getLogger(__name__)
QUERIES = Queries("alerting", "orders.sql")
AGAIN_S = 5
Publish = Callable[[str, bytes], bool]


def cycle(connection: Connection, publish: Publish, now: datetime) -> int:
    """Publishes every order that is due at `now`; returns how many. One worker at a time holds a row."""
    done = 0
    for row in connection.execute(QUERIES["due"], {"now": now, "again_s": AGAIN_S}).fetchall():
        with connection.transaction():
            values = {"order": row["id"], "now": now, "again_s": AGAIN_S}
            if connection.execute(QUERIES["claim"], values).fetchone() is None:
                continue
            try:
                where, payload = _message(row)
            except ValueError as error:
                log.error("order %s (%s for %s) cannot be sent: %s", row["id"], row["kind"], row["code"], error)
                continue
            if not publish(where, payload):
                # Not counted as sent: the claim goes back with the transaction.
                raise NotConnected
        done += 1
    return done


class NotConnected(RuntimeError):
    """There is no connection to the broker; the orders wait."""


def _message(row: dict[str, Any]) -> tuple[str, bytes]:
    command = Command(
        id=row["id"],
        device=row["code"],
        kind=EdgeCommand(row["kind"]),
        issued=row["created_at"],
        expires=row["expires_at"],
        args=row["args"],
    )
    payload = encode(command)
    # What an edge could not read is better refused here, where somebody sees it.
    decode(Lane.COMMAND, payload)
    return str(topic(row["site"], row["code"], Lane.COMMAND)), payload


def work(settings: Settings) -> Callable[[threading.Event], None]:
    """The duty: polls once a second; a hint on the channel `sunlit` only makes it look earlier."""

    def duty(stop: threading.Event) -> None:
        bus = Bus(settings.broker, f"sunlit-alerting-{socket.gethostname()}-{os.getpid()}")
        bus.start()
        try:
            with connect(settings.database, Role.ALERTING) as connection:
                connection.execute("LISTEN sunlit")
                clock = DeskClock(connection)
                while not stop.is_set():
                    try:
                        cycle(
                            connection,
                            lambda where, what: bus.publish(where, what) is not None,
                            clock.ask(),
                        )
                    except NotConnected:
                        stop.wait(settings.alerting.poll_s)
                    _empty(bus)
                    for _ in connection.notifies(timeout=settings.alerting.poll_s, stop_after=1):
                        pass
        finally:
            bus.stop()

    return duty


def _empty(bus: Bus) -> None:
    """The broker's acknowledgements say nothing here: only the edge's own answer counts."""
    for heard in (bus.acks, bus.unheard):
        while not heard.empty():
            heard.get_nowait()
    while not bus.refused.empty():
        log.error("orders: the broker does not take one (%s); what may this service publish?", bus.refused.get().text)
