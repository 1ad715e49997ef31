"""Webhooks: what an answer means, how long to wait, which addresses are of the public Internet."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.channels.post import is_public
from alerting.hooks.pace import LIFE, LONGEST_PAUSE_S, Heard, Standing, heard, next_try, pause_s, standing

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, Heard.TOOK),
        (204, Heard.TOOK),
        (302, Heard.NOT_NOW),
        (401, Heard.NOT_NOW),
        (404, Heard.NOT_NOW),
        (422, Heard.NOT_THIS_ONE),
        (429, Heard.NOT_NOW),
        (500, Heard.NOT_NOW),
        (None, Heard.NOT_NOW),
    ],
)
def test_what_an_answer_means(status: int | None, said: Heard) -> None:
    assert heard(status) is said


@given(st.lists(st.sampled_from(list(Heard)), max_size=60), st.integers(min_value=1, max_value=100_000))
def test_it_is_stopped_only_after_three_days_without_taking_anything(answers: list[Heard], step_s: int) -> None:
    now, state, took = NOW, Standing(), NOW
    for said in answers:
        state = standing(state, said, now)
        if said is Heard.TOOK:
            took = now
            assert state == Standing()
        if state.stopped_at is not None:
            assert now - took >= LIFE
            break
        if said is Heard.NOT_NOW:
            assert state.hold_until is not None
            assert timedelta() < state.hold_until - now <= timedelta(seconds=LONGEST_PAUSE_S)
        now += timedelta(seconds=step_s)


def test_pauses_grow_and_end() -> None:
    assert [pause_s(n) for n in (1, 2, 3)] == [5, 10, 20]
    assert pause_s(100) == LONGEST_PAUSE_S


def test_only_what_is_refused_for_itself_is_given_up() -> None:
    old = NOW - LIFE
    assert next_try(Heard.NOT_THIS_ONE, 9, old, NOW) is None
    assert next_try(Heard.NOT_THIS_ONE, 1, NOW, NOW) == NOW + timedelta(seconds=5)
    assert next_try(Heard.NOT_NOW, 1, old, NOW) == NOW + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("number", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("2002:0a00:0001::", False),
        ("ff02::1", False),
    ],
)
def test_which_addresses_are_public(number: str, public: bool) -> None:
    assert is_public(number) is public
