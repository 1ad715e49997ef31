"""Makes H.264 of pictures that come as none: drawn scenes, MJPEG, webcams. Only what is looked at is encoded.

The recording of such a camera has as many pictures a second as the detector wants, not more.
"""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from contracts.vision import Image
from edge.recorder import SECONDS, Recorder

LONGEST_GOP = 250
_TICKS = 16_000
"""a second; the MP4 writer would choose other ticks itself if these were fewer than 10,000"""


class Encoder:
    """Takes pictures, gives packets to a recorder. The first picture sets the size."""

    def __init__(self, folder: Path, width: int, height: int, per_second: float) -> None:
        import av

        # The container is never written: it only makes a stream that an MP4 can be made from.
        container: Any = av.open(io.BytesIO(), "w", format="mp4")
        self._stream = container.add_stream("libx264", rate=Fraction(max(1, round(per_second))))
        self._stream.width, self._stream.height = width // 2 * 2, height // 2 * 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = self._stream.codec_context.time_base = Fraction(1, _TICKS)
        # Key frames come by time, below: on a busy machine pictures are fewer than was asked for.
        self._stream.codec_context.gop_size = LONGEST_GOP
        self._stream.codec_context.thread_count = 1
        self._stream.codec_context.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "26"}
        self._container, self._last, self._key_at = container, -1, -SECONDS
        container.start_encoding()
        self.recorder = Recorder(folder, self._stream)

    def take(self, image: Image, at: float) -> None:
        """One picture, BGR, with its time in seconds."""
        import av
        from av.video.frame import PictureType

        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame = frame.reformat(width=self._stream.width, height=self._stream.height, format="yuv420p")
        if at - self._key_at >= SECONDS:
            frame.pict_type, self._key_at = PictureType.I, at
        self._last = max(self._last + 1, round(at * _TICKS))
        frame.pts, frame.time_base = self._last, Fraction(1, _TICKS)
        for packet in self._stream.encode(frame):
            self.recorder.take(packet)

    def close(self) -> None:
        """Keeps what has been collected."""
        self.recorder.close()


@contextmanager
def recording_pictures(
    folder: str, per_second: float, note: Callable[[str], None]
) -> Iterator[Callable[[Image], None]]:
    """What to do with every picture that is looked at; `note` as in `recorder.recording`."""
    encoder: Encoder | None = None
    told = ""

    def keep(image: Image) -> None:
        nonlocal encoder, told
        if not folder:
            return
        if encoder is None:
            encoder = Encoder(Path(folder), image.shape[1], image.shape[0], per_second)
        encoder.take(image, time.monotonic())
        if encoder.recorder.fault != told:
            told = encoder.recorder.fault
            note(told)

    try:
        yield keep
    finally:
        if encoder is not None:
            encoder.close()
