"""A backup is one moment, whole or not there; what it is restored to works as the first did."""

import fcntl
import json
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from typer.testing import CliRunner, Result

from contracts.kinds import Lane
from contracts.messages import LiftSample, Telemetry, encode
from contracts.topics import topic
from ingest.cli import app as ingest
from runtime.bus import Bus
from runtime.db import Role, connect
from runtime.db_cli import app
from runtime.migrate import has_timescale, migrate
from runtime.settings import BrokerSettings, DatabaseSettings
from runtime.stack.postgres import Postgres
from runtime.stack.process import sunlit
from runtime.storage import backup as storing
from runtime.storage import manifest, programs
from runtime.storage.policies import COLUMNSTORE
from runtime.storage.timescale import policies
from tests.conftest import open_folder

BOOT = UUID("00000000-0000-4000-8000-000000000001")
LIFT = "lift-442001"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["plain", pytest.param("timescale", marks=pytest.mark.timescale)])
def database(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[DatabaseSettings]:
    """A database of either kind, with one lift."""
    made = postgres.database(f"backup_{request.param}")
    with connect(made, Role.OWNER) as connection:
        if request.param == "timescale" and not has_timescale(connection):
            pytest.skip("the TimescaleDB extension is not available in this PostgreSQL")
    migrate(made, plain=request.param == "plain")
    with connect(made, Role.OWNER) as connection:
        connection.execute("INSERT INTO device (code, kind, site) VALUES (%s, 'lift', 'demo')", (LIFT,))
    yield made
    drop(postgres, f"backup_{request.param}")


@pytest.fixture
def target(postgres: Postgres) -> Iterator[DatabaseSettings]:
    """A database that is not there."""
    yield DatabaseSettings(url=postgres.url("restored"))
    drop(postgres, "restored")


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder("backup") as made:
        yield made


def drop(postgres: Postgres, name: str) -> None:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def config(folder: Path, database: DatabaseSettings, broker: BrokerSettings | None = None) -> str:
    path = folder / f"{abs(hash(database.url))}.toml"
    text = f"[database]\nurl = {json.dumps(database.url)}\n"
    path.write_text(text + (f"[broker]\nport = {broker.port}\n" if broker else ""), "utf-8")
    return str(path)


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def audit(path: str) -> dict[str, int]:
    done = CliRunner().invoke(ingest, ["audit", "--config", path, "--json"])
    return {name: value for name, value in json.loads(done.stdout).items() if isinstance(value, int)}


def samples(database: DatabaseSettings) -> int:
    with connect(database, Role.OWNER) as connection:
        row = connection.execute("SELECT count(*) AS n FROM lift_sample").fetchone()
    assert row
    return int(row["n"])


def until(look: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


@pytest.fixture
def traffic(broker: BrokerSettings) -> Iterator[threading.Event]:
    """A lift that publishes, one sample a message, until the event is set."""
    bus, stop = Bus(broker, "generator"), threading.Event()
    bus.start()
    until(lambda: bus.connected)

    def publish() -> None:
        seq = 0
        while not stop.wait(0.002):
            sample = LiftSample(speed=1.5, door_closed=True)
            message = Telemetry(device=LIFT, boot=BOOT, seq=seq, base=NOW, samples=(sample,))
            bus.publish(str(topic("demo", LIFT, Lane.TELEMETRY)), encode(message))
            seq += 1

    worker = threading.Thread(target=publish, daemon=True)
    worker.start()
    yield stop
    stop.set()
    worker.join(10)
    bus.stop()


def test_a_flow_backed_up_in_the_middle_is_restored_and_goes_on(
    database: DatabaseSettings, target: DatabaseSettings, broker: BrokerSettings, traffic: threading.Event, folder: Path
) -> None:
    here, there = config(folder, database, broker), config(folder, target, broker)
    service = subprocess.Popen(sunlit("ingest", "run", "--config", here), stderr=subprocess.DEVNULL)
    try:
        until(lambda: samples(database) > 300)
        done = call("backup", str(folder / "one"), "--config", here, "--jobs", "2")
        assert done.exit_code == 0, done.stderr
        at_backup = samples(database)
        until(lambda: samples(database) > at_backup)
        traffic.set()
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(30)
    assert not (folder / "one.part").exists()
    made = manifest.read(folder / "one")
    assert 300 < made.rows["lift_sample"] < samples(database)

    done = call("restore", str(folder / "one"), "--config", there)
    assert done.exit_code == 0, done.stderr
    # One moment: as many samples as messages that the accounting of the same moment counts.
    assert audit(there)["stored"] == samples(target) == made.rows["lift_sample"]
    assert call("status", "--config", there).exit_code == 0

    service = subprocess.Popen(sunlit("ingest", "run", "--config", there), stderr=subprocess.DEVNULL)
    bus = Bus(broker, "more")
    bus.start()
    try:
        until(lambda: bus.connected)
        message = Telemetry(device=LIFT, boot=UUID(int=9, version=4), seq=0, base=NOW, samples=(LiftSample(speed=0.5),))
        bus.publish(str(topic("demo", LIFT, Lane.TELEMETRY)), encode(message))
        # What waited at the broker since the first service ended may come, too.
        until(lambda: audit(there)["stored"] > made.rows["lift_sample"])
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(30)
        bus.stop()


def test_the_accounting_says_the_same_after_a_restore(
    database: DatabaseSettings, target: DatabaseSettings, broker: BrokerSettings, traffic: threading.Event, folder: Path
) -> None:
    here, there = config(folder, database, broker), config(folder, target)
    service = subprocess.Popen(sunlit("ingest", "run", "--config", here), stderr=subprocess.DEVNULL)
    until(lambda: samples(database) > 100)
    traffic.set()
    service.send_signal(signal.SIGTERM)
    service.wait(30)
    assert call("backup", str(folder / "one"), "--config", here).exit_code == 0
    assert call("restore", str(folder / "one"), "--config", there).exit_code == 0
    assert audit(there) == audit(here)
    assert audit(there)["stored"] > 100


@pytest.mark.timescale
def test_compressed_chunks_rollups_and_policies_come_back(
    timescale_db: DatabaseSettings, target: DatabaseSettings, folder: Path
) -> None:
    with connect(timescale_db, Role.OWNER) as connection:
        connection.execute(
            "INSERT INTO lift_sample (time, device_id, boot, seq, n, received, speed) SELECT now() - interval '10 days'"
            " + i * interval '10 s', 1, gen_random_uuid(), i, 0, now(), i FROM generate_series(1, 3000) AS i"
        )
        before = policies(connection)
        for job, one in sorted(before.items(), key=lambda item: "refresh" not in item[1].job):
            if one.relation in ("lift_sample", "lift_minute", "lift_hour"):
                connection.execute(f"CALL run_job({job})")
        # The samples are gone, their rollups are not.
        connection.execute("SELECT drop_chunks('lift_sample', older_than => now() - interval '9 days 20 hours')")
        hours = connection.execute("SELECT * FROM lift_hour ORDER BY 1, 2").fetchall()
    assert call("backup", str(folder / "one"), "--config", config(folder, timescale_db)).exit_code == 0
    done = call("restore", str(folder / "one"), "--config", config(folder, target))
    assert done.exit_code == 0, done.stderr
    with connect(target, Role.OWNER) as connection:
        assert connection.execute("SELECT * FROM lift_hour ORDER BY 1, 2").fetchall() == hours
        assert set(policies(connection).values()) == set(before.values())
        packed = connection.execute(
            "SELECT count(*) AS n FROM timescaledb_information.chunks WHERE hypertable_name = 'lift_sample'"
            " AND is_compressed"
        ).fetchone()
        job = next(job for job, one in policies(connection).items() if one.job == COLUMNSTORE)
        connection.execute(f"CALL run_job({job})")
    assert packed
    assert packed["n"] >= 1
    with connect(target, Role.INGEST) as connection:
        connection.execute(
            "INSERT INTO lift_sample (time, device_id, boot, seq, n, received) VALUES (now(), 1, gen_random_uuid(),"
            " 0, 0, now())"
        )


@pytest.mark.timescale
def test_a_plain_backup_moves_over_to_timescale_after_its_restore(
    postgres: Postgres, timescale_db: DatabaseSettings, target: DatabaseSettings, folder: Path
) -> None:
    del timescale_db
    plain = postgres.database("plain_to_move")
    migrate(plain, plain=True)
    assert call("backup", str(folder / "one"), "--config", config(folder, plain)).exit_code == 0
    there = config(folder, target)
    assert call("restore", str(folder / "one"), "--config", there).exit_code == 0
    assert call("migrate", "--config", there).exit_code == 0
    state = json.loads(call("status", "--config", there, "--json").stdout)
    assert state["timescaledb"]
    assert state["policies"]


def test_a_database_with_tables_is_not_overwritten_unless_told(
    database: DatabaseSettings, target: DatabaseSettings, folder: Path
) -> None:
    here = config(folder, database)
    assert call("backup", str(folder / "one"), "--config", here).exit_code == 0
    with connect(database, Role.OWNER) as connection:
        connection.execute("UPDATE device SET code = 'other'")
        done = call("restore", str(folder / "one"), "--config", here)
        assert (done.exit_code, "in use by sunlit_owner; stop the services first" in done.stderr) == (1, True)
    done = call("restore", str(folder / "one"), "--config", here)
    assert done.exit_code == 1
    assert "expected an empty or a new one, or --overwrite" in done.stderr
    assert call("restore", str(folder / "one"), "--config", here, "--overwrite").exit_code == 0
    with connect(database, Role.OWNER) as connection:
        assert connection.execute("SELECT code FROM device").fetchall() == [{"code": LIFT}]


def test_a_restore_that_stops_half_way_can_be_made_again(
    database: DatabaseSettings, target: DatabaseSettings, folder: Path
) -> None:
    assert call("backup", str(folder / "one"), "--config", config(folder, database)).exit_code == 0
    shutil.copytree(folder / "one", folder / "torn")
    for data in (folder / "torn").glob("*.dat*"):
        if data.name != "toc.dat":
            data.unlink()
    there = config(folder, target)
    done = call("restore", str(folder / "torn"), "--config", there)
    assert (done.exit_code, len(done.stderr.splitlines())) == (1, 1)
    assert "pg_restore ended with 1" in done.stderr
    done = call("restore", str(folder / "one"), "--config", there, "--overwrite")
    assert done.exit_code == 0, done.stderr
    assert call("status", "--config", there).exit_code == 0


@pytest.mark.parametrize("harm", ["newer server", "cut file", "no file", "no toc"])
def test_overwrite_drops_nothing_for_a_backup_that_cannot_be_restored(
    harm: str, city_db: DatabaseSettings, folder: Path
) -> None:
    here, one = config(folder, city_db), folder / "one"
    assert call("backup", str(one), "--config", here).exit_code == 0
    file = max(one.glob("*.dat.gz"), key=lambda path: path.stat().st_size)
    if harm == "newer server":
        path = one / manifest.FILE
        path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "server": 99}), "utf-8")
    elif harm == "cut file":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    else:
        (one / "toc.dat" if harm == "no toc" else file).unlink()
    done = call("restore", str(one), "--config", here, "--overwrite")
    assert (done.exit_code, len(done.stderr.splitlines())) == (1, 1)
    with connect(city_db, Role.OWNER) as connection:
        assert connection.execute("SELECT count(*) > 5 AS kept FROM device").fetchone() == {"kept": True}


