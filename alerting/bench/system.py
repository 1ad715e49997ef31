"""What is measured: database, broker, ingest, alerting, an agent and a gateway, all of the bench's own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alerting.bench import city
from alerting.bench.gateway import Gateway
from alerting.bench.sql import QUERIES
from runtime.db import Connection
from runtime.load.machine import cpu_seconds
from runtime.load.own import Parts, own_parts
from runtime.settings import Settings
from runtime.stack.broker import find_mosquitto
from runtime.stack.process import Process

START_S = 60.0
COMMIT_TIMES = {"track_commit_timestamp": "on"}


class BenchError(RuntimeError):
    """The bench cannot go on; the text says why."""


@dataclass
class System:
    """The running parts; `lifts` are the devices that may raise an alarm."""

    parts: Parts
    gateway: Gateway
    lifts: list[str]
    services: list[Process] = field(default_factory=list)

    def check(self) -> None:
        """Raises BenchError when a service has ended."""
        for service in self.services:
            if not service.alive:
                raise BenchError(f"{service.name} has ended: {service.tail(3)}")

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far by name."""
        found = {
            "broker": cpu_seconds(self.parts.broker_pids),
            "database": cpu_seconds(self.parts.database_pids, families=True),
        }
        for service in self.services:
            found[service.name] = cpu_seconds([service.child.pid] if service.child else [])
        return found

    def until(self, seen: Callable[[], bool], seconds: float, what: str) -> None:
        """Raises BenchError when it does not come in time."""
        end = time.monotonic() + seconds
        while not seen():
            self.check()
            if time.monotonic() > end:
                raise BenchError(f"{what}: not in {seconds:g} s")
            time.sleep(0.05)

    def await_services(self, connection: Connection) -> None:
        """Until each has given a sign of life."""

        def alive() -> bool:
            row = connection.execute(QUERIES["alive"]).fetchone()
            return row is not None and row["ingest"] > 1 and row["alerting"] > 0

        self.until(alive, START_S, "the services' first sign of life")


@contextmanager
def own_system(settings: Settings, home: Path | None, lifts: int, plain: bool) -> Iterator[System]:
    """Everything started but the load. Raises BenchError, PostgresError, BrokerError, OSError."""
    if find_mosquitto() is None:
        raise BenchError("mosquitto: not installed; the trial broker would measure itself")
    alerting = settings.alerting.model_dump(include={"poll_s", "lease_s"})
    sections = {"ingest": settings.ingest.model_dump(), "alerting": alerting}
    gateway = Gateway()
    with own_parts(settings, home, sections, plain=plain, server=COMMIT_TIMES) as parts:
        gateway.start()
        made = System(parts, gateway, city.seed(parts.settings.database, lifts, gateway.address))
        made.services = [parts.service(name, name, "run") for name in ("ingest", "alerting")]
        try:
            for service in made.services:
                service.start()
            yield made
        finally:
            for service in made.services:
                service.stop()
            gateway.stop()
