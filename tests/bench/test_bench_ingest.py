"""The bench of ingest runs on real parts and its equation balances; how fast it was is for people to read."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.db import Role, connect
from runtime.settings import BrokerSettings, DatabaseSettings
from runtime.stack.broker import find_mosquitto
from runtime.stack.process import Process, sunlit
from tests.conftest import lacking

KEYS = {
    "messages_per_second",
    "samples_per_second",
    "cpu_s_per_10k",
    "p50_s",
    "p95_s",
    "p99_s",
    "ratio_consumer",
    "ratio_copy",
    "published",
    "stored",
    "rejected",
    "lost",
    "duplicated",
    "idle_share",
}
SMALL = ("--devices", "50", "--seconds", "3", "--warm-up", "1", "--limit-seconds", "1", "--json")


def bench(*words: str) -> "subprocess.CompletedProcess[str]":
    command = sunlit("bench", "ingest", *SMALL, *words)
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)


def balanced(done: "subprocess.CompletedProcess[str]", samples: int = 1) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found.keys() >= KEYS
    assert found["published"] == found["stored"] > 0
    assert (found["rejected"], found["lost"], found["duplicated"], found["unexplained"]) == (0, 0, 0, 0)
    assert found["samples_stored"] == found["samples_published"] > 0
    assert found["samples_per_second"] == pytest.approx(found["messages_per_second"] * samples, rel=0.01)
    assert found["ratio_consumer"] > 0 and found["ratio_copy"] > 0 and 0 <= found["idle_share"] <= 1
    assert 0 < found["p50_s"] <= found["p95_s"] <= found["p99_s"]
    return found


@pytest.mark.parametrize("words", [("--rate", "200"), ("--rate", "0", "--samples", "20", "--workers", "2")])
def test_a_system_of_its_own(words: tuple[str, ...]) -> None:
    if find_mosquitto() is None:
        lacking("mosquitto is not installed")
    found = balanced(bench("--plain", *words), samples=20 if "--samples" in words else 1)
    assert found["durable"] is True and found["workers"] == (2 if "--workers" in words else 1)
    assert 0 < found["event_p50_s"] <= found["event_p95_s"] <= found["event_p99_s"]
    cost = found["cpu_s_per_10k"]
    assert cost.keys() == {"generator", "broker", "ingest", "database", "bench"}
    assert cost["ingest"] > 0 and cost["database"] > 0


@pytest.fixture
def running(city_db: DatabaseSettings, broker: BrokerSettings, tmp_path: Path) -> Iterator[Path]:
    """A system that runs already: its settings."""
    path = tmp_path / "sunlit.toml"
    path.write_text(f"[database]\nurl = {json.dumps(city_db.url)}\n[broker]\nport = {broker.port}\n", "utf-8")
    ingest = Process("ingest", sunlit("ingest", "run", "--config", str(path)), tmp_path / "ingest.log")
    ingest.start()
    yield path
    ingest.stop()


def test_a_system_that_runs_already_is_left_as_it_was(running: Path, city_db: DatabaseSettings) -> None:
    before = rows(city_db)
    found = balanced(bench("--rate", "200", "--target", city_db.url, "--config", str(running)))
    # Its processes may run anywhere, and an event of the bench would send people out.
    assert found["event_p99_s"] is None
    assert rows(city_db) == before


def rows(database: DatabaseSettings) -> dict[str, int]:
    found = {}
    with connect(database, Role.OWNER) as connection:
        names = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        for name in sorted(row["relname"] for row in names.fetchall()):
            row = connection.execute(f'SELECT count(*) AS n FROM "{name}"').fetchone()
            found[name] = row["n"] if row and name != "ingest_beat" else 0
    return found


def test_a_broker_that_is_away_is_one_line(city_db: DatabaseSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNLIT_BROKER__PORT", "1")
    done = bench("--target", city_db.url)
    assert done.returncode == 2 and done.stdout == ""
    assert (
        done.stderr.startswith("sunlit bench ingest: broker 127.0.0.1:1 cannot be reached: ")
        and done.stderr.count("\n") == 1
    )


def test_a_target_that_is_away_is_one_line() -> None:
    done = bench("--target", "postgresql://127.0.0.1:1/nowhere")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("sunlit bench ingest: database: ") and done.stderr.count("\n") == 1
