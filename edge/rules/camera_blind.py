"""PURE. A camera that is offline, frozen, dark, covered, blurred or turned away sees nothing of its kitchen.

Only a live one counts as an open kitchen, and blind time is reported as blind, never as "nothing was wrong".
It degrades slowly, so that a hiccup of the network is no event, and recovers quickly.
"""

from datetime import datetime, timedelta

import msgspec

from contracts.kinds import CameraState, Phase, Rule
from edge.config import VisionRules
from edge.rules import Decision

LIVE_FOR = timedelta(seconds=3)
STALE = timedelta(seconds=5)


class BlindState(msgspec.Struct, frozen=True, kw_only=True):
    camera: CameraState = CameraState.NONE
    began: datetime | None = None
    """when this camera was first asked about"""
    bad_since: datetime | None = None
    cause: str = ""
    """why it is blind; empty while it sees"""
    good_since: datetime | None = None


class Trouble(msgspec.Struct, frozen=True):
    """What is wrong, since when, and for how long it may be so."""

    cause: str
    since: datetime
    after_s: float


def step(
    state: BlindState,
    last_frame: datetime | None,
    same_since: datetime | None,
    now: datetime,
    rules: VisionRules,
    stale: timedelta = STALE,
    picture: tuple[str, datetime] | None = None,
) -> tuple[BlindState, list[Decision]]:
    """`last_frame`: when the newest picture was taken; `same_since`: since when all pictures have been identical;
    `picture`: what is wrong with what they show, and since when."""
    began = state.began or now
    trouble = _trouble(last_frame, same_since, began, now, rules, stale, picture)
    if trouble is None:
        return _sees(state, began, last_frame or now)
    if state.camera is CameraState.DEGRADED:
        return _still_blind(state, trouble)
    if (now - trouble.since).total_seconds() < trouble.after_s:
        # A short trouble keeps the good time: the picture is as live as it was.
        return msgspec.structs.replace(state, began=began), []
    reason = f"{trouble.cause} for {trouble.after_s:g} s"
    blind = BlindState(camera=CameraState.DEGRADED, began=began, bad_since=trouble.since, cause=trouble.cause)
    return blind, [_said(Phase.START, trouble.since, reason, trouble.cause)]


def _sees(state: BlindState, began: datetime, newest: datetime) -> tuple[BlindState, list[Decision]]:
    good = state.good_since or newest
    live = newest - good >= LIVE_FOR
    if state.camera is CameraState.DEGRADED and not live:
        return msgspec.structs.replace(state, began=began, good_since=good), []
    camera = CameraState.ACTIVE if live else _not_yet(state.camera)
    seeing = BlindState(camera=camera, began=began, good_since=good)
    if state.camera is CameraState.DEGRADED and state.bad_since is not None:
        return seeing, [_said(Phase.END, state.bad_since, "live again", state.cause)]
    return seeing, []


def _still_blind(state: BlindState, trouble: Trouble) -> tuple[BlindState, list[Decision]]:
    """It goes on, perhaps for another cause; that is said, as somebody else may have to come."""
    blind = msgspec.structs.replace(state, good_since=None, cause=trouble.cause)
    if trouble.cause == state.cause or state.bad_since is None:
        return blind, []
    return blind, [_said(Phase.UPDATE, state.bad_since, f"{trouble.cause}, before: {state.cause}", trouble.cause)]


def _said(phase: Phase, at: datetime, reason: str, cause: str) -> Decision:
    return Decision(
        rule=Rule.CAMERA_BLIND, phase=phase, at=at, reason=reason, subject="camera", details={"cause": cause}
    )


def _trouble(
    last_frame: datetime | None,
    same_since: datetime | None,
    began: datetime,
    now: datetime,
    rules: VisionRules,
    stale: timedelta,
    picture: tuple[str, datetime] | None,
) -> Trouble | None:
    """The worst first: what does not come cannot be looked at."""
    if last_frame is None or now - last_frame > stale:
        return Trouble("offline", last_frame or began, rules.frozen_after_s)
    if same_since is not None:
        return Trouble("frozen", same_since, rules.frozen_after_s)
    if picture is not None:
        return Trouble(*picture, rules.picture_after_s)
    return None


def _not_yet(camera: CameraState) -> CameraState:
    return CameraState.PENDING if camera is CameraState.NONE else camera
