"""Packets of a real encoder go into the ring untouched and come out as clips that play."""

import io
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import pytest

from edge.boxes import find, timescale
from edge.capture import Capture
from edge.recorder import Recorder
from edge.ring_duty import RingDuty
from edge.segments import Ring, Segment, Shelf, cut
from edge.source import parse

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def opened(source: Path | io.BytesIO, mode: Literal["r", "w"] = "r") -> Any:
    return av.open(str(source) if isinstance(source, Path) else source, mode)


def film(path: Path, seconds: int, codec: str = "libx264", size: int = 160, bframes: int = 0) -> Path:
    """10 pictures a second, a key frame each second; picture n is grey level n."""
    with opened(path, "w") as out:
        options = {"bf": str(bframes), "x265-params": f"log-level=none:bframes={bframes}:keyint=10:scenecut=0"}
        track = out.add_stream(codec, rate=10, options={**options, "sc_threshold": "0"})
        track.width, track.height, track.pix_fmt, track.gop_size = size, 96, "yuv420p", 10
        for number in range(seconds * 10):
            image = np.full((96, size, 3), number % 250, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    return path


def record(path: Path, folder: Path, began: datetime = NOON, spoil: Any = None) -> Recorder:
    """The packets of a film, as if they came in their own time."""
    at = began.timestamp()
    with opened(path) as container:
        stream = container.streams.video[0]
        recorder = Recorder(folder, stream, now=lambda: at)
        for packet in container.demux(stream):
            if packet.dts is not None:
                at = began.timestamp() + float(packet.dts * stream.time_base)
            if spoil is not None:
                spoil(packet)
            recorder.take(packet)
            while recorder.backlog > 2:
                time.sleep(0.01)
        recorder.close()
    return recorder


def ring_of(folder: Path) -> Ring:
    return Ring(folder, 0, timedelta(days=30))


def levels(path: Path) -> list[int]:
    with opened(path) as container:
        return [round(float(frame.to_ndarray(format="gray").mean())) for frame in container.decode(video=0)]


def all_of(folder: Path) -> list[Segment]:
    return ring_of(folder).after(NOON - timedelta(days=1))


@pytest.mark.parametrize(("codec", "bframes"), [("libx264", 0), ("libx264", 2), ("libx265", 0)])
def test_segments_follow_each_other_and_hold_every_packet(tmp_path: Path, codec: str, bframes: int) -> None:
    source = film(tmp_path / "film.mp4", 9, codec, bframes=bframes)
    assert record(source, tmp_path / "ring").fault == ""
    found = all_of(tmp_path / "ring")
    assert len(found) == 5 and len({one.init for one in found}) == 1
    for before, after in pairwise(found):
        assert after.start == before.end and before.seconds == 2
    init = found[0].init.read_bytes()
    whole = io.BytesIO(init + b"".join(one.path.read_bytes() for one in found))
    with opened(whole) as played, opened(source) as original:
        kept = [bytes(packet) for packet in played.demux(video=0) if packet.size]
        assert kept == [bytes(packet) for packet in original.demux(video=0) if packet.size]
    if codec == "libx265":
        assert b"hvc1" in init


def test_the_decode_time_in_a_segment_is_its_start(tmp_path: Path) -> None:
    record(film(tmp_path / "film.mp4", 4), tmp_path / "ring")
    for one in all_of(tmp_path / "ring"):
        body = one.path.read_bytes()
        box = find(body, "moof/traf/tfdt")
        ticks = int.from_bytes(body[box.body + 4 : box.end], "big")
        assert ticks == round(one.start.timestamp() * timescale(one.init.read_bytes()))


@pytest.mark.parametrize(("codec", "bframes"), [("libx264", 0), ("libx264", 2), ("libx265", 0)])
def test_a_clip_begins_at_the_key_frame_before_and_plays(tmp_path: Path, codec: str, bframes: int) -> None:
    record(film(tmp_path / "film.mp4", 12, codec, bframes=bframes), tmp_path / "ring")
    start, end = NOON + timedelta(seconds=3.4), NOON + timedelta(seconds=7.5)
    out = tmp_path / "clip.mp4"
    began, ended = cut(ring_of(tmp_path / "ring").between(start, end), start, end, out)
    shown = levels(out)
    # The key frame of picture 30; B-frames show their pictures a little later than they are decoded.
    assert abs(shown[0] - 30) <= 2 and 40 <= len(shown) <= 48
    assert shown == sorted(shown)
    assert began <= start and abs((began - NOON).total_seconds() - 3) < 0.25
    assert abs((ended - end).total_seconds()) < 0.45
    with opened(out) as container:
        assert container.duration is not None
        assert abs(container.duration / 1e6 - (ended - began).total_seconds()) < 0.25
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "film.mp4", "ring"]


