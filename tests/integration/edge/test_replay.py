"""A recording through a camera's chain: real video, the shipped model, the recording's own clock."""

import json
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from typer.testing import CliRunner

from edge.annotate import Film
from edge.cli import app
from edge.drawn import Scene

RUN = CliRunner()
SITE = """
agent = "agent-1"
site = "site-1"
timezone = "Asia/Shanghai"

[[camera]]
device = "cam-1"
zone = "wok"
zone_kind = "cooking"
looks_per_second = 4

[[camera]]
device = "cam-2"
looks_per_second = 4

[[camera.area]]
name = "cold room"
kind = "special_room"
corners = [[0, 0], [1, 0], [1, 1], [0, 1]]
hours = ["08:00-14:00"]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    return path


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Twelve seconds of the drawn kitchen, in which one cook is bare-headed, as H.264."""
    path, scene = tmp_path_factory.mktemp("film") / "drawn.mp4", Scene(1)
    film = Film(path, 8)
    for number in range(96):
        film.add(scene.frame(number / 8)[0])
    film.close()
    yield path


def lines(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def test_every_phase_is_one_object_with_the_recordings_own_time(recording: Path, site: Path) -> None:
    done = RUN.invoke(app, ["replay", str(recording), "--config", str(site), "--json"])
    assert done.exit_code == 0, done.output
    events = lines(done.stdout)
    hats = [event for event in events if event["rule"] == "no_hat"]
    assert [event["phase"] for event in hats] == ["start"]
    (hat,) = hats
    assert 0 <= float(str(hat["since"])) < float(str(hat["t"])) <= 12
    assert hat["zone"] == "wok" and hat["model"] == "sunlit-heads-1" and len(str(hat["event_id"])) == 36
    assert 0.5 < float(str(hat["confidence"])) <= 1 and str(hat["subject"]).startswith("head-")


def test_the_same_recording_gives_the_same_events(recording: Path, site: Path) -> None:
    def told() -> list[tuple[object, ...]]:
        done = RUN.invoke(app, ["replay", str(recording), "--config", str(site), "--json"])
        return [(e["t"], e["phase"], e["rule"], e["subject"], e["confidence"]) for e in lines(done.stdout)]

    first = told()
    assert first and told() == first


def test_schedules_go_by_the_time_that_is_told(recording: Path, site: Path) -> None:
    def rules(begin: str) -> set[object]:
        arguments = ["replay", str(recording), "--config", str(site), "--camera", "cam-2", "--begin", begin, "--json"]
        return {event["rule"] for event in lines(RUN.invoke(app, arguments).stdout)}

    assert "stranger" in rules("2026-03-01T03:00:00") and "stranger" not in rules("2026-03-01T09:00:00")


def test_the_annotated_video_can_be_played(recording: Path, site: Path, tmp_path: Path) -> None:
    out = tmp_path / "drawn-on.mp4"
    done = RUN.invoke(app, ["replay", str(recording), "--config", str(site), "--draw", str(out)])
    assert done.exit_code == 0 and "no_hat" in done.stdout
    with av.open(str(out)) as film:
        frames = [frame.to_ndarray(format="bgr24") for frame in film.decode(video=0)]
    assert 40 <= len(frames) <= 50 and frames[0].shape[1] == 640
    red = (frames[-1][:, :, 2].astype(int) - frames[-1][:, :, 1] > 120).sum()
    assert red > 100, "the bare head is marked red"


@pytest.mark.parametrize(
    ("file", "camera", "says"),
    [
        ("missing.mp4", "cam-1", "missing.mp4: No such file"),
        ("site.toml", "cam-1", "cannot be opened"),
        ("site.toml", "cam-9", "camera: 'cam-9' is not in the configuration, expected one of: cam-1, cam-2"),
    ],
)
def test_what_cannot_be_played_is_one_line(file: str, camera: str, says: str, site: Path, tmp_path: Path) -> None:
    done = RUN.invoke(app, ["replay", str(tmp_path / file), "--config", str(site), "--camera", camera])
    assert done.exit_code == 1 and says in done.output and "Traceback" not in done.output


@pytest.mark.shared
def test_a_cook_with_a_toque_and_no_mask(shared_dir: Path, site: Path) -> None:
    video = shared_dir / "video" / "foobearer_kitchen.mp4"
    events = lines(RUN.invoke(app, ["replay", str(video), "--config", str(site), "--json"]).stdout)
    rules = {event["rule"] for event in events}
    assert "no_hat" not in rules and "no_mask" in rules
