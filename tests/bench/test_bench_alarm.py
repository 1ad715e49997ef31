"""The bench of an alarm's way runs on real parts and every page comes; how fast it was is for people to read."""

import json
import subprocess
from typing import Any

from runtime.stack.broker import find_mosquitto
from runtime.stack.process import sunlit
from tests.conftest import lacking, open_folder


def bench(*words: str) -> "subprocess.CompletedProcess[str]":
    command = sunlit("bench", "alarm", "--plain", "--json", *words)
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)


def test_every_alarm_becomes_a_page() -> None:
    if find_mosquitto() is None:
        lacking("mosquitto is not installed")
    with open_folder("bench") as home:
        small = ("--alarms", "6", "--seconds", "3", "--warm-up", "1", "--burst", "4", "--devices", "50")
        done = bench("--background", "200", *small, "--home", str(home))
        assert done.returncode == 0, done.stderr
        assert not list(home.iterdir())
    found: dict[str, Any] = json.loads(done.stdout)
    assert (found["raised"], found["paged"], found["missing"], found["repeated"]) == (15, 15, 0, 0)
    assert 0 < found["p50_ms"] <= found["p95_ms"] <= found["p99_ms"] <= found["max_ms"]
    assert found["limit_ms"] == 500 and found["ratio"] > 0
    assert found["background_per_second"] > 100 and found["durable"] is True
    assert list(found["stages"]) == ["spooled", "stored", "opened", "sent", "received"]
    # A stage that ran backwards would mean that a moment is not what its name says.
    assert all(stage["p50_ms"] > 0 for kind in ("stages", "burst_stages") for stage in found[kind].values())
    assert found["burst_ms"]["max_ms"] >= found["burst_ms"]["p50_ms"] > 0
    assert found["cores_used"].keys() == {"broker", "database", "ingest", "alerting", "edge", "bench"}


def test_a_folder_that_is_not_there_is_one_line() -> None:
    if find_mosquitto() is None:
        lacking("mosquitto is not installed")
    done = bench("--alarms", "1", "--home", "/nowhere/at/all")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("sunlit bench alarm: ") and done.stderr.count("\n") == 1
