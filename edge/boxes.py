"""PURE. The boxes of an MP4 file, as far as segments need them."""

from collections.abc import Iterator
from typing import NamedTuple


class NoBox(ValueError):
    """Bytes that are not the MP4 they should be."""


class Box(NamedTuple):
    """A box: its four letters, where it begins, where its content begins, and where it ends."""

    kind: bytes
    begin: int
    body: int
    end: int


def boxes(data: bytes | bytearray, begin: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes between two places, one after the other. Raises NoBox."""
    end = len(data) if end is None else end
    while begin < end:
        size, header = int.from_bytes(data[begin : begin + 4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(data[begin + 8 : begin + 16], "big"), 16
        if size < header or begin + size > end:
            raise NoBox(f"a box of {size} bytes at {begin}, expected at most {end - begin}")
        yield Box(bytes(data[begin + 4 : begin + 8]), begin, begin + header, begin + size)
        begin += size


def find(data: bytes | bytearray, path: str) -> Box:
    """The first box on a path such as `moov/trak/mdia/mdhd`. Raises NoBox."""
    begin, end, found = 0, len(data), None
    for kind in path.split("/"):
        found = next((box for box in boxes(data, begin, end) if box.kind == kind.encode()), None)
        if found is None:
            raise NoBox(f"no box {path}: not the MP4 that was expected")
        begin, end = found.body, found.end
    assert found is not None
    return found


def timescale(init: bytes) -> int:
    """Ticks a second of the only track. Raises NoBox."""
    box = find(init, "moov/trak/mdia/mdhd")
    at = box.body + (20 if init[box.body] == 1 else 12)
    return int.from_bytes(init[at : at + 4], "big")


def set_decode_time(fragments: bytearray, ticks: int) -> None:
    """Moves fragments so that the first one begins at `ticks`. Raises NoBox."""
    first: int | None = None
    for moof in boxes(fragments):
        if moof.kind != b"moof":
            continue
        for traf in boxes(fragments, moof.body, moof.end):
            if traf.kind != b"traf":
                continue
            for box in boxes(fragments, traf.body, traf.end):
                if box.kind != b"tfdt":
                    continue
                if fragments[box.body] != 1:
                    raise NoBox("a decode time of 32 bits, expected 64")
                was = int.from_bytes(fragments[box.body + 4 : box.body + 12], "big")
                first = was if first is None else first
                fragments[box.body + 4 : box.body + 12] = (ticks + was - first).to_bytes(8, "big")
    if first is None:
        raise NoBox("fragments without a decode time")
