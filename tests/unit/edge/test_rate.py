"""A token bucket: never more than the rate allows over any stretch of time, and nothing withheld that it allows."""

from hypothesis import given
from hypothesis import strategies as st

from edge import rate


@given(st.floats(0.5, 500), st.lists(st.tuples(st.floats(0, 3), st.integers(0, 400)), max_size=40))
def test_never_more_than_a_burst_and_the_rate(per_s: float, asks: list[tuple[float, int]]) -> None:
    bucket, now, gone = rate.full(per_s, 0.0), 0.0, 0
    for pause, wanted in asks:
        now += pause
        bucket, allowed = rate.step(bucket, now, wanted)
        assert 0 <= allowed <= wanted
        gone += allowed
        assert gone <= max(1.0, per_s) + now * per_s + 1e-6


def test_what_was_not_used_is_given_back_and_time_fills_it() -> None:
    bucket, allowed = rate.step(rate.full(10, 100.0), 100.0, 50)
    assert allowed == 10
    assert rate.step(bucket, 100.0, 1)[1] == 0
    assert rate.step(rate.refund(bucket, 4), 100.0, 50)[1] == 4
    assert rate.step(bucket, 100.5, 50)[1] == 5
    # A clock that goes back gives nothing and takes nothing.
    assert rate.step(bucket, 90.0, 50)[1] == 0
