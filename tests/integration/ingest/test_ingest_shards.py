"""Workers by shard: together they store everything once, one that is killed leaves its share to whoever runs next."""

import json
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
from typer.testing import CliRunner

from contracts.kinds import Lane
from contracts.messages import LiftSample, Telemetry, encode
from contracts.topics import shard_of, topic
from ingest.cli import app
from runtime.bus import Bus
from runtime.settings import DatabaseSettings
from runtime.stack.broker import Broker
from runtime.stack.process import Process, sunlit

BOOT = UUID(int=1, version=4)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SITES = [f"site-{number}" for number in range(8)]


def device(site: str) -> str:
    return f"lift-of-{site}"


def until(look: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


def rows(database: DatabaseSettings, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.url, autocommit=True) as owner:
        return owner.execute(statement).fetchall()


@pytest.fixture
def config(empty_db: DatabaseSettings, broker_process: Broker, tmp_path: Path) -> Path:
    with psycopg.connect(empty_db.url, autocommit=True) as owner:
        for site in SITES:
            owner.execute("INSERT INTO device (code, kind, site) VALUES (%s, 'lift', %s)", (device(site), site))
    path = tmp_path / "sunlit.toml"
    path.write_text(
        f"[database]\nurl = {json.dumps(empty_db.url)}\n[broker]\nport = {broker_process.port}\n"
        "[ingest]\nbatch = 20\nlinger_ms = 5\n",
        "utf-8",
    )
    return path


@pytest.fixture
def worker(config: Path, tmp_path: Path) -> Iterator[Callable[[str], Process]]:
    started: list[Process] = []

    def start(*shards: str) -> Process:
        words = [word for shard in shards for word in ("--shard", shard)]
        command = sunlit("ingest", "run", "--config", str(config), *words)
        process = Process("ingest", command, tmp_path / f"ingest-{len(started)}.log")
        started.append(process)
        process.start()
        return process

    yield start
    for process in started:
        process.stop()


def publish(broker: Broker, seqs: range) -> None:
    bus = Bus(broker.settings, "generator")
    bus.start()
    until(lambda: bus.connected)
    for seq in seqs:
        for site in SITES:
            message = Telemetry(device=device(site), boot=BOOT, seq=seq, base=NOW, samples=(LiftSample(),))
            assert bus.publish(str(topic(site, device(site), Lane.TELEMETRY)), encode(message)) is not None
    for _ in range(len(seqs) * len(SITES)):
        bus.acks.get(timeout=20)
    bus.stop()


def sessions(database: DatabaseSettings) -> set[str]:
    return {str(name).partition("@")[0] for (name,) in rows(database, "SELECT instance FROM ingest_beat")}


def test_a_killed_workers_share_waits_for_its_neighbour(
    empty_db: DatabaseSettings, broker_process: Broker, worker: Callable[..., Process]
) -> None:
    first, second = worker("1/2"), worker("2/2")
    until(lambda: len(sessions(empty_db)) == 4)
    assert sessions(empty_db) == {"event-1of2", "telemetry-1of2", "event-2of2", "telemetry-2of2"}
    shares = {shard_of(site) % 2 for site in SITES}
    assert shares == {0, 1}, "both have sites of their own"

    publish(broker_process, range(20))
    assert second.child is not None
    second.child.send_signal(signal.SIGKILL)
    publish(broker_process, range(20, 40))
    assert first.alive
    worker("2/2")
    until(lambda: rows(empty_db, "SELECT sum(stored)::int FROM stream") == [(320,)])
    assert rows(empty_db, "SELECT count(*), count(DISTINCT (device_id, seq)) FROM lift_sample") == [(320, 320)]
    assert rows(empty_db, "SELECT count(*) FROM gap WHERE missing > 0") == [(0,)]


def test_one_process_may_carry_several_shares(
    empty_db: DatabaseSettings, broker_process: Broker, worker: Callable[..., Process]
) -> None:
    worker("1/2", "2/2")
    until(lambda: len(sessions(empty_db)) == 4)
    publish(broker_process, range(5))
    until(lambda: rows(empty_db, "SELECT sum(stored)::int FROM stream") == [(40,)])


def test_the_number_of_workers_changes_and_nothing_stays_behind(
    config: Path, empty_db: DatabaseSettings, broker_process: Broker, worker: Callable[..., Process]
) -> None:
    """What waits in the old worker's session is written, and the broker keeps no more for it."""
    old = worker()
    until(lambda: len(sessions(empty_db)) == 2)
    old.kill()
    publish(broker_process, range(10))
    assert rows(empty_db, "SELECT count(*) FROM stream") == [(0,)]
    worker("1/2", "2/2")
    until(lambda: len(sessions(empty_db)) == 6)
    publish(broker_process, range(10, 15))

    rows(empty_db, "UPDATE ingest_beat SET at = at - interval '1 minute' RETURNING instance")
    until(lambda: rows(empty_db, "SELECT count(*) FROM ingest_beat WHERE at > now() - interval '10 s'") == [(4,)])
    refused = CliRunner().invoke(app, ["close", "--config", str(config), "--shard", "1/2"])
    assert refused.exit_code == 1, "its worker lives"
    assert "telemetry-1of2" in refused.output and "stop it first" in refused.output
    closed = CliRunner().invoke(app, ["close", "--config", str(config), "--quiet-s", "1"])
    assert closed.exit_code == 0, closed.output
    # The new workers share with the old session what came after them.
    assert "telemetry: 120 messages written, session ended" in closed.output
    until(lambda: rows(empty_db, "SELECT sum(stored)::int FROM stream") == [(120,)])
    again = CliRunner().invoke(app, ["close", "--config", str(config), "--quiet-s", "1"])
    assert "telemetry: 0 messages written" in again.output


def test_a_session_is_not_ended_before_what_is_in_hand_is_written(
    config: Path, empty_db: DatabaseSettings, broker_process: Broker, worker: Callable[..., Process]
) -> None:
    """The database holds a batch up for longer than the quiet time and then breaks off."""
    old = worker()
    until(lambda: len(sessions(empty_db)) == 2)
    old.kill()
    publish(broker_process, range(1))
    rows(empty_db, "UPDATE ingest_beat SET at = at - interval '1 minute' RETURNING instance")
    said: list[str] = []

    def close() -> None:
        said.append(CliRunner().invoke(app, ["close", "--config", str(config), "--quiet-s", "1"]).output)

    closing = threading.Thread(target=close, daemon=True)
    with psycopg.connect(empty_db.url) as holder:
        holder.execute("LOCK TABLE lift_sample")
        closing.start()
        waiting = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'sunlit_ingest'"
        until(lambda: rows(empty_db, f"SELECT count(*) {waiting}") == [(1,)])
        time.sleep(2)
        rows(empty_db, f"SELECT pg_terminate_backend(pid) {waiting}")
    closing.join(60)
    assert "telemetry: 8 messages written, session ended" in said[0]
    assert rows(empty_db, "SELECT sum(stored)::int FROM stream") == [(8,)]


def test_a_wrong_shard_is_one_line(config: Path) -> None:
    found = subprocess.run(
        sunlit("ingest", "run", "--config", str(config), "--shard", "3/2"), capture_output=True, text=True, check=False
    )
    assert found.returncode == 2
    assert "expected K/N" in found.stderr
    assert "Traceback" not in found.stderr
