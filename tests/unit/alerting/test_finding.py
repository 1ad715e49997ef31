"""The life of a finding: tables of examples, and what holds for every life."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.finding import (
    ENDED,
    Finding,
    Sighting,
    Step,
    again,
    digested,
    ended,
    first,
    next_digest,
    overdue,
)
from alerting.finding_desk import judge
from alerting.finding_policy import FindingPolicy, Party, Terms
from alerting.model import Refused
from alerting.policy import load
from alerting.quiet import Quiet
from contracts.kinds import CommandKind, FindingClass, FindingState, QuietKind

ROOT = Path(__file__).resolve().parents[3]
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def shipped(kind: str) -> FindingPolicy:
    policy = load(ROOT / f"alerting/policies/{kind}.toml")
    assert isinstance(policy, FindingPolicy)
    return policy


KITCHEN, FAULT = shipped("kitchen"), shipped("fault")
QUIET = Quiet(
    id=7,
    kind=QuietKind.MAINTENANCE,
    owner="mu-1",
    reason="new ropes",
    starts_at=NOON - HOUR,
    ends_at=NOON + HOUR,
    lift_id=1,
)


@pytest.mark.parametrize(
    ("policy", "sighting", "kind", "state", "due"),
    [
        (KITCHEN, Sighting(rule="no_hat", confidence=0.95), "II", "pushed", DAY),
        (KITCHEN, Sighting(rule="no_hat", confidence=0.7), "II", "under_review", DAY),
        (KITCHEN, Sighting(rule="no_hat", confidence=0.3), "II", "detected", 7 * DAY),
        (KITCHEN, Sighting(rule="stranger"), "I", "pushed", 2 * HOUR),
        (KITCHEN, Sighting(rule="stranger", confidence=0.7), "I", "under_review", HOUR / 2),
        (KITCHEN, Sighting(rule="no_mask", advisory=True), "III", "detected", timedelta(hours=20)),
        (KITCHEN, Sighting(rule="no_mask", advisory=True, confidence=0.7), "III", "detected", 7 * DAY),
        (KITCHEN, Sighting(rule="no_mask", advisory=True, earlier=2), "II", "pushed", DAY),
        (KITCHEN, Sighting(rule="no_hat", kind="nursery"), "II", "pushed", DAY / 2),
        (KITCHEN, Sighting(rule="no_hat", campaign="gaokao"), "II", "pushed", DAY / 2),
        (KITCHEN, Sighting(rule="camera_blind", cause="offline"), "D", "detected", timedelta(seconds=300)),
        (KITCHEN, Sighting(rule="camera_blind", cause="covered"), "I", "pushed", 2 * HOUR),
        (KITCHEN, Sighting(rule="no_hat", quiet=QUIET), "II", "muted", HOUR),
        (FAULT, Sighting(rule="overspeed"), "I", "pushed", 2 * HOUR),
        (FAULT, Sighting(rule="mains_lost"), "II", "detected", timedelta(seconds=600)),
        (FAULT, Sighting(rule="ride_quality"), "III", "detected", timedelta(hours=20)),
        (FAULT, Sighting(rule="door_not_opening", kind="hospital"), "II", "pushed", DAY / 2),
        (FAULT, Sighting(rule="device_silent"), "D", "pushed", DAY),
    ],
)
def test_how_it_begins(policy: FindingPolicy, sighting: Sighting, kind: str, state: str, due: timedelta) -> None:
    terms, step = first(sighting, policy, NOON)
    assert (terms.kind, step.state, step.due_at) == (kind, state, NOON + due)


def test_the_daily_letter_is_written_at_its_hour_by_the_citys_clock() -> None:
    eight = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
    assert next_digest(KITCHEN, NOON) == eight
    assert next_digest(KITCHEN, eight) == eight + DAY
    assert next_digest(KITCHEN, eight - timedelta(seconds=1)) == eight


def made(step: Step, terms: Terms, now: datetime, **more: Any) -> Finding:
    """The row that a first step makes."""
    known = {"id": 1, "number": "F-1", "version": 0, "opened_at": now, "share": terms.share, "class": terms.kind}
    row = {**known, **more, "state": step.state, "due_at": step.due_at, "due_reason": step.due_reason}
    return msgspec.convert({**row, **step.changes}, type=Finding, strict=False)


def taken(finding: Finding, step: Step) -> Finding:
    """The row after a step, as the statement writes it."""
    names = {"kind" if name == "class" else name: value for name, value in step.changes.items() if value is not None}
    kept = {name: value for name, value in names.items() if name in Finding.__struct_fields__}
    if "kind" in kept:
        kept["kind"] = FindingClass(str(kept["kind"]))
    moved = {"state": step.state, "due_at": step.due_at, "due_reason": step.due_reason, "version": finding.version + 1}
    return msgspec.structs.replace(finding, **kept, **moved)


def pushed(policy: FindingPolicy = KITCHEN, rule: str = "no_hat", **more: Any) -> Finding:
    terms, step = first(Sighting(rule=rule), policy, NOON)
    return made(step, terms, NOON, **more)


@pytest.mark.parametrize(
    ("hours", "state", "level", "told"),
    [
        (24, "pushed", 1, {"owner", "grid"}),
        (120, "overdue_yellow", 2, {"owner", "grid", "bureau"}),
        (240, "overdue_red", 3, {"owner", "grid", "bureau"}),
    ],
)
def test_lateness_is_told_higher_and_higher(hours: int, state: str, level: int, told: set[str]) -> None:
    step = overdue(pushed(), KITCHEN, NOON + hours * HOUR)
    assert step is not None
    assert (step.state, step.changes["level"], set(step.tell)) == (state, level, told)


def test_what_is_red_is_said_again_and_again() -> None:
    finding, now = pushed(), NOON
    told: tuple[Party, ...] = ()
    for _ in range(5):
        assert finding.due_at is not None
        now = finding.due_at
        step = overdue(finding, KITCHEN, now)
        assert step is not None
        finding, told = taken(finding, step), step.tell
    assert (finding.state, finding.reminders) == (FindingState.OVERDUE_RED, 2)
    assert Party.BUREAU in told


def test_a_hollow_claim_wins_no_time() -> None:
    finding, words = pushed(), "done"
    for command in (CommandKind.RECTIFY, CommandKind.REJECT):
        step: Step | Refused = judge(finding, command, words, "x", KITCHEN, NOON + 4 * DAY)
        assert isinstance(step, Step)
        finding = taken(finding, step)
    late = overdue(finding, KITCHEN, NOON + 5 * DAY)
    assert late is not None
    assert late.state is FindingState.OVERDUE_YELLOW


def test_who_claims_again_and_again_is_told_red_all_the_same() -> None:
    finding, told, now = pushed(), set[Party](), NOON
    while now < NOON + 20 * DAY and finding.state is not FindingState.OVERDUE_RED:
        assert finding.due_at is not None
        now = max(now, finding.due_at - timedelta(seconds=1))
        claimed = judge(finding, CommandKind.RECTIFY, "done", "x", KITCHEN, now)
        assert isinstance(claimed, Step)
        hollow = judge(taken(finding, claimed), CommandKind.REJECT, "not done", "x", KITCHEN, now)
        assert isinstance(hollow, Step)
        finding = taken(taken(finding, claimed), hollow)
        step = overdue(finding, KITCHEN, now)
        if step is not None:
            finding, told = taken(finding, step), told | set(step.tell)
        now += timedelta(seconds=1)
    assert finding.state is FindingState.OVERDUE_RED
    assert Party.BUREAU in told
    assert now <= NOON + 10 * DAY + timedelta(seconds=2)


@pytest.mark.parametrize(("rule", "stands_still"), [("no_hat", True), ("stranger", False)])
def test_a_dispute_stops_the_clock_of_what_can_wait_alone(rule: str, stands_still: bool) -> None:
    finding = pushed(rule=rule)
    disputed = judge(finding, CommandKind.APPEAL, "not so", "x", KITCHEN, NOON + HOUR)
    assert isinstance(disputed, Step)
    appealed = taken(finding, disputed)
    assert appealed.due_at == (NOON + HOUR + 3 * DAY if stands_still else finding.due_at)
    assert appealed.due_at is not None
    late = overdue(appealed, KITCHEN, appealed.due_at)
    assert late is not None
    assert (late.state, late.action) == (FindingState.APPEALED, "reminder" if stands_still else "late")
    refused = judge(taken(appealed, late), CommandKind.APPEAL_REFUSE, "it is", "x", KITCHEN, appealed.due_at)
    assert isinstance(refused, Step)
    assert refused.changes["pushed_at"] == (NOON + 3 * DAY if stands_still else NOON)
    assert refused.due_at == (appealed.due_at + DAY if stands_still else NOON + DAY)


def test_who_may_make_a_case_of_it() -> None:
    terms, step = first(Sighting(rule="stranger", confidence=0.7), KITCHEN, NOON)
    doubtful = made(step, terms, NOON)
    assert isinstance(judge(doubtful, CommandKind.CASE, "a rat", "x", KITCHEN, NOON), Refused), "a person looks first"
    confirmed = judge(doubtful, CommandKind.CONFIRM, "", "x", KITCHEN, NOON)
    assert isinstance(confirmed, Step)
    case = judge(taken(doubtful, confirmed), CommandKind.CASE, "a rat", "x", KITCHEN, NOON)
    assert isinstance(case, Step)
    assert case.state is FindingState.CASE


def test_a_muting_ends_with_the_fault_or_with_a_letter() -> None:
    terms, step = first(Sighting(rule="door_not_opening", quiet=QUIET), FAULT, NOON)
    muted = made(step, terms, NOON, lift_id=1, still_on=True)
    later = NOON + HOUR
    told = overdue(muted, FAULT, later)
    assert told is not None
    assert (told.state, told.reason) == (
        FindingState.PUSHED,
        "still there after the muting: sent to the maintenance unit",
    )
    over = overdue(msgspec.structs.replace(muted, still_on=False), FAULT, later)
    assert over is not None
    assert (over.state, over.reason) == (FindingState.CLOSED, "ended while it was muted")
    longer = msgspec.structs.replace(QUIET, ends_at=NOON + 3 * DAY)
    still = overdue(muted, FAULT, later, longer)
    assert still is not None
    assert (still.state, still.due_at) == (FindingState.MUTED, NOON + DAY), "nothing is muted for longer than the limit"
    assert overdue(muted, FAULT, NOON + DAY, longer) == overdue(muted, FAULT, NOON + DAY)


sightings = st.builds(
    Sighting,
    rule=st.sampled_from([*KITCHEN.classes, *FAULT.classes]),
    confidence=st.sampled_from([0.3, 0.7, 0.95, 1.0, 1.0]),
    cause=st.sampled_from(["", "covered", "offline"]),
    advisory=st.booleans(),
    kind=st.sampled_from(["", "nursery", "hospital"]),
    campaign=st.sampled_from(["", "gaokao"]),
    earlier=st.integers(0, 3),
    quiet=st.sampled_from([None, QUIET]),
)
COMMANDS = (
    CommandKind.RECTIFY,
    CommandKind.APPEAL,
    CommandKind.APPEAL_ACCEPT,
    CommandKind.APPEAL_REFUSE,
    CommandKind.CONFIRM,
    CommandKind.VERIFY,
    CommandKind.REJECT,
    CommandKind.CASE,
    CommandKind.RAISE,
)
happenings = st.one_of(
    st.tuples(st.just("clock"), st.floats(0, 30)),
    st.tuples(st.just("command"), st.tuples(st.sampled_from(COMMANDS), st.sampled_from(["", "words", "words"]))),
    st.tuples(st.just("ended"), st.none()),
    st.tuples(st.just("again"), sightings),
)


def live(
    finding: Finding, by_itself: bool, what: str, how: Any, policy: FindingPolicy, now: datetime
) -> tuple[Step | None, datetime]:
    """One happening; a clock runs out when it is due, or some days late. Only what ended by itself can come again."""
    if what == "command":
        kind, words = how
        judged = judge(finding, kind, words, "x", policy, now)
        return (None if isinstance(judged, Refused) else judged), now
    if what == "ended":
        return ended(finding, "no longer", policy, now), now
    if what == "again":
        terms, begun = first(how, policy, now)
        gone = finding.state in ENDED and not by_itself
        return (None if gone else again(finding, terms, begun, policy, now)), now
    now = max(now, (finding.due_at or now) + timedelta(days=how if how > 15 else 0))
    step = digested(finding, policy, now) if finding.due_reason == "digest" else overdue(finding, policy, now)
    assert step is not None or finding.state in ENDED, f"{finding.state} does nothing at its clock"
    return step, now


@given(sightings, st.lists(happenings, max_size=25), st.booleans(), st.booleans())
def test_no_state_is_without_a_next_clock_except_the_closed(
    sighting: Sighting, happened: list[tuple[str, Any]], of_lift: bool, still_on: bool
) -> None:
    policy, now = (FAULT if of_lift else KITCHEN), NOON
    terms, step = first(sighting, policy, now)
    finding = made(step, terms, now, lift_id=1 if of_lift else None, still_on=still_on)
    assert finding.due_at is not None
    assert finding.due_at > now
    level, by_itself = 0, False
    for what, how in happened:
        before = finding
        following, now = live(finding, by_itself, what, how, policy, now)
        if following is None:
            continue
        finding, by_itself = taken(finding, following), "ended_at" in following.changes
        assert following.reason
        assert (finding.due_at is None) == (finding.state in ENDED), finding
        assert (following.changes.get("closed_at") is not None) == (finding.state in ENDED)
        if what == "clock" and finding.due_at is not None:
            assert finding.due_at > now, "a clock that has run out does not run out again at once"
        if before.kind is FindingClass.IMMEDIATE and what in ("clock", "ended") and finding.state in ENDED:
            assert before.pushed_at is None and what == "clock", "what is grave and was told is closed by people alone"
        assert finding.level >= level, "lateness is never untold"
        assert set(following.tell) <= set(policy.chain)
        level = finding.level


@given(sightings, st.lists(st.floats(0.01, 40), min_size=1, max_size=20))
def test_whatever_is_pushed_and_forgotten_reaches_the_bureau(sighting: Sighting, waits: list[float]) -> None:
    terms, step = first(sighting, KITCHEN, NOON)
    if step.state is not FindingState.PUSHED:
        return
    finding, told, now = made(step, terms, NOON), set(step.tell), NOON
    for days in [*waits, 11.0]:
        now += timedelta(days=days)
        following = overdue(finding, KITCHEN, now)
        if following is not None:
            finding, told = taken(finding, following), told | set(following.tell)
    assert Party.BUREAU in told
    assert finding.state is FindingState.OVERDUE_RED
