"""One camera in a process of its own, so that a camera that hangs can be killed: `python -m edge.camera_child`.

The order comes on standard input, which stays open: when it ends, the parent is gone and so are we.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO

import msgspec
import numpy as np

from contracts.vision import Image
from edge import lag, thrift
from edge.encoder import recording_pictures
from edge.frames import Order, Record, Said, pack
from edge.opening import SourceFault, advice, opened, why
from edge.recorder import CODECS, recording
from edge.source import SourceKind

LARGEST_WIDTH = 1280
ALIVE_EVERY_S = 2.0
LONGEST_STILL_S = 10.0
"""a film with a hole in its times is no camera that is silent"""
_BT601, _FULL_RANGE = (2, 5, 6), 2
"""as FFmpeg numbers them: untagged and the two BT.601 systems"""


class Voice:
    """Writes records to the pipe; a slow parent makes us wait, and the next picture is then a newer one."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe

    def say(self, said: Said, count: int = 0, body: bytes = b"") -> None:
        self._write(Record(said, time.time_ns(), 0, 0, count, body))

    def note(self, text: str) -> None:
        """Says what is wrong beside the pictures; empty when it is right again."""
        self.say(Said.NOTE, body=text.encode()[:1000])

    def show(self, image: Image, count: int) -> None:
        height, width = image.shape[:2]
        self._write(Record(Said.FRAME, time.time_ns(), height, width, count, image.tobytes()))

    def show_planes(self, planes: Image, count: int) -> None:
        """The same of a picture in I420: one and a half times its height, one byte deep."""
        height, width = planes.shape[0] * 2 // 3, planes.shape[1]
        self._write(Record(Said.FRAME_I420, time.time_ns(), height, width, count, planes.tobytes()))

    def _write(self, record: Record) -> None:
        self._pipe.write(pack(record))
        self._pipe.write(record.body)
        self._pipe.flush()


class Notes:
    """What is wrong beside the pictures, each matter with its own text; said when it changes."""

    def __init__(self, voice: Voice) -> None:
        self._voice, self._texts = voice, dict[str, str]()

    def about(self, matter: str) -> Callable[[str], None]:
        return partial(self._say, matter)

    def _say(self, matter: str, text: str) -> None:
        if text != self._texts.get(matter, ""):
            self._texts[matter] = text
            self._voice.note("; ".join(text for text in self._texts.values() if text))


class Pace:
    """Says which pictures are wanted: not more than so many a second."""

    def __init__(self, per_second: float) -> None:
        self._gap, self._next = 1 / per_second, 0.0

    def wants(self, now: float) -> bool:
        if now < self._next:
            return False
        # From the grid and not from now, so that a late picture does not slow the rate.
        self._next = max(self._next + self._gap, now + self._gap / 2)
        return True


def watch(order: Order, voice: Voice) -> None:
    """Shows pictures until the source ends. Raises SourceFault."""
    notes = Notes(voice)
    with recording_pictures(order.segments, order.looks_per_second, notes.about("recording")) as keep:
        if order.kind == SourceKind.DRAWN:
            _drawn(order, voice, keep)
        pace, said = Pace(order.looks_per_second), 0.0
        for frame, count, kept in _moving_frames(order, notes):
            now = time.monotonic()
            if pace.wants(now):
                if kept and _is_plain(frame):
                    voice.show_planes(frame.to_ndarray(), count)
                else:
                    image = converted(frame)
                    if not kept:
                        keep(image)
                    voice.show(image, count)
                said = now
            elif now - said > ALIVE_EVERY_S:
                voice.say(Said.ALIVE, count)
                said = now
    raise SourceFault(f"{order.name}: the stream ended; is the camera still there?")


def _drawn(order: Order, voice: Voice, keep: Callable[[Image], None]) -> None:
    import cv2

    from edge.drawn import Scene

    cv2.setNumThreads(1)
    scene, began, count = Scene(order.seed), time.monotonic(), 0
    while True:
        count += 1
        image = scene.frame(time.monotonic() - began)[0]
        keep(image)
        voice.show(image, count)
        time.sleep(max(0.0, began + count / order.looks_per_second - time.monotonic()))


