"""F3 and F16 at the centre: the database stops, or its disk is full; messages wait at the broker, nothing is lost."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from runtime.db import Role, pool
from runtime.demo import city
from runtime.migrate import migrate
from runtime.stack.broker import Broker
from runtime.stack.postgres import Postgres
from tests.conftest import lacking, open_folder
from tests.integration.ingest.ingest_trial import Books, Trial, alarms, publish, telemetry, until

LIFT = "lift-442001"
DOWN_S = 12
"""longer than ingest's longest pause between two tries"""


@pytest.fixture
def own_folder() -> Iterator[Path]:
    with open_folder("own-postgres") as folder:
        yield folder


@pytest.fixture
def own_postgres(own_folder: Path) -> Iterator[Postgres]:
    """A server of one's own, for tests that stop it."""
    server = Postgres(own_folder / "data")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def trial(own_postgres: Postgres, broker_process: Broker, tmp_path: Path) -> Trial:
    database = own_postgres.database("sunlit")
    migrate(database, plain=True)
    with psycopg.connect(database.url, autocommit=True, row_factory=psycopg.rows.dict_row) as owner:
        city.seed(owner, city.Address(webhook="http://127.0.0.1:1/hook"), {}, "upload-token")
    return Trial(database, broker_process, tmp_path)


def test_the_database_is_stopped_and_started(trial: Trial, own_postgres: Postgres) -> None:
    """F3: ingest and a pool go on by themselves, and ingest takes no more than its window meanwhile."""
    process = trial.ingest()
    lent = pool(trial.database, Role.API)
    try:
        trial.await_sessions()
        publish(trial.broker.settings, telemetry(LIFT, range(100)))
        until(lambda: trial.books().stored == 100)
        with lent.connection() as connection:
            connection.execute("SELECT 1")
        own_postgres.stop()
        publish(trial.broker.settings, telemetry(LIFT, range(100, 3000)))
        publish(trial.broker.settings, alarms(LIFT, range(30)))
        with pytest.raises(subprocess.TimeoutExpired):
            assert process.child is not None
            process.child.wait(DOWN_S)
        own_postgres.start()
        until(lambda: trial.books().stored == 3030)
        assert trial.books() == Books(stored=3030, rejected=0, missing=0, samples=3000, events=30)
        with lent.connection() as connection:
            assert connection.execute("SELECT count(*) AS n FROM event").fetchone() == {"n": 30}
        said = process.log.read_text("utf-8")
        assert said.count("telemetry: database is back") == 1
    finally:
        lent.close()
        process.stop()


@pytest.fixture
def small_disk(own_folder: Path) -> Iterator[Path]:
    """A file system of 300 MB that can be filled to the last byte."""
    if os.geteuid() != 0:
        lacking("only root may mount a small file system")
    folder = own_folder / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m,mode=755", "tmpfs", str(folder)], check=False)
    if made.returncode:
        lacking("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_the_databases_disk_is_full(small_disk: Path, broker_process: Broker, tmp_path: Path) -> None:
    """F16: whether the server refuses or falls, what it did not commit is not acknowledged."""
    server = Postgres(small_disk / "data")
    server.start()
    try:
        database = server.database("sunlit")
        migrate(database, plain=True)
        with psycopg.connect(database.url, autocommit=True, row_factory=psycopg.rows.dict_row) as owner:
            city.seed(owner, city.Address(webhook="http://127.0.0.1:1/hook"), {}, "upload-token")
        trial = Trial(database, broker_process, tmp_path)
        process = trial.ingest()
        trial.await_sessions()
        ballast = small_disk / "ballast"
        with ballast.open("wb") as file:
            free = os.statvfs(small_disk)
            file.truncate(0)
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - 256 * 1024)
        publish(broker_process.settings, telemetry(LIFT, range(20_000)))
        until(lambda: "No space left on device" in process.log.read_text("utf-8"))
        assert process.alive
        ballast.unlink()
        try:
            psycopg.connect(database.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            # A server that could not write its log ends itself, and is started again by whoever tends it.
            server.stop()
            server.start()
        publish(broker_process.settings, alarms(LIFT, range(5)))
        until(lambda: trial.books().stored == 20_005, 90)
        assert trial.books() == Books(stored=20_005, rejected=0, missing=0, samples=20_000, events=5)
        process.stop()
    finally:
        server.stop()