def test_a_restore_that_fails_after_the_drop_says_what_is_left(
    database: DatabaseSettings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, run = config(folder, database), programs.run
    assert call("backup", str(folder / "one"), "--config", here).exit_code == 0

    def full(program: Path, words: list[str], url: str | None, tell: Callable[[str], None]) -> None:
        if url is not None:
            raise programs.ProgramError("pg_restore ended with 1: disk full")
        run(program, words, url, tell)

    monkeypatch.setattr(programs, "run", full)
    done = call("restore", str(folder / "one"), "--config", here, "--overwrite")
    assert done.exit_code == 1
    assert "disk full; what it held before is gone; database backup_" in done.stderr
    assert "restore again with --overwrite" in done.stderr


def test_what_is_missing_after_a_restore_is_named(
    database: DatabaseSettings, target: DatabaseSettings, folder: Path
) -> None:
    assert call("backup", str(folder / "one"), "--config", config(folder, database)).exit_code == 0
    path = folder / "one" / manifest.FILE
    kept = json.loads(path.read_text("utf-8"))
    kept["rows"]["device"] = 2
    path.write_text(json.dumps(kept), "utf-8")
    done = call("restore", str(folder / "one"), "--config", config(folder, target))
    assert done.exit_code == 1
    assert "not all came back: device: 1, expected 2" in done.stderr


def test_a_backup_that_fails_leaves_nothing(
    database: DatabaseSettings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "one.part").mkdir()
    (folder / "one.part" / "left").touch()
    here = config(folder, database)

    def broken(*_: object) -> None:
        (folder / "one.part").mkdir()
        (folder / "one.part" / "toc.dat").touch()
        raise programs.ProgramError("pg_dump ended with 1: disk full")

    with monkeypatch.context() as patch:
        patch.setattr(programs, "run", broken)
        done = call("backup", str(folder / "one"), "--config", here)
    assert (done.exit_code, done.stderr) == (1, "sunlit db: pg_dump ended with 1: disk full\n")
    assert not [path for path in folder.iterdir() if path.is_dir()]
    assert call("backup", str(folder / "one"), "--config", here).exit_code == 0
    done = call("backup", str(folder / "one"), "--config", here)
    assert (done.exit_code, done.stderr) == (1, f"sunlit db: {folder / 'one'}: exists; expected a new name\n")
    done = call("backup", str(folder / "none" / "one"), "--config", here)
    assert done.stderr == f"sunlit db: {folder / 'none' / 'one'}: there is no folder {folder / 'none'}\n"


def test_no_backup_takes_away_what_another_has_written(database: DatabaseSettings, folder: Path) -> None:
    left = folder / "one.part" / "left"
    left.parent.mkdir()
    left.touch()
    nowhere = DatabaseSettings(url=f"{database.url.replace('backup_', 'nowhere_')}")
    done = call("backup", str(folder / "one"), "--config", config(folder, nowhere))
    assert (done.exit_code, len(done.stderr.splitlines()), left.exists()) == (1, 1, True)

    with (folder / ".one.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = call("backup", str(folder / "one"), "--config", config(folder, database))
    assert (done.exit_code, left.exists()) == (1, True)
    assert done.stderr == f"sunlit db: {folder / 'one'}: another backup is writing one.part; expected a new name\n"
    assert call("backup", str(folder / "one"), "--config", config(folder, database)).exit_code == 0
    assert [path.name for path in folder.iterdir() if path.suffix in (".part", ".lock")] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "expected a folder made by `sunlit db backup`"),
        ("{", "expected what `sunlit db backup` wrote"),
        ('{"format": "1"}', "expected what `sunlit db backup` wrote"),
        (
            '{"format": 2, "made_at": "2026-01-01T00:00:00Z", "server": 18, "timescaledb": "", "migrations": [],'
            ' "rows": {}}',
            "format: 2, expected 1",
        ),
        (
            '{"format": 1, "made_at": "2026-01-01T00:00:00Z", "server": 99, "timescaledb": "", "migrations": [],'
            ' "rows": {}}',
            "the backup is of PostgreSQL 99, this is 18: expected 99 or newer",
        ),
        (
            '{"format": 1, "made_at": "2026-01-01T00:00:00Z", "server": 18, "timescaledb": "0.1", "migrations": [],'
            ' "rows": {}}',
            "the backup is of TimescaleDB 0.1, which this server does not offer",
        ),
    ],
)
def test_what_cannot_be_restored_is_one_line(
    text: str | None, said: str, target: DatabaseSettings, folder: Path
) -> None:
    if text is not None:
        (folder / manifest.FILE).write_text(text, "utf-8")
    done = call("restore", str(folder), "--config", config(folder, target))
    assert done.exit_code == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_programs_older_than_the_server_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.14'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert programs.version(old) == 15
    assert programs.find("pg_dump", 15) == old
    assert programs.version(programs.find("pg_dump", 18)) == 18
    with pytest.raises(programs.ProgramError, match=r"pg_dump is 15.*; expected version 99 or newer, as the server"):
        programs.find("pg_dump", 99)


def test_size_counts_every_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_bytes(b"123")
    (tmp_path / "b").write_bytes(b"12")
    assert storing.size(tmp_path) == 5
