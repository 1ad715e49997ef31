"""PURE. The rules of a camera. A new one is a file with `step(state, scene, now, rules)` and a line here."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from edge.config import VisionRules
from edge.rules import Decision, crowding, lasting, no_hat, no_mask, stranger, wear
from edge.rules.scene import Scene

Step = Callable[[Any, Scene, datetime, VisionRules], tuple[Any, list[Decision]]]
"""each rule has a state of its own kind"""


class CameraRule(NamedTuple):
    step: Step
    start: object
    """its state before the first look"""


CAMERA_RULES = (
    CameraRule(no_hat.step, wear.WearState()),
    CameraRule(no_mask.step, wear.WearState()),
    CameraRule(stranger.step, lasting.LastingState()),
    CameraRule(crowding.step, lasting.LastingState()),
)
