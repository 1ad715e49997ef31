"""One camera in a process of its own, so that a camera that hangs can be killed: `python -m edge.camera_child`.

The order comes on standard input, which stays open: when it ends, the parent is gone and so are we.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np

from contracts.vision import Image
from edge.frames import Order, Record, Said, pack
from edge.source import SourceKind, without_password

LARGEST_WIDTH = 1280
ALIVE_EVERY_S = 2.0
OPEN_S, READ_S = 10.0, 15.0
_FORMATS = {"linux": ("v4l2", "/dev/video{}"), "darwin": ("avfoundation", "{}"), "win32": ("dshow", "video={}")}


class SourceFault(RuntimeError):
    """Why a source gives no pictures: what it is and what to do."""


class Voice:
    """Writes records to the pipe; a slow parent makes us wait, and the next picture is then a newer one."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe

    def say(self, said: Said, count: int = 0, body: bytes = b"") -> None:
        self._write(Record(said, time.time_ns(), 0, 0, count, body))

    def show(self, image: Image, count: int) -> None:
        height, width = image.shape[:2]
        self._write(Record(Said.FRAME, time.time_ns(), height, width, count, image.tobytes()))

    def _write(self, record: Record) -> None:
        self._pipe.write(pack(record))
        self._pipe.write(record.body)
        self._pipe.flush()


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
    if order.kind == SourceKind.DRAWN:
        _drawn(order, voice)
    pace, count, said = Pace(order.looks_per_second), 0, 0.0
    for frame in _moving_frames(order):
        count, now = count + 1, time.monotonic()
        if pace.wants(now):
            voice.show(_converted(frame), count)
            said = now
        elif now - said > ALIVE_EVERY_S:
            voice.say(Said.ALIVE, count)
            said = now
    raise SourceFault(f"{order.name}: the stream ended; is the camera still there?")


def _drawn(order: Order, voice: Voice) -> None:
    import cv2

    from edge.drawn import Scene

    cv2.setNumThreads(1)
    scene, began, count = Scene(order.seed), time.monotonic(), 0
    while True:
        count += 1
        voice.show(scene.frame(time.monotonic() - began)[0], count)
        time.sleep(max(0.0, began + count / order.looks_per_second - time.monotonic()))


def _moving_frames(order: Order) -> Iterator[Any]:
    """Decoded frames in their own time; a file starts again from its beginning."""
    if order.kind != SourceKind.FILE:
        with _opened(order) as container:
            yield from _decoded(order, container)
        return
    while True:
        began, first, shown = time.monotonic(), None, 0
        with _opened(order) as container:
            for frame in _decoded(order, container):
                at = frame.time if frame.time is not None else shown / 25
                first = at if first is None else first
                shown += 1
                time.sleep(min(1.0, max(0.0, began + at - first - time.monotonic())))
                yield frame
        if not shown:
            raise SourceFault(f"{order.name}: holds no picture that can be decoded; is it a whole video?")


def _opened(order: Order) -> Any:
    import av

    address, options, form = order.address, {}, None
    if order.kind == SourceKind.WEBCAM:
        form, pattern = _FORMATS.get(sys.platform, _FORMATS["linux"])
        address = pattern.format(address)
    elif order.kind == SourceKind.STREAM and address.startswith("rtsp"):
        options = {"rtsp_transport": "tcp"}
    elif order.kind == SourceKind.FILE and not Path(address).is_file():
        raise SourceFault(f"{order.name}: there is no such file; give the path of a video")
    try:
        container = av.open(address, format=form, options=options, timeout=(OPEN_S, READ_S))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise SourceFault(f"{order.name}: cannot be opened ({_why(error)}); {_advice(order)}") from error
    if not container.streams.video:
        container.close()
        raise SourceFault(f"{order.name}: has no video track, expected a video")
    container.streams.video[0].codec_context.thread_count = 1
    return container


def _decoded(order: Order, container: Any) -> Iterator[Any]:
    """Frames of the first video track; a broken picture among good ones is passed over."""
    import av

    stream, broken = container.streams.video[0], 0
    try:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                broken += 1
                if broken > 250:
                    raise SourceFault(f"{order.name}: its pictures cannot be decoded; check the encoding") from None
                continue
            broken = 0 if frames else broken
            yield from frames
    except (av.FFmpegError, OSError) as error:
        raise SourceFault(f"{order.name}: reading failed ({_why(error)}); {_advice(order)}") from error


def _converted(frame: Any) -> Image:
    """height x width x 3, BGR, at most LARGEST_WIDTH wide."""
    width = min(frame.width, LARGEST_WIDTH)
    height = max(2, round(frame.height * width / frame.width))
    image: Image = np.ascontiguousarray(frame.reformat(width=width, height=height, format="bgr24").to_ndarray())
    return image


def _why(error: Exception) -> str:
    """The system's words without the address, which may hold a password."""
    return without_password(getattr(error, "strerror", None) or type(error).__name__)


def _advice(order: Order) -> str:
    if order.kind == SourceKind.FILE:
        return "is it a whole video?"
    if order.kind == SourceKind.WEBCAM:
        return "is it plugged in, and may this user read it?"
    return "check the address, the network, and user and password"


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
