"""PURE. A camera that is offline or frozen sees nothing: only a live one counts as an open kitchen.

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
    good_since: datetime | None = None


def step(
    state: BlindState,
    last_frame: datetime | None,
    same_since: datetime | None,
    now: datetime,
    rules: VisionRules,
    stale: timedelta = STALE,
) -> tuple[BlindState, list[Decision]]:
    """`last_frame`: when the newest picture was taken; `same_since`: since when all pictures have been identical."""
    began = state.began or now
    cause, since = _trouble(last_frame, same_since, began, now, stale)
    if cause is None:
        newest = last_frame or now
        good = state.good_since or newest
        live = newest - good >= LIVE_FOR
        if state.camera is CameraState.DEGRADED and live and state.bad_since is not None:
            ended = Decision(
                rule=Rule.CAMERA_BLIND, phase=Phase.END, at=state.bad_since, reason="live again", subject="camera"
            )
            return BlindState(camera=CameraState.ACTIVE, began=began, good_since=good), [ended]
        if state.camera is CameraState.DEGRADED:
            return msgspec.structs.replace(state, began=began, good_since=good), []
        camera = CameraState.ACTIVE if live else _not_yet(state.camera)
        return BlindState(camera=camera, began=began, good_since=good), []
    if state.camera is CameraState.DEGRADED:
        return msgspec.structs.replace(state, good_since=None), []
    if (now - since).total_seconds() < rules.frozen_after_s:
        # A short trouble keeps the good time: the picture is as live as it was.
        return msgspec.structs.replace(state, began=began), []
    started = Decision(
        rule=Rule.CAMERA_BLIND,
        phase=Phase.START,
        at=since,
        reason=f"{cause} for {rules.frozen_after_s:g} s",
        subject="camera",
        details={"cause": cause},
    )
    return BlindState(camera=CameraState.DEGRADED, began=began, bad_since=since), [started]


def _trouble(
    last_frame: datetime | None, same_since: datetime | None, began: datetime, now: datetime, stale: timedelta
) -> tuple[str | None, datetime]:
    """What is wrong, and since when."""
    if last_frame is None or now - last_frame > stale:
        return "offline", last_frame or began
    if same_since is not None:
        return "frozen", same_since
    return None, now


def _not_yet(camera: CameraState) -> CameraState:
    return CameraState.PENDING if camera is CameraState.NONE else camera
