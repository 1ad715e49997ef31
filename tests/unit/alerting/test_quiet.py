"""Mutings: faults for a while, never a person."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.finding_policy import FAULT_RULES, KITCHEN_RULES
from alerting.model import Refused
from alerting.quiet import Quiet, Subject, Wish, muted, wanted
from contracts.kinds import NEVER_MUTED, CentreRule, QuietKind, Rule

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
HERE = Subject(device_id=4, place_id=2, lift_id=1)
WHOLE = Quiet(
    id=1, kind=QuietKind.MAINTENANCE, owner="mu-1", reason="ropes", starts_at=NOON, ends_at=NOON + HOUR, lift_id=1
)
ASKED = {"kind": "maintenance", "minutes": "60", "owner": "mu-1"}


@pytest.mark.parametrize(
    ("change", "covered"),
    [
        ({}, True),
        ({"starts_at": NOON + HOUR / 2}, False),
        ({"ends_at": NOON}, False),
        ({"ended_at": NOON}, False),
        ({"ended_at": NOON + HOUR / 2}, True),
        ({"lift_id": 9}, False),
        ({"lift_id": None, "place_id": 2}, True),
        ({"lift_id": None, "device_id": 4}, True),
        ({"lift_id": None, "kitchen_id": 1}, False),
        ({"lift_id": None}, False),
        ({"rule": "mains_lost"}, True),
        ({"rule": "overspeed"}, False),
    ],
)
def test_what_it_covers(change: dict[str, object], covered: bool) -> None:
    quiet = msgspec.structs.replace(WHOLE, **change)
    assert (muted(Rule.MAINS_LOST, HERE, [quiet], NOON) is not None) is covered


def test_of_several_the_longest_counts() -> None:
    longer = msgspec.structs.replace(WHOLE, id=2, ends_at=NOON + 2 * HOUR)
    assert muted(Rule.MAINS_LOST, HERE, [WHOLE, longer], NOON) == longer


times = st.sampled_from([NOON + hours * HOUR for hours in range(-2, 3)])
quiets = st.builds(
    Quiet,
    id=st.integers(1, 9),
    kind=st.sampled_from(QuietKind),
    owner=st.just("x"),
    reason=st.just("x"),
    starts_at=times,
    ends_at=times,
    ended_at=st.none() | times,
    lift_id=st.sampled_from([None, 1]),
    place_id=st.sampled_from([None, 2]),
    kitchen_id=st.none(),
    device_id=st.sampled_from([None, 4]),
    rule=st.just("") | st.sampled_from([*Rule]),
)


@given(st.sampled_from([*Rule, *CentreRule]), st.lists(quiets, max_size=6), times)
def test_a_person_who_may_be_inside_is_never_muted(rule: str, running: list[Quiet], now: datetime) -> None:
    found = muted(rule, HERE, running, now)
    assert found is None or rule not in NEVER_MUTED
    assert found is None or found.starts_at <= now < found.ends_at


@pytest.mark.parametrize("rule", [*Rule, *CentreRule])
def test_every_rule_is_muted_or_never(rule: str) -> None:
    assert (muted(rule, HERE, [WHOLE], NOON) is None) is (rule in NEVER_MUTED)
    by_name = msgspec.structs.replace(WHOLE, rule=rule)
    assert (muted(rule, HERE, [by_name], NOON) is None) is (rule in NEVER_MUTED)


def test_every_alarm_is_among_what_is_never_muted() -> None:
    assert {rule for rule in Rule if rule.startswith("trapped")} | {Rule.ALARM_BUTTON} <= NEVER_MUTED
    assert not NEVER_MUTED & {*FAULT_RULES, *KITCHEN_RULES}
    assert NEVER_MUTED | {*FAULT_RULES, *KITCHEN_RULES} == set(Rule), "every rule is known to be one or the other"


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"kind": "nap"}, "x", "kind: 'nap', expected maintenance"),
        ({"owner": " "}, "x", "owner: '', expected who"),
        ({}, " ", "reason: '', expected why"),
        ({"rule": "alarm_button"}, "x", "somebody may be inside"),
        ({"rule": "no_hat"}, "x", "rule: 'no_hat', expected"),
        ({"minutes": "0"}, "x", "minutes: '0', expected 1 to 1440"),
        ({"minutes": "1441"}, "x", "expected 1 to 1440"),
        ({"minutes": "-5"}, "x", "expected 1 to 1440"),
        ({"minutes": "²"}, "x", "expected 1 to 1440"),
        ({"minutes": "9" * 30}, "x", "expected 1 to 1440"),
        ({"minutes": None}, "x", "expected 1 to 1440"),
    ],
)
def test_what_may_not_be_muted_is_said(change: dict[str, object], reason: str, words: str) -> None:
    found = wanted({**ASKED, **change}, reason, FAULT_RULES, 86_400, NOON)
    assert isinstance(found, Refused)
    assert words in found.reason


def test_what_may_be_muted() -> None:
    found = wanted({**ASKED, "rule": "mains_lost"}, "ropes", FAULT_RULES, 86_400, NOON)
    assert isinstance(found, Wish)
    assert (found.until, found.rule, found.owner) == (NOON + HOUR, "mains_lost", "mu-1")
