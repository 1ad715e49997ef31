"""How often a program may call, and where a page begins."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.v1.limit import Bucket, take
from api.v1.paging import EPOCH, START, Mark, following, mark


@given(st.integers(1, 1000), st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_never_more_than_its_share(per_minute: int, steps: list[float]) -> None:
    bucket, now, taken = Bucket(per_minute, 0.0), 0.0, 0
    for step in steps:
        now += step
        wait = take(bucket, per_minute, now)
        taken += wait == 0
        assert wait >= 0
    assert taken <= per_minute + now * per_minute / 60 + 1e-6


def test_who_waits_as_long_as_told_is_let_in() -> None:
    bucket = Bucket(1, 0.0)
    assert take(bucket, 1, 0.0) == 0
    wait = take(bucket, 1, 1.0)
    assert take(bucket, 1, 1.0 + wait + 1e-9) == 0


@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)), st.integers(1, 2**53))  # noqa: DTZ001
def test_a_page_begins_where_the_last_ended(at: datetime, number: int) -> None:
    rows = [{"opened_at": at, "id": number}, {"opened_at": at, "id": number + 1}]
    text = following(list(rows), 1)
    assert text is not None
    assert mark(text) == Mark(at, number)
    assert following(list(rows), 2) is None


def test_what_is_no_mark_is_none() -> None:
    assert mark("") == START == Mark(EPOCH, 0)
    for text in ("x", "1", "-1-2", "1-2-3", "1" * 18 + "-1", " 1-2"):
        assert mark(text) is None
    assert mark(f"{timedelta(days=1) // timedelta(microseconds=1)}-7") == Mark(EPOCH + timedelta(days=1), 7)
