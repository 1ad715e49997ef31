"""What goes wrong outside is one clear line, the rest keeps running, and it heals by itself."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.kinds import Lane
from contracts.topics import subscription
from runtime.bus import Bus
from runtime.settings import DatabaseSettings
from runtime.stack.broker import Broker
from runtime.stack.ports import free_port
from runtime.stack.process import sunlit


def write(folder: Path, database: str, broker_port: int, api_port: int = 8600, extra: str = "") -> Path:
    path = folder / "sunlit.toml"
    path.write_text(
        f"[database]\nurl = {json.dumps(database)}\nconnect_timeout_s = 2\n[broker]\nport = {broker_port}\n"
        f'[api]\nport = {api_port}\nevidence = "{folder}/evidence"\n{extra}',
        "utf-8",
    )
    return path


def run_for(seconds: float, *words: str) -> str:
    """What a service says while it runs for a moment."""
    child = subprocess.Popen(sunlit(*words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGTERM)
    text, _ = child.communicate(timeout=30)
    return text


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("service", ["ingest", "alerting", "api"])
def test_a_wrong_key_is_one_line(tmp_path: Path, service: str) -> None:
    path = write(tmp_path, "postgresql://nowhere", 1, extra="[alarm]\nloud = true\n")
    done = subprocess.run(
        sunlit(service, "run", "--config", str(path)), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith(f"sunlit: {path}: alarm: unknown key")
    assert "Traceback" not in done.stderr


def test_ingest_without_broker_and_database_waits_and_says_so_once(tmp_path: Path) -> None:
    text = run_for(6, "ingest", "run", "--config", str(write(tmp_path, "postgresql://127.0.0.1:1/x", free_port())))
    assert text.count("cannot be reached; is it running?") == 2, "once for each lane"
    assert text.count("database is away") == 2
    assert "Traceback" not in text


def test_alerting_without_a_database_waits_and_says_so_once(tmp_path: Path) -> None:
    text = run_for(6, "alerting", "run", "--config", str(write(tmp_path, "postgresql://127.0.0.1:1/x", 1)))
    assert text.count("alerting.engine-1: OperationalError") == 1
    assert "starting it again" in text
    assert "Traceback" not in text


def test_the_pages_name_a_port_in_use(tmp_path: Path, city_db: DatabaseSettings, taken_port: int) -> None:
    text = run_for(20, "api", "run", "--config", str(write(tmp_path, city_db.url, 1, taken_port)))
    assert f"port {taken_port} is in use" in text
    assert "Traceback" not in text


def test_the_demo_names_a_port_in_use(tmp_path: Path, taken_port: int) -> None:
    home = tmp_path / "demo"
    done = subprocess.run(
        sunlit("demo", "--home", str(home), "--port", str(taken_port)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert f"port {taken_port} is in use" in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr


def test_an_edge_without_a_broker_keeps_what_it_has_and_sends_it_later(tmp_path: Path, broker_process: Broker) -> None:
    """F13 in small: the spool fills while nobody listens, and empties when somebody does."""
    broker_process.process.stop()
    config = tmp_path / "edge.toml"
    config.write_text(
        f'agent = "agent-demo"\nsite = "demo"\nspool = "{tmp_path}/spool"\n[broker]\nport = {broker_process.port}\n'
        '[[lift]]\ndevice = "lift-442001"\n',
        "utf-8",
    )
    child = subprocess.Popen(
        sunlit("edge", "run", "--config", str(config)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        waiting = until_spooled(tmp_path, 4)
        assert waiting >= 4
        broker_process.start()
        # What the broker takes for nobody is not delivered: it stays.
        time.sleep(2)
        assert spooled(tmp_path) >= waiting
        listener = Bus(broker_process.settings, "listener", subscriptions=subscription(Lane.TELEMETRY))
        listener.start()
        end = time.monotonic() + 30
        while spooled(tmp_path) > 2:
            assert time.monotonic() < end, "the spool does not empty"
            time.sleep(0.1)
        listener.stop()
    finally:
        child.send_signal(signal.SIGTERM)
        text, _ = child.communicate(timeout=30)
    assert text.count("cannot be reached; is it running?") == 1
    assert "Traceback" not in text


def spooled(folder: Path) -> int:
    import sqlite3

    path = folder / "spool" / "spool.db"
    if not path.exists():
        return 0
    with sqlite3.connect(path, timeout=5) as database:
        try:
            return int(database.execute("SELECT count(*) FROM spool").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def until_spooled(folder: Path, count: int) -> int:
    end = time.monotonic() + 30
    while (now := spooled(folder)) < count:
        assert time.monotonic() < end, "nothing is kept"
        time.sleep(0.1)
    return now
