"""Time that does not go back."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerting.steady import SLEW, Steady

T0 = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_it_follows_the_clock_forward() -> None:
    steady = Steady()
    assert steady.at(T0, 5.0) == T0
    assert steady.at(T0 + timedelta(seconds=1), 6.0) == T0 + timedelta(seconds=1)
    assert steady.at(T0 + timedelta(hours=1), 7.0) == T0 + timedelta(hours=1)
    assert steady.ahead == timedelta(0)


def test_a_clock_that_is_set_back_holds_no_deadline_back() -> None:
    steady = Steady()
    steady.at(T0, 100.0)
    back = T0 - timedelta(hours=1)
    assert steady.at(back, 100.0) == T0
    assert steady.at(back + timedelta(seconds=180), 280.0) == T0 + timedelta(seconds=180 * SLEW)
    assert steady.ahead == timedelta(hours=1) - timedelta(seconds=180 * (1 - SLEW))


def test_in_the_end_it_is_the_clock_again() -> None:
    steady = Steady()
    steady.at(T0, 0.0)
    for second in range(1, 40):
        steady.at(T0 - timedelta(seconds=1) + timedelta(seconds=second), float(second))
    assert steady.ahead == timedelta(0)


def test_a_restart_goes_on_where_the_desk_was_but_not_at_a_clock_gone_mad() -> None:
    assert Steady(T0 + timedelta(hours=1)).at(T0, 3.0) == T0 + timedelta(hours=1)
    assert Steady(T0 + timedelta(days=2)).at(T0, 3.0) == T0
    assert Steady(T0 - timedelta(hours=1)).at(T0, 3.0) == T0


@given(st.lists(st.tuples(st.floats(-7200, 7200), st.floats(0, 100)), min_size=1, max_size=50))
def test_whatever_the_clock_does_time_never_goes_back_nor_behind_it(jumps: list[tuple[float, float]]) -> None:
    steady, counted, clock, last = Steady(), 1.0, T0, T0 - timedelta(days=1)
    for jump, passed in jumps:
        counted += passed
        clock += timedelta(seconds=jump + passed)
        now = steady.at(clock, counted)
        assert now >= last or last - clock > timedelta(days=1)
        assert now >= clock
        last = now
