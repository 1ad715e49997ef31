"""The bench of the pages runs on real parts and counts what it says; how fast they were is for people to read."""

import json
import subprocess
from typing import Any

from runtime.stack.process import sunlit
from tests.conftest import open_folder


def test_every_board_hears_of_every_change() -> None:
    with open_folder("bench") as home:
        size = ("--lifts", "400", "--kitchens", "100", "--days", "30", "--open", "40", "--viewers", "20")
        done = subprocess.run(
            sunlit("bench", "api", "--plain", "--json", *size, "--seconds", "1", "--home", str(home)),
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        assert not list(home.iterdir())
    found: dict[str, Any] = json.loads(done.stdout)
    assert (found["lifts"], found["kitchens"], found["open"]) == (400, 100, 40)
    assert found["incidents"] > 40 and found["findings"] > 0
    assert (found["sse_viewers"], found["sse_asked"]) == (20, 20)
    assert 0 < found["board_p50_ms"] <= found["board_p95_ms"] and found["incident_p50_ms"] > 0
    assert found["public_rps"] > 0 and found["public_bytes"] > 5000
    assert set(found["ratios"]) == {"board_p95_ms", "incident_p95_ms", "public_p95_ms", "public_rps", "sse_viewers"}


def test_a_folder_that_is_not_there_is_one_line() -> None:
    done = subprocess.run(
        sunlit("bench", "api", "--lifts", "1", "--home", "/nowhere/at/all"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("sunlit bench api: ") and done.stderr.count("\n") == 1
