"""From when on silence counts: a table of what can happen to ingest itself."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.hearing import JUMP_S, PATIENCE_S, Ear, Hearing, look

T0 = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WELL = (Ear(1, 100.0), Ear(1, 100.0))


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def first() -> Hearing:
    return look(None, WELL, 100.0, T0)


def test_the_first_look_holds_nothing_against_anybody() -> None:
    assert first().since == T0


def test_while_all_is_heard_the_beginning_stays() -> None:
    hearing = first()
    for step in range(1, 50):
        ears = tuple(Ear(1, 100.0 + 5 * step) for _ in WELL)
        hearing = look(hearing, ears, 100.0 + 5 * step, at(5 * step))
    assert hearing.since == T0


@pytest.mark.parametrize(
    ("ears", "now_s", "reason"),
    [
        ((Ear(None, 105.0), Ear(1, 105.0)), 5.0, "the broker is away"),
        ((Ear(2, 105.0), Ear(1, 105.0)), 5.0, "the broker was away"),
        ((Ear(1, 105.0), Ear(1, 105.0 - PATIENCE_S - 0.1)), 5.0, "ingest is behind the broker"),
        ((Ear(1, 105.0), Ear(1, 105.0)), 3605.0, "the database clock moved by +3600 s"),
        ((Ear(1, 105.0), Ear(1, 105.0)), -3595.0, "the database clock moved by -3600 s"),
    ],
)
def test_deafness_moves_it(ears: tuple[Ear, ...], now_s: float, reason: str) -> None:
    hearing = look(first(), ears, 105.0, at(now_s))
    assert (hearing.since, hearing.reason) == (at(now_s), reason)


@given(st.lists(st.tuples(st.booleans(), st.floats(min_value=-100, max_value=100)), max_size=40))
def test_silence_counts_only_since_the_last_deafness(course: list[tuple[bool, float]]) -> None:
    hearing, monotonic, now = first(), 100.0, T0
    deaf_at = T0
    for well, jump in course:
        monotonic += 5
        now += timedelta(seconds=5 + jump)
        hearing = look(hearing, (Ear(1 if well else None, monotonic),), monotonic, now)
        if not well or abs(jump) > JUMP_S or hearing.connections != (1,):
            deaf_at = now
        assert hearing.since <= now or abs(jump) <= JUMP_S
        assert hearing.since == now or well
    assert hearing.since >= deaf_at or hearing.since == T0
