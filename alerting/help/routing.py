"""The duty that asks a routing server for ways ahead of time. No rescue ever waits for it: what it has not said yet, or
no longer says, is estimated."""

import logging
import threading
import time
from collections.abc import Callable, Collection
from datetime import timedelta
from urllib.parse import urlsplit

import httpx

from alerting.help import coverage_rows, routes
from alerting.help.duty import QUERIES
from alerting.help.routes import Ask, Pair, RoutingAway, RoutingError, Way
from alerting.outbox import server_time
from contracts.geometry import Point
from runtime.db import Connection, Role, connect
from runtime.settings import Settings

log = logging.getLogger(__name__)
EVERY_S, AGAIN_S = 600.0, 60.0
KEPT_TIMES = 4
"""a server that is away for long has its answers used for so many times as long as they count for fresh"""
LARGEST = 4_000_000
"""bytes of an answer"""
ESTIMATED = "what it has not said is estimated"


class Server:
    """A routing server that speaks OSRM's table service."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self.url, self.timeout_s = url.rstrip("/"), timeout_s
        # The address may carry a password.
        self.name = urlsplit(url).netloc.rpartition("@")[2]
        self.http = httpx.Client(timeout=timeout_s, trust_env=False)

    def ways(self, ask: Ask) -> list[Way]:
        """What it says, whole within the time-out. Raises RoutingError."""
        until = time.monotonic() + self.timeout_s
        body = bytearray()
        try:
            with self.http.stream("GET", self.url + routes.question(ask)) as answer:
                for part in answer.iter_bytes():
                    body += part
                    # The client's own time-out begins again with every byte.
                    if time.monotonic() > until or len(body) > LARGEST:
                        raise RoutingAway(f"no end after {self.timeout_s:g} s and {len(body)} bytes")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RoutingAway(f"{type(error).__name__}: {' '.join(str(error).split())}") from error
        return routes.answer(bytes(body), ask)


def refresh(connection: Connection, server: Server, fresh_days: int, stop: threading.Event) -> tuple[int, str]:
    """Asks for every way that is wanted and not fresh; returns how many answers it kept, and what went wrong first.

    One answer that cannot be used leaves out its ways; a server that is away is not asked any further.
    """
    kept, fault = 0, ""
    for ask in routes.asks(_missing(connection, fresh_days)):
        if stop.is_set():
            break
        try:
            kept += _keep(connection, server.ways(ask))
        except RoutingAway as error:
            return kept, fault or str(error)
        except RoutingError as error:
            fault = fault or str(error)
    return kept, fault


def _missing(connection: Connection, fresh_days: int) -> dict[Point, list[Point]]:
    ground = coverage_rows.gather(connection)
    after = server_time(connection) - timedelta(days=fresh_days)
    fresh: Collection[Pair] = {
        ((row["from_lat"], row["from_lon"]), (row["to_lat"], row["to_lon"]))
        for row in connection.execute(QUERIES["ways_fresh"], {"after": after})
    }
    return routes.wanted(ground.places, ground.stations, fresh)


def _keep(connection: Connection, ways: list[Way]) -> int:
    now = server_time(connection)
    rows = [
        {
            "to_lat": way.end[0],
            "to_lon": way.end[1],
            "from_lat": way.start[0],
            "from_lon": way.start[1],
            "seconds": way.seconds,
            "metres": way.metres,
            "now": now,
        }
        for way in ways
    ]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(QUERIES["way_keep"], rows)
    return len(rows)


def work(settings: Settings) -> Callable[[threading.Event], None]:
    """The duty: one worker of all; says on change whether ways are asked or estimated."""
    alerting = settings.alerting
    server = Server(alerting.routing_url, alerting.routing_timeout_s) if alerting.routing_url else None

    def run(stop: threading.Event) -> None:
        said = ""
        with connect(settings.database, Role.ALERTING) as connection:
            while not stop.is_set():
                text = _turn(connection, server, alerting.routing_days, stop)
                if text != said:
                    log.info("%s", text)
                    said = text
                stop.wait(AGAIN_S if text.endswith(ESTIMATED) else EVERY_S)

    return run


def _turn(connection: Connection, server: Server | None, fresh_days: int, stop: threading.Event) -> str:
    """What the server has said until now, in words."""
    lock = connection.execute(QUERIES["routing_lock"]).fetchone()
    if lock is None or not lock["mine"]:
        return "routing: another worker asks"
    before = server_time(connection) - timedelta(days=KEPT_TIMES * fresh_days)
    connection.execute(QUERIES["ways_old"], {"before": before})
    if server is None:
        return "routing: no server, so all ways are estimated"
    kept, fault = refresh(connection, server, fresh_days, stop)
    if fault:
        return f"routing: {server.name}: {fault}; {ESTIMATED}"
    return f"routing: {server.name} answers" + (f", {kept} ways are new" if kept else "")
