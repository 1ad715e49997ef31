"""PURE: which sequence numbers were given up and are not yet told to the centre, as ranges."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from contracts.kinds import Lane
from contracts.messages import Loss


class Stream(NamedTuple):
    """What a sequence number counts in."""

    device: str
    lane: Lane
    boot: UUID


class Lost(NamedTuple):
    """The numbers [from_seq, to_seq) of a stream."""

    stream: Stream
    from_seq: int
    to_seq: int


class Losses:
    """Grows at the end of its ranges; what was told is cut off at their beginning. `dirty` is not on the disk yet."""

    def __init__(self, known: Iterable[Lost] = ()) -> None:
        self._ranges: dict[Stream, list[tuple[int, int]]] = {}
        self.dirty: set[Stream] = set()
        for lost in known:
            self._ranges.setdefault(lost.stream, []).append((lost.from_seq, lost.to_seq))

    def copy(self) -> "Losses":
        """What to go back to when the disk does not take a change."""
        other = Losses(lost for stream in self._ranges for lost in self.of_stream(stream))
        other.dirty = set(self.dirty)
        return other

    def add(self, stream: Stream, seq: int) -> None:
        """One more number that the centre will never get."""
        ranges = self._ranges.setdefault(stream, [])
        self.dirty.add(stream)
        for place, (start, end) in enumerate(ranges):
            if end == seq:
                ranges[place] = (start, seq + 1)
                return
        ranges.append((seq, seq + 1))

    def told(self, losses: Iterable[Lost]) -> None:
        """Forgets what the broker has taken; what a range has grown by since is still to tell."""
        for lost in losses:
            ranges = self._ranges.get(lost.stream, [])
            kept = [
                (lost.to_seq if start == lost.from_seq else start, end)
                for start, end in ranges
                if (start, end) != (lost.from_seq, lost.to_seq)
            ]
            if kept != ranges:
                self.dirty.add(lost.stream)
            if kept:
                self._ranges[lost.stream] = kept
            else:
                self._ranges.pop(lost.stream, None)

    def of_stream(self, stream: Stream) -> list[Lost]:
        return [Lost(stream, start, end) for start, end in self._ranges.get(stream, [])]

    def of_device(self, device: str, limit: int) -> list[Lost]:
        """What to tell next about a device, of whatever boot."""
        streams = (stream for stream in self._ranges if stream.device == device)
        return [lost for stream in streams for lost in self.of_stream(stream)][:limit]

    @property
    def devices(self) -> set[str]:
        """Devices of which something is to tell, also those that this agent no longer has."""
        return {stream.device for stream in self._ranges}


def on_the_wire(lost: Lost) -> Loss:
    """As a status carries it."""
    return Loss(lane=lost.stream.lane, boot=lost.stream.boot, from_seq=lost.from_seq, to_seq=lost.to_seq)
