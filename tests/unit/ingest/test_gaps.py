"""Sets of sequence numbers as ranges say the same as sets of numbers, whatever the order in which messages come."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.gaps import Change, Known, Range, follow, never_came, union, without

RANGE = st.tuples(st.integers(0, 40), st.integers(1, 9)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def numbers(ranges: list[Range]) -> set[int]:
    return {seq for start, end in ranges for seq in range(start, end)}


@pytest.mark.parametrize(
    ("known", "fresh", "change"),
    [
        (Known(), [0, 1, 2], Change(Known(3), [], [])),
        (Known(), [2, 0], Change(Known(3, ((1, 2),)), [(1, 2)], [])),
        (Known(5, ((2, 4),)), [3, 7], Change(Known(8, ((2, 3), (5, 7))), [(5, 7)], [3])),
        (Known(5), [], Change(Known(5), [], [])),
        (Known(), [4], Change(Known(5, ((0, 4),)), [(0, 4)], [])),
        (Known(9, ((1, 8),)), [4], Change(Known(9, ((1, 4), (5, 8))), [], [4])),
    ],
)
def test_following_a_stream(known: Known, fresh: list[int], change: Change) -> None:
    assert follow(known, fresh) == change


@given(st.lists(st.lists(st.integers(0, 40), max_size=12), max_size=8))
def test_in_any_order_and_however_often_a_number_is_new_once(batches: list[list[int]]) -> None:
    known, come = Known(), set[int]()
    for batch in batches:
        fresh = {seq for seq in batch if not known.has(seq)}
        assert fresh == set(batch) - come
        change = follow(known, fresh)
        assert set(change.late) == {seq for seq in fresh if seq < known.next_seq}
        known, come = change.known, come | fresh
        assert known.next_seq == max(come, default=-1) + 1
        assert numbers(list(known.missing)) == set(range(known.next_seq)) - come
        assert all(one[1] < other[0] for one, other in itertools.pairwise(known.missing)), "none touches the next"


@given(st.sets(st.integers(0, 30)), st.lists(RANGE, max_size=6))
def test_what_was_given_up_and_came_all_the_same_is_not_lost(come: set[int], told: list[Range]) -> None:
    known = follow(Known(), come).known
    assert never_came(known, union(told)) == len(numbers(told) - come)


@given(st.lists(RANGE, max_size=12))
def test_a_union_holds_the_same_numbers_once(ranges: list[Range]) -> None:
    merged = union(ranges)
    assert sorted(numbers(merged)) == [seq for start, end in merged for seq in range(start, end)]
    assert numbers(merged) == numbers(ranges)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(merged)), "none touches the next"


@given(st.lists(RANGE, max_size=8), st.lists(RANGE, max_size=8))
def test_taking_ranges_away(ranges: list[Range], taken: list[Range]) -> None:
    assert numbers(without(union(ranges), union(taken))) == numbers(ranges) - numbers(taken)
