"""The bench of the edge runs and its numbers add up; how large they are is for people to read, not for a test."""

import time
from pathlib import Path

import av
import pytest
from typer.testing import CliRunner

from edge.bench import measure as bench
from edge.bench.cli import table
from edge.bench.film import GOP_S, MOVING_S, FilmError, films
from edge.bench.measure import BenchError, served
from edge.bench.processes import cpu_seconds, memory_mb
from runtime.bench_cli import build
from tests.conftest import lacking

FPS = 10
RUN = CliRunner()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return films(None, tmp_path_factory.mktemp("films"), FPS, 3.0, 2)


def test_films_last_begin_with_a_key_frame_and_are_not_alike(made: list[Path]) -> None:
    firsts = []
    for path in made:
        with av.open(str(path)) as film:
            packets = [packet for packet in film.demux(video=0) if packet.size]
            assert packets[0].is_keyframe and len(packets) == 3 * FPS
            assert sum(packet.is_keyframe for packet in packets) == 2
            firsts.append(bytes(packets[0]))
    assert firsts[0] != firsts[1] and MOVING_S % GOP_S == 0


def test_a_recording_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    path.write_bytes(b"\0" * 100)
    with pytest.raises(FilmError, match=r"video: .*noise.mp4 cannot be read"):
        films(path, tmp_path, FPS, 1.0, 1)


def test_the_cost_of_this_process_is_seen() -> None:
    before, end = cpu_seconds(), time.monotonic() + 20
    while cpu_seconds()["own"] <= before["own"] + 0.05:
        assert time.monotonic() < end
    assert cpu_seconds()["children"] == 0.0
    assert 10 < memory_mb() < 24_000


def test_two_cameras_over_rtsp_give_all_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "WARM_UP_S", 8.0)
    try:
        with served({}):
            pass
    except BenchError as error:
        lacking(str(error))
    told: list[float] = []
    numbers = bench.measure(None, 2, FPS, 8.0, 4.0, told.append)
    assert told and numbers.cameras == 2 and numbers.model.name == "sunlit-heads-1"
    assert 0 < numbers.looks_per_second <= 4.5 and 0 <= numbers.dropped_share < 1
    assert numbers.cpu_per_camera.keys() == {"decode", "motion", "inference", "rest"}
    assert all(spent > 0 for step, spent in numbers.cpu_per_camera.items() if step != "rest")
    assert 0 < numbers.latency_p50_s <= numbers.latency_p95_s <= numbers.latency_p99_s
    assert 0 < numbers.ratio <= 1.2 and numbers.memory_mb > 50
    assert table(numbers).row_count == 19


def test_a_missing_recording_is_one_line(tmp_path: Path) -> None:
    app = build()
    done = RUN.invoke(app, ["edge", "--video", str(tmp_path / "none.mp4"), "--minutes", "0.1"])
    assert done.exit_code == 1 and "none.mp4" in done.output and "Traceback" not in done.output
