"""How long a try must wait: a table, and what holds for every history."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.doors.lockout import LONGEST_WIDE_S, Failures, lock_s, locked_until

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def test_own_failures_wait_longer_each_time() -> None:
    assert [lock_s(n) for n in (0, 4, 5, 6, 30)] == [0, 0, 15, 30, 900]


@pytest.mark.parametrize(
    ("failures", "wait"),
    [
        (Failures(), None),
        (Failures(own=4, own_last=NOW), None),
        (Failures(own=5, own_last=NOW), 15),
        (Failures(own=5, own_last=NOW, known=True), 15),
        (Failures(login=20, login_last=NOW), 5),
        (Failures(login=500, login_last=NOW), 60),
        # Somebody guesses from elsewhere: where the true person comes from, nothing is felt of it.
        (Failures(login=500, login_last=NOW, known=True), None),
        (Failures(address=30, address_last=NOW), 5),
        (Failures(address=500, address_last=NOW), 60),
        (Failures(address=500, address_last=NOW, known=True), None),
        (Failures(own=5, own_last=NOW, address=500, address_last=NOW), 60),
    ],
)
def test_who_waits(failures: Failures, wait: int | None) -> None:
    assert locked_until(failures) == (None if wait is None else NOW + timedelta(seconds=wait))


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_others_never_shut_a_person_out_for_long(login: int, address: int) -> None:
    until = locked_until(Failures(login=login, login_last=NOW, address=address, address_last=NOW))
    assert until is None or until - NOW <= timedelta(seconds=LONGEST_WIDE_S)


@given(st.integers(0, 10_000))
def test_one_more_failure_never_shortens_the_wait(failures: int) -> None:
    assert lock_s(failures) <= lock_s(failures + 1)