def _moving_frames(order: Order, notes: Notes) -> Iterator[tuple[Any, int, bool]]:
    """Decoded frames in their own time, the count of pictures so far, and whether their packets are being kept.

    A file starts again at its end.
    """
    if order.kind != SourceKind.FILE:
        with opened(order) as container:
            yield from _decoded(order, container, notes)
        return
    past = 0
    while True:
        began, first, shown = time.monotonic(), None, 0
        with opened(order) as container:
            for frame, count, kept in _decoded(order, container, notes):
                at = frame.time if frame.time is not None else count / 25
                first = at if first is None else first
                shown = count
                time.sleep(min(LONGEST_STILL_S, max(0.0, began + at - first - time.monotonic())))
                yield frame, past + count, kept
        if not shown:
            raise SourceFault(f"{order.name}: holds no picture that can be decoded; is it a whole video?")
        past += shown


def _decoded(order: Order, container: Any, notes: Notes) -> Iterator[tuple[Any, int, bool]]:
    """Frames of the first video track as above; a broken picture among good ones is passed over."""
    import av

    stream = container.streams.video[0]
    kept = stream.codec_context.name in CODECS
    size, broken, count, shown, saving = None, 0, 0, 0, thrift.ThriftState()
    clock = lag.LagState()
    try:
        with recording(order.segments, stream, notes.about("recording")) as keep:
            for packet in container.demux(stream):
                keep(packet)
                clock = _late(order, packet, clock, notes.about("clock"))
                count += bool(packet.size)
                saving = thrift.step(saving, packet.is_keyframe, shown, order.looks_per_second, time.monotonic())
                stream.codec_context.skip_frame = saving.skip.value
                try:
                    frames = packet.decode()
                except av.InvalidDataError:
                    shown, broken = 0, broken + 1
                    if broken > 250:
                        raise SourceFault(f"{order.name}: its pictures cannot be decoded; check the encoding") from None
                    continue
                shown, broken = len(frames), 0 if frames else broken
                for frame in frames:
                    if frame.is_corrupt:
                        continue
                    size = size or (frame.width, frame.height)
                    if size != (frame.width, frame.height):
                        # What follows needs another header: in the recording, too.
                        now = f"{frame.width} x {frame.height}"
                        raise SourceFault(f"{order.name}: its picture changed to {now}; opening it again")
                    yield frame, count, kept
    except (av.FFmpegError, OSError) as error:
        raise SourceFault(f"{order.name}: reading failed ({why(error)}); {advice(order)}") from error


def _late(order: Order, packet: Any, state: lag.LagState, note: Callable[[str], None]) -> lag.LagState:
    """Compares the stream's clock with ours; only RTSP has a clock of its own. Raises SourceFault."""
    if packet.dts is None or not order.address.startswith("rtsp"):
        return state
    state = lag.step(state, float(packet.dts * packet.time_base), time.monotonic())
    if state.lag_s > lag.TOO_LATE_S:
        raise SourceFault(f"{order.name}: pictures come {state.lag_s:.0f} s late; opening it again")
    note(
        f"the stream's clock differs by {state.lag_s:.0f} s from ours" if abs(state.lag_s) > lag.WORTH_SAYING_S else ""
    )
    return state


def _is_plain(frame: Any) -> bool:
    """Whether the parent can make colours of it as well: BT.601 or untagged, of limited range, small and even."""
    return (
        frame.format.name == "yuv420p"
        and frame.width <= LARGEST_WIDTH
        and not (frame.width % 2 or frame.height % 2)
        and frame.colorspace in _BT601
        and frame.color_range != _FULL_RANGE
    )


def converted(frame: Any) -> Image:
    """height x width x 3, BGR, at most LARGEST_WIDTH wide."""
    width = min(frame.width, LARGEST_WIDTH)
    height = max(2, round(frame.height * width / frame.width))
    image: Image = np.ascontiguousarray(frame.reformat(width=width, height=height, format="bgr24").to_ndarray())
    return image


def _leave_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> int:
    """Runs until the source or the parent ends; 0 never means that all pictures were shown."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    voice = Voice(sys.stdout.buffer)
    try:
        voice.say(Said.READY)
        watch(order, voice)
    except SourceFault as fault:
        voice.say(Said.FAULT, body=str(fault).encode()[:1000])
    except BrokenPipeError:
        os._exit(0)
    return 1


if __name__ == "__main__":
    # os._exit, because a decoder that hangs in a thread of its own must not keep us.
    status = main()
    sys.stdout.flush()
    os._exit(status)
