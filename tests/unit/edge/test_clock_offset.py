"""The clock's offset: right within the error that it admits, whatever the line does."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from edge.centre_clock import Look, Offset, offset
from edge.status import clock_words

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_nothing_heard_is_not_zero() -> None:
    assert offset([]) is None
    assert clock_words(None) == {"clock": "not measured"}


def test_the_quickest_answer_counts_and_an_exact_one_before_a_date_header() -> None:
    slow = Look(T0, 4.0, T0 + timedelta(seconds=3.9), 0.0)
    quick = Look(T0, 0.02, T0 + timedelta(milliseconds=2010), 0.0)
    header = Look(T0, 0.01, T0 + timedelta(seconds=2), 1.0)
    assert offset([slow, quick, header]) == Offset(2000, 11)
    assert clock_words(Offset(2000, 11)) == {"clock": "within 11 ms"}


@given(
    st.integers(-4_000_000, 4_000_000),
    st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2), st.booleans()), min_size=1, max_size=5),
)
def test_the_truth_lies_within_the_error(ahead_ms: int, answers: list[tuple[float, float, bool]]) -> None:
    looks = []
    for there, back, whole in answers:
        theirs = T0 + timedelta(milliseconds=ahead_ms, seconds=there)
        looks.append(Look(T0, there + back, theirs.replace(microsecond=0) if whole else theirs, float(whole)))
    found = offset(looks)
    assert found is not None and abs(found.ms - ahead_ms) <= found.error_ms
