"""Which letters of a chain go out: at once after a failure, in time when nothing is known, never in vain."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.fallback import Link, Step, decide
from contracts.kinds import OutboxState

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FALLBACK_S = 30.0
WAITING, QUEUED, LEASED, SENT, SPARED, FAILED = (OutboxState(name) for name in OutboxState)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def link(number: int, priority: int, state: OutboxState, **more: Any) -> Link:
    return Link(id=number, priority=priority, state=state, created_at=NOW, **more)


SECOND = link(2, 2, WAITING)
THIRD = link(3, 3, WAITING)


@pytest.mark.parametrize(
    ("first", "seconds", "expected"),
    [
        (link(1, 1, QUEUED), 5, "look"),
        (link(1, 1, LEASED), 29.9, "look"),
        (link(1, 1, LEASED), 30, "release"),
        (link(1, 1, QUEUED), 30, "release"),
        (link(1, 1, QUEUED, refused=True), 1, "release"),
        (link(1, 1, LEASED, refused=True), 1, "release"),
        (link(1, 1, FAILED), 1, "release"),
        (link(1, 1, SPARED), 1, "release"),
        (link(1, 1, SENT, sent_at=after(1)), 2, "spare"),
        (link(1, 1, SENT, sent_at=after(1)), 300, "spare"),
        (link(1, 1, SENT, sent_at=after(1), receipts=True), 2, "look"),
        (link(1, 1, SENT, sent_at=after(1), receipts=True), 31, "release"),
        (link(1, 1, SENT, sent_at=after(20), receipts=True), 31, "look"),
        (link(1, 1, SENT, sent_at=after(1), receipts=True, delivered_at=after(9)), 31, "spare"),
        (link(1, 1, SENT, sent_at=after(1), receipts=True, undelivered_at=after(9)), 10, "release"),
        (link(1, 1, SENT, sent_at=after(1), undelivered_at=after(9)), 10, "release"),
        (link(1, 1, QUEUED, undelivered_at=after(9)), 10, "release"),
        (link(1, 1, FAILED, delivered_at=after(9)), 10, "spare"),
        (link(1, 1, QUEUED, answered=True), 1, "spare"),
        (link(1, 1, LEASED), -3600, "release"),
    ],
)
def test_the_second_channel(first: Link, seconds: float, expected: str) -> None:
    step = decide([first, SECOND], after(seconds), FALLBACK_S)
    assert expected == ("release" if step.release else "spare" if step.spare else "look")
    assert step.release in ((), (2,))
    assert step.spare in ((), (2,))
    assert (step.look_at is not None) == (expected == "look")


def test_the_third_waits_for_the_second_as_long_again() -> None:
    second = link(2, 2, LEASED, released_at=after(30))
    chain = [link(1, 1, QUEUED), second, THIRD]
    assert decide(chain, after(31), FALLBACK_S).look_at == after(60)
    assert decide(chain, after(60), FALLBACK_S).release == (3,)
    refused = msgspec.structs.replace(second, refused=True)
    assert decide([link(1, 1, QUEUED), refused, THIRD], after(31), FALLBACK_S).release == (3,)


def test_equal_priorities_go_together_and_one_that_arrived_is_enough() -> None:
    chain = [link(1, 1, FAILED), link(2, 1, QUEUED), link(3, 2, WAITING), link(4, 2, WAITING)]
    assert decide(chain, after(1), FALLBACK_S).look_at == after(30), "one may still arrive"
    assert decide(chain, after(30), FALLBACK_S).release == (3, 4)
    told = [link(1, 1, FAILED), link(2, 1, SENT, sent_at=NOW), link(3, 2, WAITING), link(4, 3, WAITING)]
    assert decide(told, after(1), FALLBACK_S).spare == (3, 4)


def test_nothing_waits_where_nothing_waits() -> None:
    assert decide([link(1, 1, QUEUED)], NOW, FALLBACK_S) == Step()
    assert decide([], NOW, FALLBACK_S) == Step()


moments = st.none() | st.floats(-10, 200).map(after)
links = st.builds(
    Link,
    id=st.integers(1, 99),
    priority=st.integers(1, 3),
    state=st.sampled_from(OutboxState),
    created_at=st.floats(-10, 100).map(after),
    released_at=moments,
    sent_at=moments,
    delivered_at=moments,
    undelivered_at=moments,
    receipts=st.booleans(),
    refused=st.booleans(),
    answered=st.booleans(),
)


@given(st.lists(links, min_size=2, max_size=6), st.floats(0, 300))
def test_nobody_is_spared_without_being_told_and_nothing_waits_for_ever(chain: list[Link], seconds: float) -> None:
    chain = [msgspec.structs.replace(one, id=number) for number, one in enumerate(chain)]
    # What goes first never waits: so chains are written.
    first = min(one.priority for one in chain)
    chain = [
        msgspec.structs.replace(one, state=QUEUED) if one.priority == first and one.state is WAITING else one
        for one in chain
    ]
    waiting = {one.id for one in chain if one.state is WAITING}
    step = decide(chain, after(seconds), FALLBACK_S)
    assert bool(waiting) == bool(step.release or step.spare or step.look_at)
    assert set(step.release) | set(step.spare) <= waiting
    if step.spare:
        assert any(one.reached or one.answered for one in chain)
    if step.look_at:
        assert after(seconds) < step.look_at <= after(seconds + FALLBACK_S)
    if step.release:
        assert len({one.priority for one in chain if one.id in step.release}) == 1


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_where_no_gateway_ever_answers_every_way_is_tried_in_time(priorities: list[int]) -> None:
    """A chain whose letters hang: rank after rank goes out, one fallback after the other."""
    ranks = sorted(set(priorities))
    chain = [
        link(number, priority, LEASED if priority == ranks[0] else WAITING)
        for number, priority in enumerate(priorities)
    ]
    now = NOW
    for rank in ranks[1:]:
        step = decide(chain, now, FALLBACK_S)
        assert step.look_at is not None
        now = step.look_at
        released = set(decide(chain, now, FALLBACK_S).release)
        assert released == {one.id for one in chain if one.priority == rank}
        chain = [
            msgspec.structs.replace(one, state=LEASED, released_at=now) if one.id in released else one for one in chain
        ]
    assert now <= after(FALLBACK_S * (len(ranks) - 1))
    assert decide(chain, now, FALLBACK_S) == Step()
