"""Real child processes: pictures arrive, a killed or hanging one is replaced, faults are said in one line."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.capture import CHILD, Capture, Frame, Limits
from edge.source import parse

Start = Callable[..., Capture]
HASTY = Limits(open=5, silence=2, first_pause=0.05, longest_pause=0.2)


@pytest.fixture
def start() -> Iterator[Start]:
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def starting(source: str, rate: float = 8, limits: Limits = HASTY, command: list[str] | None = None) -> Capture:
        capture = Capture("cam-1", parse(source), rate, limits=limits, command=command or CHILD)
        threads.append(threading.Thread(daemon=True, target=capture.run, args=(stop,)))
        threads[-1].start()
        return capture

    yield starting
    stop.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def until(look: Callable[[], object], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.02)


def frames(capture: Capture, count: int) -> list[Frame]:
    found: list[Frame] = []
    until(lambda: _next(capture, found) >= count)
    return found


def _next(capture: Capture, found: list[Frame]) -> int:
    frame = capture.newest(found[-1].number if found else 0, 1)
    found += [frame] if frame else []
    return len(found)


@pytest.mark.shared
def test_a_real_video_is_a_camera_that_never_ends(start: Start, shared_dir: Path) -> None:
    capture = start(str(shared_dir / "video" / "foobearer_kitchen.mp4"))
    found = frames(capture, 6)
    assert all(frame.image.shape == (960, 540, 3) for frame in found)
    assert len({frame.image.tobytes() for frame in found}) == len(found)
    times = [frame.captured for frame in found]
    assert times == sorted(times)
    # Nearly four times as many pictures were given as were wanted.
    assert capture.frames > 2 * found[-1].number
    until(lambda: capture.frames > 245)
    assert capture.fault == ""


@pytest.mark.shared
def test_a_killed_child_is_replaced(start: Start, shared_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    capture = start(str(shared_dir / "video" / "foobearer_kitchen.mp4"))
    number = frames(capture, 2)[-1].number
    first = capture.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: capture.newest(number + 3, 1))
    assert capture.pid not in (None, first)
    assert "its process ended; starting it again" in caplog.text


def test_the_drawn_scene_is_a_camera(start: Start) -> None:
    found = frames(start("drawn", rate=4), 3)
    assert found[0].image.shape == (360, 640, 3)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (None, "there is no such file"),
        (b"", "cannot be opened"),
        (bytes(range(256)) * 80, "cannot be opened"),
    ],
)
def test_a_file_that_is_no_video_is_said_once(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture, make: bytes | None, words: str
) -> None:
    path = tmp_path / "kitchen.mp4"
    if make is not None:
        path.write_bytes(make)
    capture = start(str(path))
    until(lambda: capture.fault)
    assert words in capture.fault and str(path) in capture.fault and "\n" not in capture.fault
    first = capture.pid
    until(lambda: capture.pid not in (None, first))
    assert [record.message for record in caplog.records].count(f"camera cam-1: {capture.fault}") == 1


@pytest.mark.shared
def test_a_missing_video_that_comes_is_shown(start: Start, tmp_path: Path, shared_dir: Path) -> None:
    path = tmp_path / "late.mp4"
    capture = start(str(path))
    until(lambda: capture.fault)
    part = tmp_path / "part"
    part.write_bytes((shared_dir / "video" / "foobearer_kitchen.mp4").read_bytes())
    part.replace(path)
    assert frames(capture, 1)[0].image.shape == (960, 540, 3)
    assert capture.fault == ""


@pytest.mark.shared
def test_half_a_video_is_shown_or_refused_but_never_silent(start: Start, tmp_path: Path, shared_dir: Path) -> None:
    whole = (shared_dir / "video" / "foobearer_kitchen.mp4").read_bytes()
    path = tmp_path / "half.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    capture = start(str(path))
    until(lambda: capture.fault or capture.newest(0, 0.5))
    assert capture.fault or capture.newest(0, 0.5)


def test_a_password_is_in_no_log_no_fault_and_no_command_line(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    capture = start("rtsp://chef:geheim-42@127.0.0.1:9/live?token=geheim-42", limits=Limits(first_pause=0.2))
    seen: list[str] = []

    def look() -> str:
        if capture.pid is not None:
            folder = Path("/proc") / str(capture.pid)
            for name in ("cmdline", "environ"):
                try:
                    seen.append((folder / name).read_bytes().decode(errors="replace"))
                except (FileNotFoundError, ProcessLookupError):
                    continue
        return capture.fault

    until(look)
    assert "rtsp://127.0.0.1:9/live" in capture.fault
    assert any("edge.camera_child" in text for text in seen)
    assert "geheim" not in capture.fault + caplog.text + "".join(seen)


READY = (
    "import sys, time; from edge.frames import *; out = sys.stdout.buffer; out.write(pack(Record(0, 0, 0, 0, 0, b'')));"
)
SHOWN = "out.write(pack(Record(1, 0, 1, 1, 1, b'xyz')) + b'xyz');"
HANGS = "out.flush(); time.sleep(60)"


@pytest.mark.parametrize(
    ("script", "words", "limits"),
    [
        ("import time; time.sleep(60)", "it did not start within 1 s", Limits(start=1, first_pause=30)),
        (READY + HANGS, "it did not open within 1.5 s", Limits(open=1.5, first_pause=30)),
        (READY + SHOWN + HANGS, "no picture came within 1 s", Limits(silence=1, first_pause=30)),
        ("print('hello' * 100)", "said something that is no picture", Limits(first_pause=30)),
    ],
)
def test_a_child_that_hangs_or_babbles_is_killed(start: Start, script: str, words: str, limits: Limits) -> None:
    """F15."""
    capture = start("drawn", limits=limits, command=[sys.executable, "-c", script])
    until(lambda: capture.fault)
    assert words in capture.fault
    until(lambda: capture.pid is None)


def test_the_child_goes_when_its_parent_is_killed() -> None:
    script = (
        "import threading; from edge.capture import Capture; from edge.source import parse;"
        "c = Capture('cam-1', parse('drawn'), 4); threading.Thread(target=c.run, args=(threading.Event(),)).start();"
        "c.newest(0, 60); print(c.pid, flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    until(lambda: not _runs(child))


def _runs(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().split(") ")[1][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
