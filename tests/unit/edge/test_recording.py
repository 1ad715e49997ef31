"""A recorded ride is found in its file and measured; the simulator's ride over the same way looks alike."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import asdict
from typer.testing import CliRunner

from edge import recording, ride_plot
from edge.cli import app
from edge.recording import RATE, Curve, RecordingError, numbers, read
from edge.simulator.profile import Profile


def curve(profile: Profile, noise: float = 0.02) -> Curve:
    time = np.arange(-4, profile.duration + 4, 1 / RATE)
    made = [profile.at(float(t)).acceleration if t > 0 else 0.0 for t in time]
    return Curve(np.array(made) + np.random.default_rng(1).normal(0, noise, len(time)))


@pytest.mark.parametrize(("distance", "speed", "limit", "jerk"), [(70, 3.8, 0.8, 1.0), (15, 1.75, 0.9, 1.0)])
def test_numbers_of_a_known_ride(distance: float, speed: float, limit: float, jerk: float) -> None:
    profile = Profile(distance, speed, limit, jerk)
    found = numbers(curve(profile))
    assert found.duration == pytest.approx(profile.duration, abs=0.8)
    assert found.distance == pytest.approx(distance, rel=0.05)
    assert found.cruise == pytest.approx(speed, rel=0.05)
    assert found.acceleration == pytest.approx(limit, rel=0.08)
    assert found.jerk == pytest.approx(jerk, rel=0.2)


def test_a_ride_down_is_measured_like_a_ride_up() -> None:
    up = curve(Profile(30, 2.0, 0.8, 1.0))
    down = asdict(numbers(Curve(-up.acceleration)))
    assert down == pytest.approx(asdict(numbers(up)), rel=1e-6)


def write(path: Path, rows: list[str]) -> Path:
    path.write_text("\n".join(["relative_time,LinearAccelerometerSensor,AccX,AccY,AccZ", *rows]) + "\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "columns"),
        (["0,,1,2,3"], "AccX: 1 readings"),
        (["0,,x,2,3"] * 300, "AccX: could not convert"),
        ([f"{20 * i},,0.1,0.2,9.8" for i in range(600)], "no start and stop"),
    ],
)
def test_what_is_no_ride_is_said_in_one_line(tmp_path: Path, rows: list[str], words: str) -> None:
    path = write(tmp_path / "ride.csv", rows)
    with pytest.raises(RecordingError, match=words):
        numbers(read(path))
    done = CliRunner().invoke(app, ["ride", "--record", str(path), "--out", str(tmp_path / "ride.svg")])
    assert done.exit_code == 1
    assert words in done.stderr
    with pytest.raises(RecordingError, match="cannot be read"):
        read(tmp_path / "none.csv")


@pytest.mark.shared
def test_the_simulated_ride_is_like_the_recorded_one(shared_dir: Path, tmp_path: Path) -> None:
    """What cannot be fitted, duration and way, must come out of the physics."""
    recorded = read(shared_dir / "lift" / "pabrod_skyscraper_up.csv")
    drawing, theirs, ours = ride_plot.compare(recorded)
    assert 20 < theirs.duration < 30
    assert 3.5 < theirs.cruise < 4.1
    assert ours.duration == pytest.approx(theirs.duration, rel=0.05)
    assert ours.jerk == pytest.approx(theirs.jerk, rel=0.2)
    soft = [recording.smooth(one.acceleration) for one in (recorded, ride_plot.simulated(theirs))]
    starts = [round(recording.begins(one) * RATE) for one in (recorded, ride_plot.simulated(theirs))]
    together = [one[start : start + round(24 * RATE)] for one, start in zip(soft, starts, strict=True)]
    assert np.asarray(np.corrcoef(np.stack(together)))[0, 1] > 0.95
    assert drawing.startswith("<svg")
    assert drawing.count("<polyline") == 9
