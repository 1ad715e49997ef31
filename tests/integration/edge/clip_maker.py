"""A process of its own that makes clips, to be killed at any moment; its cutter encodes drawn pictures with PyAV."""

import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import av
import numpy as np

from edge.agent import SpoolSink
from edge.centre_clock import CentreClock
from edge.clips import Clips
from edge.config import CameraConfig, ClipConfig, EdgeConfig
from edge.outbox import Outbox
from edge.spool import Spool

CAMERA = "cam-k-001-1"
RATE = 4


def record(device: str, start: datetime, end: datetime, out: Path) -> tuple[datetime, datetime]:
    """A small real MP4 of that length."""
    with av.open(str(out), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(int((end - start).total_seconds() * RATE)):
            picture = np.full((120, 160, 3), (7 * number) % 255, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return start, end


def parts(folder: Path, boot: UUID) -> tuple[Clips, SpoolSink, Outbox]:
    config = EdgeConfig(agent="agent-demo", site="demo", camera=(CameraConfig(device=CAMERA),))
    sink = SpoolSink(config, Spool(folder / "spool"), boot, CentreClock(""))
    outbox = Outbox(folder / "pictures")
    later = datetime.now(UTC) + timedelta(hours=1)
    sink.clips = Clips(folder / "clips", record, outbox, sink, ClipConfig(), now=lambda: later)
    return sink.clips, sink, outbox


if __name__ == "__main__":
    clips = parts(Path(sys.argv[1]), uuid4())[0]
    print("ready", flush=True)
    while True:
        clips.work()
        threading.Event().wait(0.001)
