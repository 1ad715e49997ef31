"""PURE: which sequence numbers are missing, and which late ones fill a hole."""

from collections.abc import Iterable
from typing import NamedTuple


class Change(NamedTuple):
    """What a batch does to one stream: the next number expected, new holes [from, to), and numbers that came late."""

    next_seq: int
    opened: list[tuple[int, int]]
    late: list[int]


def follow(next_seq: int, seqs: Iterable[int]) -> Change:
    """Follows a stream that expects `next_seq` through new sequence numbers in any order."""
    opened: list[tuple[int, int]] = []
    late: list[int] = []
    for seq in sorted(set(seqs)):
        if seq < next_seq:
            late.append(seq)
            continue
        if seq > next_seq:
            opened.append((next_seq, seq))
        next_seq = seq + 1
    return Change(next_seq, opened, late)


def union(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same numbers as ranges [from, to) that neither overlap nor touch: a device may tell of a loss twice."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
