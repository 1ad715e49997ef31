"""What an alarm means beside what is known, by tables; which alarms are one mass incident, by random cities."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.grouping import ALARMS, Alarm, Known, Meaning, masses, meaning
from alerting.lift_policy import Mass
from contracts.kinds import IncidentState, Rule
from tests.unit.alerting.test_escalation import POLICY

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
TRAPPED, BUTTON, STOPPED = Rule.TRAPPED_NON_LEVEL, Rule.ALARM_BUTTON, Rule.STOPPED_OUTSIDE_ZONE


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


OPEN = Known(state=IncidentState.DISPATCHED)
LOOKED_AT = Known(state=IncidentState.VERIFYING)
DRILL = Known(state=IncidentState.DISPATCHED, drill=True)


def ended(state: IncidentState, seconds: float) -> Known:
    return Known(state=state, closed_at=ago(seconds))


def released(seconds: float, closed: bool = False) -> Known:
    state = IncidentState.CLOSED if closed else IncidentState.RELEASED
    return Known(state=state, released_at=ago(seconds), closed_at=ago(seconds - 1) if closed else None)


@pytest.mark.parametrize(
    ("rule", "drill", "newest", "expected"),
    [
        (TRAPPED, False, None, Meaning.NEW),
        (STOPPED, False, None, Meaning.NEW),
        (TRAPPED, False, OPEN, Meaning.REPEAT),
        (BUTTON, False, OPEN, Meaning.REPEAT),
        (STOPPED, False, OPEN, Meaning.PART),
        (STOPPED, False, LOOKED_AT, Meaning.PART),
        (TRAPPED, False, LOOKED_AT, Meaning.PROMOTE),
        (BUTTON, False, LOOKED_AT, Meaning.PROMOTE),
        (TRAPPED, False, released(30), Meaning.REPEAT),
        (TRAPPED, False, released(61), Meaning.NEW),
        (TRAPPED, False, released(30, closed=True), Meaning.NEW),
        (TRAPPED, False, released(3600, closed=True), Meaning.NEW),
        (TRAPPED, False, ended(IncidentState.FALSE_ALARM, 1700), Meaning.REOPEN),
        (BUTTON, False, ended(IncidentState.FAULT_NOT_TRAPPED, 10), Meaning.REOPEN),
        (STOPPED, False, ended(IncidentState.FAULT_NOT_TRAPPED, 10), Meaning.NEW),
        (TRAPPED, False, ended(IncidentState.SELF_RELEASED, 1801), Meaning.NEW),
        (TRAPPED, False, ended(IncidentState.MERGED, 10), Meaning.NEW),
        (TRAPPED, False, DRILL, Meaning.REPLACE_DRILL),
        (STOPPED, False, DRILL, Meaning.REPLACE_DRILL),
        (BUTTON, True, OPEN, Meaning.REFUSED_DRILL),
        (BUTTON, True, DRILL, Meaning.REPEAT),
        (BUTTON, True, released(30), Meaning.NEW),
        (TRAPPED, False, Known(state=IncidentState.FALSE_ALARM, drill=True, closed_at=ago(5)), Meaning.NEW),
    ],
)
def test_what_an_alarm_means(rule: Rule, drill: bool, newest: Known | None, expected: Meaning) -> None:
    assert meaning(rule, drill, newest, POLICY.clocks, NOW) is expected


@given(
    st.sampled_from([TRAPPED, Rule.TRAPPED_LEVEL, BUTTON]),
    st.sampled_from(list(IncidentState)),
    st.booleans(),
    st.none() | st.integers(0, 10_000),
    st.none() | st.integers(0, 10_000),
)
def test_a_real_alarm_always_finds_somebody_called(
    rule: Rule, state: IncidentState, drill: bool, released_s: int | None, closed_s: int | None
) -> None:
    known = Known(
        state=state,
        drill=drill,
        released_at=None if released_s is None else ago(released_s),
        closed_at=None if closed_s is None else ago(closed_s),
    )
    judged = meaning(rule, False, known, POLICY.clocks, NOW)
    assert judged is not Meaning.REFUSED_DRILL and judged is not Meaning.PART
    if judged is Meaning.REPEAT and released_s is None:
        assert closed_s is None, "a repeat counts on what is still open"
    assert rule in ALARMS


def alarms() -> st.SearchStrategy[list[Alarm]]:
    one = st.builds(
        lambda lift, power: Alarm(lift, lift // 4 + 1, ["", "g-1", "g-2"][lift // 8 % 3], power),
        st.integers(0, 40),
        st.booleans(),
    )
    return st.lists(one, max_size=40, unique_by=lambda alarm: alarm.lift_id)


@given(alarms())
def test_no_group_is_too_small_and_none_is_left_out(found: list[Alarm]) -> None:
    limits = Mass()
    groups = masses(found, limits)
    for group in groups:
        assert len(group.lifts) >= (limits.grid_lifts if group.grid_code else limits.place_lifts)
        assert (group.place_id is None) == bool(group.grid_code)
    together = {lift for group in groups for lift in group.lifts}
    for place in {alarm.place_id for alarm in found}:
        lifts = {alarm.lift_id for alarm in found if alarm.place_id == place}
        assert len(lifts) < limits.place_lifts or lifts <= together
    dark = {alarm.lift_id for alarm in found if alarm.power}
    assert all(group.power == (2 * len(group.lifts & dark) > len(group.lifts)) for group in groups)
