"""What a camera's child process says to its parent: records on a pipe, each a header and a body."""

import struct
from enum import IntEnum
from typing import NamedTuple

import msgspec
import numpy as np

from contracts.vision import Image

_HEADER = struct.Struct("<4sBQIIQQ")
_MAGIC = b"SLF1"
LONGEST = 64 * 1024 * 1024
HEADER_SIZE = _HEADER.size


class Said(IntEnum):
    READY = 0
    """libraries are loaded, the source is being opened"""
    FRAME = 1
    FAULT = 2
    """why the child ends, in one line"""
    ALIVE = 3
    """pictures arrive, but none was wanted"""
    NOTE = 4
    """what is wrong beside the pictures, in one line; empty when it is right again"""
    FRAME_I420 = 5
    """a picture as decoders give it, half the bytes: only who looks at it makes colours of it"""


class Record(NamedTuple):
    said: Said
    time_ns: int
    """when the picture was taken, by this machine's clock since 1970"""
    height: int
    width: int
    total: int
    """pictures that the source has given so far"""
    body: bytes | bytearray


class Order(msgspec.Struct, frozen=True):
    """What the parent asks for, sent on the child's standard input: never on its command line."""

    kind: str
    address: str
    name: str
    looks_per_second: float
    seed: int
    transport: str = "tcp"
    segments: str = ""
    """the folder of the camera's ring; empty: nothing is recorded"""


class BrokenPipeOfFrames(ValueError):
    """Bytes that are no record."""


def pack(record: Record) -> bytes:
    """The record's header; the body follows it."""
    return _HEADER.pack(
        _MAGIC, record.said, record.time_ns, record.height, record.width, record.total, len(record.body)
    )


class Reader:
    """Puts records together from pieces of any size. A picture's bytes are copied once, to where they stay."""

    def __init__(self) -> None:
        self._header = bytearray()
        self._body: bytearray | None = None
        self._filled = 0

    def feed(self, piece: bytes) -> list[Record]:
        """The records that are complete now. Raises BrokenPipeOfFrames."""
        found: list[Record] = []
        rest = memoryview(piece)
        while rest:
            if self._body is None:
                taken = HEADER_SIZE - len(self._header)
                self._header += rest[:taken]
                rest = rest[taken:]
                if len(self._header) < HEADER_SIZE:
                    break
                self._body, self._filled = bytearray(_body_size(self._header)), 0
            taken = min(len(self._body) - self._filled, len(rest))
            self._body[self._filled : self._filled + taken] = rest[:taken]
            self._filled += taken
            rest = rest[taken:]
            if self._filled == len(self._body):
                _, said, time_ns, height, width, total, _ = _HEADER.unpack(self._header)
                found.append(Record(Said(said), time_ns, height, width, total, self._body))
                self._header, self._body = bytearray(), None
        return found


def _body_size(header: bytearray) -> int:
    """Raises BrokenPipeOfFrames."""
    magic, said, _, height, width, _, size = _HEADER.unpack(header)
    if magic != _MAGIC or size > LONGEST or said > max(Said):
        raise BrokenPipeOfFrames("the camera's process said something that is no picture")
    if said == Said.FRAME and size != height * width * 3:
        raise BrokenPipeOfFrames(f"a picture of {size} bytes, expected {height} x {width} x 3")
    if said == Said.FRAME_I420 and (size != height * width * 3 // 2 or height % 2 or width % 2):
        raise BrokenPipeOfFrames(f"a picture of {size} bytes, expected {height} x {width} x 3/2, both even")
    return int(size)


def image_of(record: Record) -> Image:
    """The picture of a FRAME or FRAME_I420 record: height x width x 3, BGR."""
    pixels = np.frombuffer(record.body, np.uint8)
    if record.said is Said.FRAME:
        return pixels.reshape(record.height, record.width, 3)
    import cv2

    planes = pixels.reshape(record.height * 3 // 2, record.width)
    return cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420).astype(np.uint8, copy=False)
