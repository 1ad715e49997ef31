"""Films a drawn scene as a camera would send it: H.264 with a key frame every two seconds, for the segment ring."""

import os
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from contracts.vision import Image

KEY_EVERY_S = 2.0
TICKS = 1000


class Film:
    """An encoder whose stream and packets look like those of an opened camera."""

    def __init__(self, width: int, height: int, per_second: float) -> None:
        import av

        # The packets are all that is wanted: what a container would make of them goes nowhere.
        self._nowhere = av.open(os.devnull, "w", format="null")
        options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "26"}
        self.stream: Any = self._nowhere.add_stream("libx264", rate=TICKS, options=options)
        self.stream.width, self.stream.height, self.stream.pix_fmt = width, height, "yuv420p"
        coder = self.stream.codec_context
        coder.time_base, coder.gop_size = Fraction(1, TICKS), max(1, round(KEY_EVERY_S * per_second))
        coder.flags |= av.codec.context.Flags.global_header
        self._nowhere.start_encoding()

    def packets(self, image: Image, seconds: float) -> Sequence[Any]:
        """One picture, so many seconds after the first."""
        import av

        frame: Any = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame = frame.reformat(format="yuv420p")
        frame.pts, frame.time_base = round(seconds * TICKS), Fraction(1, TICKS)
        found: Sequence[Any] = self.stream.encode(frame)
        return found