def test_a_clip_that_asks_for_more_than_there_is_says_what_it_got(tmp_path: Path) -> None:
    record(film(tmp_path / "film.mp4", 4), tmp_path / "ring")
    start, end = NOON - timedelta(seconds=60), NOON + timedelta(seconds=60)
    began, ended = cut(ring_of(tmp_path / "ring").between(start, end), start, end, tmp_path / "clip.mp4")
    assert (began, ended) == (NOON, NOON + timedelta(seconds=4)) and len(levels(tmp_path / "clip.mp4")) == 40


def test_a_clip_over_a_change_of_format_keeps_the_larger_part(tmp_path: Path) -> None:
    record(film(tmp_path / "small.mp4", 4), tmp_path / "ring")
    record(film(tmp_path / "large.mp4", 8, size=320), tmp_path / "ring", NOON + timedelta(seconds=6))
    start, end = NOON, NOON + timedelta(seconds=60)
    began, _ = cut(ring_of(tmp_path / "ring").between(start, end), start, end, tmp_path / "clip.mp4")
    assert began == NOON + timedelta(seconds=6) and len(levels(tmp_path / "clip.mp4")) == 80


def test_recordings_that_overlap_after_a_step_of_the_clock_still_play(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mp4", 4)
    record(source, tmp_path / "ring")
    record(source, tmp_path / "ring", NOON + timedelta(seconds=1))
    start, end = NOON, NOON + timedelta(seconds=60)
    cut(ring_of(tmp_path / "ring").between(start, end), start, end, tmp_path / "clip.mp4")
    assert len(levels(tmp_path / "clip.mp4")) == 80


def test_packets_without_times_are_kept_in_order(tmp_path: Path) -> None:
    def forget(packet: Any) -> None:
        if packet.size and packet.dts % 3 == 1:
            packet.dts = packet.pts = None

    source = film(tmp_path / "film.mp4", 4)
    assert record(source, tmp_path / "ring", spoil=forget).fault == ""
    found = all_of(tmp_path / "ring")
    start, end = found[0].start, found[-1].end
    cut(found, start, end, tmp_path / "clip.mp4")
    assert len(levels(tmp_path / "clip.mp4")) == 40


def test_packets_that_come_in_a_burst_keep_their_own_times(tmp_path: Path) -> None:
    """What was waiting when a source was opened comes all at once."""
    source, began = film(tmp_path / "film.mp4", 9), NOON.timestamp()
    with opened(source) as container:
        stream, media = container.streams.video[0], 0.0
        recorder = Recorder(tmp_path / "ring", stream, now=lambda: began + max(1.7, media))
        for packet in container.demux(stream):
            media = float(packet.dts * stream.time_base) if packet.dts is not None else media
            recorder.take(packet)
            while recorder.backlog > 2:
                time.sleep(0.01)
        recorder.close()
    found = all_of(tmp_path / "ring")
    assert len(found) == 5 and found[0].start == NOON
    assert all(after.start == before.end for before, after in pairwise(found))


def test_a_folder_that_cannot_be_written_is_said_and_nothing_stops(tmp_path: Path) -> None:
    (tmp_path / "ring").write_text("a file in the way", "utf-8")
    recorder = record(film(tmp_path / "film.mp4", 6), tmp_path / "ring")
    assert "cannot be written" in recorder.fault and str(tmp_path / "ring") in recorder.fault


def test_a_disk_that_is_too_slow_holds_nothing_back_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    put = Shelf.put

    def slow(self: Shelf, start_ms: int, duration_ms: int, init: bytes, body: bytes) -> Path:
        go.wait(60)
        return put(self, start_ms, duration_ms, init, body)

    monkeypatch.setattr(Shelf, "put", slow)
    source = film(tmp_path / "film.mp4", 40)
    at = NOON.timestamp()
    with opened(source) as container:
        stream = container.streams.video[0]
        recorder = Recorder(tmp_path / "ring", stream, now=lambda: at)
        for packet in container.demux(stream):
            at += 0.1
            recorder.take(packet)
        assert recorder.fault == "recording: the disk is too slow, pictures are not kept"
        go.set()
        recorder.close()
    kept = all_of(tmp_path / "ring")
    assert 8 <= len(kept) < 20 and recorder.fault == ""


def test_a_killed_writer_leaves_whole_segments_only(tmp_path: Path) -> None:
    """F14."""
    film(tmp_path / "film.mp4", 12)
    script = (
        "import av, itertools, sys, time; from pathlib import Path; from edge.recorder import Recorder\n"
        "at = 1772366400.0\n"
        "for round in itertools.count():\n"
        "    with av.open(sys.argv[1]) as film:\n"
        "        stream = film.streams.video[0]\n"
        "        recorder = Recorder(Path(sys.argv[2]), stream, now=lambda: at)\n"
        "        for packet in film.demux(stream):\n"
        "            at += 0.1 if packet.size else 0\n"
        "            recorder.take(packet)\n"
        "        recorder.close()\n"
    )
    for _ in range(3):
        seen = len(list((tmp_path / "ring").rglob("*.m4s")))
        child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "film.mp4"), str(tmp_path / "ring")])
        try:
            end = time.monotonic() + 60
            while len(list((tmp_path / "ring").rglob("*.m4s"))) < seen + 3:
                assert time.monotonic() < end, "no segments came"
                time.sleep(0.003)
        finally:
            child.kill()
            child.wait()
    found = all_of(tmp_path / "ring")
    assert len(found) >= 3
    for one in found:
        with opened(io.BytesIO(one.init.read_bytes() + one.path.read_bytes())) as container:
            assert sum(1 for _ in container.decode(video=0)) >= 10


