"""The drawn camera keeps a recording like any other, so that the demo has something to show."""

import io
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import av

from edge.capture import Capture
from edge.segments import Ring
from edge.source import parse


def test_what_is_drawn_is_recorded_and_plays(tmp_path: Path) -> None:
    began = datetime.now(UTC)
    capture = Capture("cam-1", parse("drawn"), 4.0, 1, segments=tmp_path)
    stop = threading.Event()
    thread = threading.Thread(daemon=True, target=capture.run, args=(stop,))
    thread.start()
    ring = Ring(tmp_path, 0, timedelta(days=1))
    end = time.monotonic() + 60
    while len(ring.after(began)) < 3:
        assert time.monotonic() < end, capture.fault
        time.sleep(0.1)
    stop.set()
    thread.join(10)
    found = ring.after(began)
    assert capture.fault == "" and len({one.init for one in found}) == 1
    assert all(after.start >= before.end - timedelta(milliseconds=1) for before, after in pairwise(found))
    whole = found[0].init.read_bytes() + b"".join(one.path.read_bytes() for one in found)
    container: Any = av.open(io.BytesIO(whole))
    with container:
        frames = list(container.decode(video=0))
    assert (frames[0].width, frames[0].height) == (640, 360)
    assert len(frames) >= 4 * 3 and frames[0].to_ndarray(format="gray").std() > 20
