"""The whole story as a command, as a person would run it: with the drawn scene and with real footage."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from runtime.stack.process import sunlit

KEYS = ("frames", "detections", "published", "stored", "rejected", "lost", "incidents", "notifications", "tier_reached")


def check(*words: str) -> dict[str, Any]:
    command = sunlit("demo", "--check", *words)
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def told(report: dict[str, Any]) -> None:
    assert report["complete"]
    assert all(isinstance(report[key], int) for key in KEYS)
    assert report["published"] >= report["stored"] + report["rejected"] + report["lost"] > 100
    assert report["lost"] == 0
    assert report["frames"] > 0
    assert report["detections"] > 0
    assert report["tier_reached"] >= 2
    assert report["notifications"] > 10
    assert len(report["pages"]) == 10
    assert sum(step["seconds"] for step in report["steps"]) < 180


@pytest.mark.timeout(300)
def test_the_story_with_the_drawn_scene() -> None:
    told(check())


@pytest.mark.shared
@pytest.mark.timeout(300)
def test_the_story_with_real_footage(shared_dir: Path) -> None:
    told(check("--camera", str(shared_dir / "video" / "foobearer_kitchen.mp4")))


def test_a_camera_that_is_no_file_is_said_in_one_line(tmp_path: Path) -> None:
    command = sunlit("demo", "--check", "--camera", str(tmp_path / "none.mp4"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "none.mp4" in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr
