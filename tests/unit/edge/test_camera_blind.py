"""Offline and frozen cameras degrade slowly and recover quickly."""

from datetime import UTC, datetime, timedelta

from contracts.kinds import CameraState, Phase
from edge.config import VisionRules
from edge.rules import Decision
from edge.rules.camera_blind import BlindState, step

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = VisionRules(frozen_after_s=20)


def play(seconds: list[str]) -> tuple[list[tuple[int, Decision]], list[CameraState]]:
    """One letter a second: 'f' a fresh picture, 's' the same picture again, '.' none."""
    state, said, states = BlindState(), [], []
    last, same = None, None
    for number, letter in enumerate(seconds):
        now = T0 + timedelta(seconds=number)
        last = now if letter in "fs" else last
        same = (same or now) if letter == "s" else None if letter == "f" else same
        state, decisions = step(state, last, same, now, RULES)
        said += [(number, decision) for decision in decisions]
        states.append(state.camera)
    return said, states


def test_a_camera_that_lives_is_pending_then_active() -> None:
    said, states = play(list("f" * 10))
    assert said == [] and states[0] is CameraState.PENDING and states[-1] is CameraState.ACTIVE


def test_a_short_gap_is_no_event() -> None:
    said, states = play(list("f" * 10 + "." * 12 + "f" * 10))
    assert said == [] and set(states[5:]) == {CameraState.ACTIVE}


def test_offline_starts_late_and_ends_soon() -> None:
    said, states = play(list("f" * 10 + "." * 60 + "f" * 10))
    assert [decision.phase for _, decision in said] == [Phase.START, Phase.END]
    (start, started), (end, ended) = said
    assert started.details["cause"] == "offline" and started.at == T0 + timedelta(seconds=9)
    assert 9 + 20 <= start <= 9 + 26 and 70 <= end <= 74 and ended.at == started.at
    assert states[-1] is CameraState.ACTIVE and states[50] is CameraState.DEGRADED


def test_a_frozen_picture_is_not_live() -> None:
    said, _ = play(list("f" * 10 + "s" * 40))
    assert [decision.details["cause"] for _, decision in said] == ["frozen"]


def test_a_camera_that_never_showed_anything_is_offline() -> None:
    said, states = play(list("." * 40))
    assert [decision.details["cause"] for _, decision in said] == ["offline"]
    assert states[3] is CameraState.NONE and states[-1] is CameraState.DEGRADED


def test_a_single_picture_in_between_does_not_end_it() -> None:
    said, _ = play(list("f" * 5 + "." * 40 + "f" + "." * 40))
    assert [decision.phase for _, decision in said] == [Phase.START]


def pictures(seconds: str) -> list[tuple[int, Decision]]:
    """Fresh pictures every second; a letter names what is wrong with them: 'c' covered, 'm' moved, '.' nothing."""
    state, said, since = BlindState(), [], None
    for number, letter in enumerate(seconds):
        now = T0 + timedelta(seconds=number)
        since = None if letter == "." else since or now
        trouble = ({"c": "covered", "m": "moved"}[letter], since) if since else None
        state, decisions = step(state, now, None, now, RULES, picture=trouble)
        said += [(number, decision) for decision in decisions]
    return said


def test_a_covered_picture_is_blind_time_with_both_ends() -> None:
    (start, started), (end, ended) = pictures("." * 10 + "c" * 60 + "." * 10)
    assert (start, started.phase, started.at) == (40, Phase.START, T0 + timedelta(seconds=10))
    assert (ended.phase, ended.at, ended.details["cause"]) == (Phase.END, started.at, "covered")
    assert started.details["cause"] == "covered" and 70 <= end <= 74


def test_somebody_close_to_the_camera_is_no_event() -> None:
    assert pictures("." * 10 + "c" * 25 + "." * 5 + "c" * 25 + "." * 10) == []


def test_another_cause_is_an_update_of_the_same_event() -> None:
    said = [decision for _, decision in pictures("." * 10 + "c" * 60 + "m" * 20 + "." * 10)]
    assert [decision.phase for decision in said] == [Phase.START, Phase.UPDATE, Phase.END]
    assert [decision.details["cause"] for decision in said] == ["covered", "moved", "moved"]
    assert len({decision.at for decision in said}) == 1


def test_no_pictures_are_worse_than_bad_ones() -> None:
    state, decisions = BlindState(), list[Decision]()
    for number in range(60):
        now = T0 + timedelta(seconds=number)
        state, more = step(state, T0, None, now, RULES, picture=("covered", T0))
        decisions += more
    assert [decision.details["cause"] for decision in decisions] == ["offline"]
