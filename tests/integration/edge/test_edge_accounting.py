"""Law 2 from end to end: the agent is killed again and again, its spool overflows, and the audit balances."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ingest.cli import app
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings
from runtime.stack.broker import Broker
from runtime.stack.process import sunlit

DEVICES = ("lift-442001", "lift-442002", "sensor-k-001")


def until(look: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.1)


@pytest.fixture
def centre(tmp_path: Path, city_db: DatabaseSettings, broker_process: Broker) -> Iterator[Path]:
    """A running ingest; its settings."""
    config = tmp_path / "sunlit.toml"
    config.write_text(
        f"[database]\nurl = {json.dumps(city_db.url)}\n[broker]\nport = {broker_process.port}\n",
        "utf-8",
    )
    child = subprocess.Popen(sunlit("ingest", "run", "--config", str(config)))
    with connect(city_db, Role.OWNER) as connection:
        until(lambda: len(connection.execute("SELECT FROM ingest_beat").fetchall()) == 2)
    time.sleep(0.5)
    yield config
    child.terminate()
    child.wait(15)


@pytest.fixture
def agent(tmp_path: Path, broker_process: Broker) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """Starts an agent whose spool holds so little that half a minute without the broker overflows it."""
    config = tmp_path / "edge.toml"
    text = f'agent = "agent-demo"\nsite = "demo"\nspool = {json.dumps(str(tmp_path / "spool"))}\n'
    text += f"spool_max_mb = 0.024\nstatus_every_s = 0.4\n[broker]\nport = {broker_process.port}\n"
    for number in (1, 2):
        text += f'[[lift]]\ndevice = "lift-44200{number}"\nseed = {number}\n'
    config.write_text(text + '[[sensor]]\ndevice = "sensor-k-001"\nevery_s = 0.05\n', "utf-8")
    children: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        children.append(subprocess.Popen(sunlit("edge", "run", "--config", str(config))))
        return children[-1]

    yield start
    for child in children:
        child.terminate()
        child.wait(15)


def audit(config: Path) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, ["audit", "--config", str(config), "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_the_audit_balances_after_kills_and_overflows(
    centre: Path, city_db: DatabaseSettings, broker_process: Broker, agent: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    def boots() -> int:
        with connect(city_db, Role.OWNER) as connection:
            rows = connection.execute("SELECT DISTINCT boot FROM stream WHERE lane = 'telemetry'").fetchall()
        return len(rows)

    for number in range(3):
        running = agent()
        until(lambda number=number: boots() > number)  # type: ignore[misc]
        broker_process.process.kill()
        time.sleep(4)
        # Killed with an overflown spool that the centre has not heard of.
        running.send_signal(signal.SIGKILL)
        running.wait()
        broker_process.start()
    last = agent()
    until(lambda: boots() == 4)
    until(lambda: audit(centre)[0] == 0)
    last.terminate()
    last.wait(15)
    until(lambda: audit(centre)[1]["unexplained"] == 0)
    code, found = audit(centre)
    assert code == 0 and found["in_flight"] == 0
    lost = {row["boot"]: row["lost"] for row in found["streams"] if row["device"] == "sensor-k-001"}
    assert len(lost) == 4 and sum(count > 0 for count in lost.values()) >= 2, (
        "losses stand with the boot they belong to"
    )
    assert {row["device"] for row in found["streams"]} == set(DEVICES)
    assert found["published"] == found["stored"] + found["lost"] + found["rejected"]
