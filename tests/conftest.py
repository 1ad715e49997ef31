"""Real parts for tests: PostgreSQL, mosquitto, the pictures beside the checkout. In CI a missing part is a failure."""

import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from runtime.db import Role, connect
from runtime.demo import city
from runtime.migrate import has_timescale, migrate
from runtime.settings import BrokerSettings, DatabaseSettings
from runtime.stack.broker import Broker, find_mosquitto
from runtime.stack.ports import free_port
from runtime.stack.postgres import Postgres

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command that is tried in this process sets the level of all logs; the next test finds them as they were."""
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)


MEMORY_BYTES = 4 * 2**30


def lacking(reason: str) -> None:
    """Skips a test for a missing part; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"in CI every part must be there: {reason}")
    pytest.skip(reason)


@contextmanager
def open_folder(name: str, parent: Path | None = None) -> Iterator[Path]:
    """A folder that other users can pass: PostgreSQL and mosquitto, started by root, become users of their own.

    pytest's own folders will not do: a second run closes them to others at its start.
    """
    folder = Path(mkdtemp(prefix=f"sunlit-{name}-", dir=parent))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with open_folder("postgres", _memory()) as folder:
        yield from _serve(Postgres(folder / "data"))


def _memory() -> Path | None:
    """A folder in memory where there is room: each test has a database of its own, which is a thousand files."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and shutil.disk_usage(folder).free > MEMORY_BYTES else None


def _serve(server: Postgres) -> Iterator[Postgres]:
    server.start()
    # Tests kill processes, not the machine: they need no waits for the disk.
    with connect(DatabaseSettings(url=server.url("postgres")), Role.OWNER) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        if has_timescale(connection):
            # Its workers would sit in the templates, which cannot be cloned while anybody is connected.
            connection.execute("ALTER SYSTEM SET timescaledb.max_background_workers = 0")
    server.restart()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def empty_template(postgres: Postgres) -> str:
    migrate(postgres.database("template_empty"))
    return "template_empty"


@pytest.fixture(scope="session")
def city_template(postgres: Postgres, empty_template: str) -> str:
    settings = DatabaseSettings(url=_clone(postgres, empty_template, "template_city"))
    with connect(settings, Role.OWNER) as connection:
        city.seed(connection, city.Address(webhook="http://127.0.0.1:1/hook"), {}, "upload-token")
        _activate_policies(connection)
    return "template_city"


def _activate_policies(connection: psycopg.Connection[dict[str, object]]) -> None:
    from datetime import UTC, datetime

    from alerting import activation, policy

    for kind in ("lift", "kitchen", "fault"):
        loaded = policy.load(ROOT / "alerting" / "policies" / f"{kind}.toml")
        activation.store(connection, loaded, author="test", now=datetime.now(UTC))


def _clone(postgres: Postgres, template: str, name: str) -> str:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        # The WAL-logged copy is slower but does not force a checkpoint on a busy machine.
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    return postgres.url(name)


def _fresh(postgres: Postgres, template: str, test: str) -> Iterator[DatabaseSettings]:
    name = f"{re.sub(r'[^a-z0-9]', '_', test.lower())[:40]}_{uuid4().hex[:8]}"
    yield DatabaseSettings(url=_clone(postgres, template, name))
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def empty_db(postgres: Postgres, empty_template: str, request: pytest.FixtureRequest) -> Iterator[DatabaseSettings]:
    """A migrated database without a row."""
    yield from _fresh(postgres, empty_template, request.node.name)


@pytest.fixture
def city_db(postgres: Postgres, city_template: str, request: pytest.FixtureRequest) -> Iterator[DatabaseSettings]:
    """A migrated database with the demo city's register and policies."""
    yield from _fresh(postgres, city_template, request.node.name)


@pytest.fixture
def timescale_db(city_db: DatabaseSettings) -> DatabaseSettings:
    """A city database with TimescaleDB; without the extension there is nothing to test."""
    with connect(city_db, Role.OWNER) as connection:
        if not has_timescale(connection):
            pytest.skip("the TimescaleDB extension is not available in this PostgreSQL")
    return city_db


@pytest.fixture
def broker_process() -> Iterator[Broker]:
    """A mosquitto of one's own, for tests that stop it."""
    if find_mosquitto() is None:
        lacking("mosquitto is not installed")
    with open_folder("broker") as folder:
        started = Broker(folder / "broker", free_port())
        started.start()
        yield started
        started.process.stop()


@pytest.fixture
def broker(broker_process: Broker) -> BrokerSettings:
    """Settings of a real mosquitto on a free port."""
    return broker_process.settings


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with real pictures and footage beside the checkout."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        lacking("no ../shared beside the checkout: real pictures and footage are not at hand")
    return folder


# What may be missing even in CI: the extension is in no registry, and training needs packages of several GB.
MAY_BE_MISSING = ("timescale", "train")


class Skips:
    """In CI a test that was skipped for a missing part is a failure, whoever skipped it."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not any(mark in report.keywords for mark in MAY_BE_MISSING):
            self.found.append(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if os.environ.get("CI") and self.found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if os.environ.get("CI") and self.found:
            terminalreporter.write_line(f"in CI every part must be there; skipped: {', '.join(self.found)}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Skips())
