"""When a letter is tried again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerting.retry import LONGEST_PAUSE_S, next_try, pause_s

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_pauses_grow_to_a_minute() -> None:
    assert [pause_s(n) for n in (1, 2, 3, 6, 7, 10_000)] == [1, 2, 4, 32, 60, 60]


def test_the_last_try_is_at_the_end_of_the_clock() -> None:
    assert next_try(6, NOW, NOW + timedelta(seconds=5)) == NOW + timedelta(seconds=5)
    assert next_try(1, NOW, NOW + timedelta(seconds=0.5)) is None
    assert next_try(1, NOW, NOW - timedelta(hours=1)) is None


@given(st.floats(0, 10_000))
def test_inside_its_clock_a_letter_is_never_left_alone_for_more_than_a_minute(life_s: float) -> None:
    give_up_at, at, attempts = NOW + timedelta(seconds=life_s), NOW, 0
    while True:
        attempts += 1
        following = next_try(attempts, at, give_up_at)
        if following is None:
            break
        assert timedelta(0) < following - at <= timedelta(seconds=LONGEST_PAUSE_S)
        assert following <= give_up_at
        at = following
    assert give_up_at - at < timedelta(seconds=1)