def test_a_camera_is_looked_at_and_recorded_at_once(tmp_path: Path) -> None:
    stop, source = threading.Event(), film(tmp_path / "film.mp4", 5)
    capture = Capture("cam-1", parse(str(source)), 5, segments=tmp_path / "ring")
    thread = threading.Thread(daemon=True, target=capture.run, args=(stop,))
    began = datetime.now(UTC)
    thread.start()
    try:
        end = time.monotonic() + 60
        ring, found = ring_of(tmp_path / "ring"), list[Segment]()
        while len(found) < 4 or capture.newest(0, 0.1) is None:
            assert time.monotonic() < end, "nothing was recorded"
            found = ring.after(began)
            time.sleep(0.1)
    finally:
        stop.set()
        thread.join(30)
    assert capture.fault == capture.note == ""
    # Real time, also over the end of the film: the second round follows the first.
    gaps = [(after.start - before.end).total_seconds() for before, after in pairwise(found)]
    assert all(-0.5 < gap < 3 for gap in gaps), gaps
    cut(found, found[0].start, found[-1].end, tmp_path / "clip.mp4")
    assert len(levels(tmp_path / "clip.mp4")) >= 60


def test_a_drawn_scene_is_recorded_too(tmp_path: Path) -> None:
    stop, began = threading.Event(), datetime.now(UTC)
    capture = Capture("cam-1", parse("drawn"), 5, segments=tmp_path / "ring")
    thread = threading.Thread(daemon=True, target=capture.run, args=(stop,))
    thread.start()
    try:
        end = time.monotonic() + 60
        while len(ring_of(tmp_path / "ring").after(began)) < 2:
            assert time.monotonic() < end, "nothing was recorded"
            time.sleep(0.1)
    finally:
        stop.set()
        thread.join(30)
    found = ring_of(tmp_path / "ring").after(began)
    cut(found, found[0].start, found[-1].end, tmp_path / "clip.mp4")
    with opened(tmp_path / "clip.mp4") as container:
        shown = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    assert len(shown) >= 6 and shown[0].shape == (360, 640, 3) and capture.note == ""
    assert all(one.seconds >= 1.9 for one in found)


def test_a_ring_in_the_way_is_a_note_and_pictures_go_on(tmp_path: Path) -> None:
    (tmp_path / "ring").write_text("in the way", "utf-8")
    stop, source = threading.Event(), film(tmp_path / "film.mp4", 5)
    capture = Capture("cam-1", parse(str(source)), 5, segments=tmp_path / "ring")
    thread = threading.Thread(daemon=True, target=capture.run, args=(stop,))
    thread.start()
    try:
        end = time.monotonic() + 60
        while not capture.note:
            assert time.monotonic() < end, "no note came"
            time.sleep(0.1)
        number = capture.frames
        while capture.frames == number:
            assert time.monotonic() < end, "no pictures came"
            time.sleep(0.1)
    finally:
        stop.set()
        thread.join(30)
    assert "cannot be written" in capture.note and capture.fault == ""


def test_the_duty_prunes_and_goes_on_after_a_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    record(film(tmp_path / "film.mp4", 6), tmp_path / "ring")
    (tmp_path / "bad").mkdir()

    class Broken(Ring):
        def prune(self, now: datetime) -> int:
            raise PermissionError(13, "Permission denied")

    stop = threading.Event()
    rings = [Broken(tmp_path / "bad", 1, timedelta(days=1)), Ring(tmp_path / "ring", 1, timedelta(days=1))]
    thread = threading.Thread(daemon=True, target=RingDuty(rings, 0.05).run, args=(stop,))
    thread.start()
    end = time.monotonic() + 30
    while all_of(tmp_path / "ring"):
        assert time.monotonic() < end, "nothing was pruned"
        time.sleep(0.02)
    stop.set()
    thread.join(10)
    assert caplog.text.count("cannot be pruned (Permission denied)") == 1
