"""Ranges of lost numbers: the same numbers, however often and in what pieces they are told."""

import itertools
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.kinds import Lane
from contracts.messages import Loss, Status, encode
from contracts.topics import topic
from ingest.gaps import union
from ingest.normalise import Rejected, normalise

RANGE = st.tuples(st.integers(0, 40), st.integers(1, 9)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(RANGE, max_size=12))
def test_a_union_holds_the_same_numbers_once(ranges: list[tuple[int, int]]) -> None:
    merged = union(ranges)
    numbers = [seq for start, end in merged for seq in range(start, end)]
    assert numbers == sorted({seq for start, end in ranges for seq in range(start, end)})
    assert all(one[1] < other[0] for one, other in itertools.pairwise(merged)), "none touches the next"


@pytest.mark.parametrize(
    ("lane", "start", "end", "words"),
    [
        (Lane.TELEMETRY, 5, 5, "losses.to_seq: 5, expected more than from_seq 5"),
        (Lane.STATUS, 1, 2, "losses.lane: status, expected telemetry or event"),
    ],
)
def test_losses_that_are_none_are_refused_in_words(lane: Lane, start: int, end: int, words: str) -> None:
    loss = Loss(lane=lane, boot=UUID(int=1), from_seq=start, to_seq=end)
    said = Status(device="d1", boot=UUID(int=1), at=datetime(2026, 3, 1, tzinfo=UTC), online=True, losses=(loss,))
    refused = normalise(str(topic("demo", "d1", Lane.STATUS)), encode(said))
    assert isinstance(refused, Rejected) and refused.reason == words
