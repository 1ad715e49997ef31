"""The bench of the desk runs on real parts and leaves nothing undone; how fast it was is for people to read."""

import json
import subprocess
from typing import Any

from runtime.stack.process import sunlit
from tests.conftest import open_folder


def test_every_clock_is_kept() -> None:
    with open_folder("bench") as home:
        small = ("--open", "400", "--seconds", "8", "--warm-up", "1", "--home", str(home))
        done = subprocess.run(
            sunlit("bench", "desk", "--plain", "--json", *small),
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert not list(home.iterdir())
    found: dict[str, Any] = json.loads(done.stdout)
    assert (found["open"], found["workers"], found["left"]) == (400, 2, 0)
    assert 380 < found["open_at_end"] < 420
    assert 0 < found["cycle"]["p50_ms"] <= found["cycle"]["max_ms"]
    assert found["cycle_limit_ms"] == 200 and found["cycle_ratio"] > 0 and found["late_limit_ms"] == 1500
    assert 0 < found["busy"] <= found["cycles"] and found["durable"] is True


def test_a_folder_that_is_not_there_is_one_line() -> None:
    done = subprocess.run(
        sunlit("bench", "desk", "--open", "1", "--home", "/nowhere/at/all"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("sunlit bench desk: ") and done.stderr.count("\n") == 1
