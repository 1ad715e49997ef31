"""PURE: which sequence numbers of a stream have come, as ranges [from, to): a row a stream, not a row a message."""

from bisect import bisect_right
from collections.abc import Collection, Iterable
from typing import NamedTuple

Range = tuple[int, int]


class Known(NamedTuple):
    """What has come of one stream: every number below `next_seq`, save `missing` (sorted, none touches the next)."""

    next_seq: int = 0
    missing: tuple[Range, ...] = ()

    def has(self, seq: int) -> bool:
        """Whether the number has come."""
        return seq < self.next_seq and not self._is_missing(seq)

    def _is_missing(self, seq: int) -> bool:
        at = bisect_right(self.missing, seq, key=lambda found: found[0]) - 1
        return at >= 0 and seq < self.missing[at][1]


class Change(NamedTuple):
    """What new numbers do to a stream: what is known afterwards, new holes, and those that came late into old ones."""

    known: Known
    opened: list[Range]
    late: list[int]


def follow(known: Known, fresh: Collection[int]) -> Change:
    """Adds numbers that had not come before, in any order."""
    next_seq = known.next_seq
    opened: list[Range] = []
    late: list[int] = []
    for seq in sorted(fresh):
        if seq < known.next_seq:
            late.append(seq)
            continue
        if seq > next_seq:
            opened.append((next_seq, seq))
        next_seq = seq + 1
    missing = known.missing
    if late:
        missing = tuple(without(missing, ((seq, seq + 1) for seq in late)))
    if opened:
        missing = (*missing, *opened)
    return Change(Known(next_seq, missing), opened, late)


def never_came(known: Known, given_up: Iterable[Range]) -> int:
    """How many numbers that a device gave up have not come all the same. `given_up` as `union` makes it."""
    total = 0
    for start, end in given_up:
        inside = ((max(start, a), min(end, b)) for a, b in known.missing if a < end and b > start)
        total += sum(b - a for a, b in inside) + max(0, end - max(start, known.next_seq))
    return total


def union(ranges: Iterable[Range]) -> list[Range]:
    """The same numbers as ranges that neither overlap nor touch: a device may tell of a loss twice."""
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def without(ranges: Iterable[Range], taken: Iterable[Range]) -> list[Range]:
    """The numbers of `ranges` that are in none of `taken`; both sorted and free of overlaps."""
    rest: list[Range] = []
    cuts = union(taken)
    first = 0
    for start, end in ranges:
        while first < len(cuts) and cuts[first][1] <= start:
            first += 1
        at = start
        for cut_start, cut_end in cuts[first:]:
            if cut_start >= end:
                break
            if cut_start > at:
                rest.append((at, cut_start))
            at = max(at, cut_end)
        if at < end:
            rest.append((at, end))
    return rest
