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
