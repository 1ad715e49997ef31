"""The demo city running: database, broker, receivers, services and one edge agent as real processes."""

import fcntl
import logging
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from argon2 import PasswordHasher

from runtime.db import Role, connect
from runtime.demo import city
from runtime.demo.layout import Layout
from runtime.demo.wire import broker_of
from runtime.migrate import migrate
from runtime.stack.ports import demand_free, wait_for
from runtime.stack.postgres import Postgres
from runtime.stack.process import Process, sunlit

Say = Callable[[str], None]
log = logging.getLogger(__name__)


class DemoError(RuntimeError):
    """The demo cannot go on; the text says what, where and what to do."""


class Demo:
    """Starts everything in order, keeps it running, and ends it in the opposite order."""

    def __init__(self, layout: Layout, say: Say) -> None:
        self.layout, self.say = layout, say
        self.postgres = Postgres(layout.home / "postgres")
        self.broker, self.wire = broker_of(layout.home, layout.ports.broker, layout.ports.wire)
        self.processes: dict[str, Process] = {}
        self._lock: IO[str] | None = None

    def start(self) -> None:
        """Raises DemoError, PortInUse, BrokerError or PostgresError, each with one clear line."""
        self.layout.home.mkdir(parents=True, exist_ok=True)
        self._claim()
        for port, what, option in (
            (self.layout.ports.api, "pages", "--port"),
            (self.layout.ports.webhook, "webhook receiver", "--port (the ports after it follow)"),
            (self.layout.ports.smtp, "SMTP receiver", "--port (the ports after it follow)"),
        ):
            demand_free(port, what, option)
        self.say("starting PostgreSQL 18 (embedded)")
        self.postgres.start()
        if self.wire is not None:
            self.broker.wire = self.wire.prepare()
        self.say("starting the broker: " + self.broker.note)
        self.broker.start()
        self.database = self.postgres.database("sunlit")
        self.layout.write_settings(self.database, self.broker.settings)
        self.say("preparing the database: " + (", ".join(migrate(self.database)) or "up to date"))
        self._seed()
        if self.wire is not None:
            self.wire.enrol(self.database)
        self.layout.write_edge(self.broker.settings if self.wire is None else self.wire.edge_settings())
        for process in self._services():
            self.say(f"starting {process.name}")
            self.processes[process.name] = process
            process.start()
        if not wait_for(self.layout.ports.api, 30):
            raise DemoError(f"the pages do not answer: {self.processes['api'].tail()}")

    def _claim(self) -> None:
        """Two demos in one folder would fight over the data."""
        self._lock = (self.layout.home / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoError(f"a demo is already running in {self.layout.home}; stop it or use --home") from error

    def _seed(self) -> None:
        made = self.layout.secrets()
        hasher = PasswordHasher()
        with connect(self.database, Role.OWNER) as connection:
            present = connection.execute("SELECT count(*) AS n FROM person").fetchone()
            if present and present["n"]:
                self.say("keeping the city of the last time")
                return
            self.say("inventing a city: 3 towns, 12 lifts, 6 kitchens, 4 maintenance units, 3 rescue stations")
            hashes = {person[0]: hasher.hash(made[person[0]]) for person in city.PEOPLE}
            city.seed(connection, city.Address(webhook=self.layout.webhook), hashes, made["upload_token"])
        for policy in self._policies():
            self._run_once("alerting", "activate", str(policy), "--author", "demo")

    def _policies(self) -> Iterator[Path]:
        folder = Path(__file__).parent / "policies"
        for kind in ("lift", "kitchen"):
            yield folder / f"{kind}-{'quick' if self.layout.options.quick else 'demo'}.toml"

    def _run_once(self, *words: str) -> None:
        command = [*words, "--config", str(self.layout.settings_file)]
        step = Process(words[0], sunlit(*command), self.layout.home / "log" / "setup.log")
        step.start()
        if step.child is None or step.child.wait(60) != 0:
            raise DemoError(f"sunlit {' '.join(words)} failed: {step.tail()}")

    def _services(self) -> Iterator[Process]:
        receivers = [
            sys.executable,
            "-m",
            "runtime.demo.receivers",
            "--http-port",
            str(self.layout.ports.webhook),
            "--smtp-port",
            str(self.layout.ports.smtp),
            "--inbox",
            str(self.layout.inbox),
            "--receipts",
        ]
        yield Process("receivers", receivers, self.log_of("receivers"))
        for name in ("ingest", "alerting", "api", "audit"):
            command = sunlit(name, "run", "--config", str(self.layout.settings_file))
            yield Process(name, command, self.log_of(name))
        yield Process("edge", sunlit("edge", "run", "--config", str(self.layout.edge_file)), self.log_of("edge"))

    def log_of(self, name: str) -> Path:
        return self.layout.home / "log" / f"{name}.log"

    def restart(self, name: str) -> None:
        """Starts one service again after it ended or was killed."""
        self.processes[name].start()

    def tend(self) -> None:
        """Starts again whatever has ended, and says so."""
        for process in self.processes.values():
            if not process.alive:
                last = process.tail(1)
                self.say(f"{process.name} has ended ({last}); starting it again")
                process.start()
                time.sleep(1)

    def stop(self) -> None:
        """Ends everything; the data stays."""
        for name in ("audit", "edge", "api", "alerting", "ingest", "receivers"):
            if name in self.processes:
                self.processes[name].stop()
        self.broker.process.stop()
        self.postgres.stop()
        if self._lock is not None:
            self._lock.close()
