"""When an alarm began, by the centre's clock, whatever the device's clock says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.centre_time import LONGEST, centre_time

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR_MS = 3_600_000
TIMES = st.datetimes(timezones=st.just(UTC))
OFFSETS = st.none() | st.integers(min_value=-(2**63), max_value=2**63 - 1)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize(
    ("at_s", "observed_s", "told_ms", "heard_ms", "began_s"),
    [
        (-20, 0, 0, None, -20),
        (-3620, -3600, HOUR_MS, None, -20),
        (3580, 3600, -HOUR_MS, None, -20),
        (-3620, -3600, None, HOUR_MS, -20),
        (-3620, -3600, None, None, -20),
        (3580, 3600, None, None, -20),
        # Ten minutes in the spool of an edge an hour behind: only who knows the offset knows of the ten minutes.
        (-4220, -4200, HOUR_MS, None, -620),
        (-4220, -4200, HOUR_MS, 0, -620),
        (-4220, -4200, None, None, -20),
        # An offset that puts the alarm into the future is none.
        (0, 20, HOUR_MS, None, -20),
        (0, 20, HOUR_MS, -60_000, -60),
        # Not exact: an alarm does not begin after it has arrived.
        (0, 0, 800, None, 0),
        (20, 0, None, None, 0),
    ],
)
def test_examples(at_s: float, observed_s: float, told_ms: int | None, heard_ms: int | None, began_s: float) -> None:
    found = centre_time(NOON + seconds(at_s), NOON + seconds(observed_s), NOON, told_ms, heard_ms)
    assert found == NOON + seconds(began_s)


@given(at=TIMES, observed=TIMES, told=OFFSETS, heard=OFFSETS)
def test_it_is_never_in_the_future_and_never_long_ago(
    at: datetime, observed: datetime, told: int | None, heard: int | None
) -> None:
    assert NOON - LONGEST <= centre_time(at, observed, NOON, told, heard) <= NOON
