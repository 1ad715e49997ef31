"""One camera's chain without clock, files or network: motion -> detector -> tracker -> rules.

Time comes with the picture, so that a recording is judged as the camera was.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from contracts.geometry import Point, inside
from contracts.kinds import ObjectKind, ZoneKind
from contracts.vision import Detection, Image, ModelRef
from edge import motion, track
from edge.config import CameraConfig, VisionRules
from edge.eye import Eye
from edge.rules import Decision, wear
from edge.rules.scene import Scene
from edge.rules.table import CAMERA_RULES


class Sight(msgspec.Struct, frozen=True):
    """What the detector saw in one picture, and what the rules made of it."""

    found: Sequence[Detection]
    """everything, also what lies in an ignored part: the public must not see it either"""
    detections: Sequence[Detection]
    """what the rules were shown"""
    scene: Scene
    decisions: Sequence[Decision]
    model: ModelRef


class Watcher:
    """Remembers one camera from picture to picture; the zones and thresholds may change in between."""

    def __init__(self, camera: CameraConfig, rules: VisionRules, eye: Eye, clock: ZoneInfo) -> None:
        self.camera, self.rules, self.eye, self.clock = camera, rules, eye, clock
        self.motion = motion.MotionState()
        self.heads, self.people = track.TrackState(), track.TrackState()
        self._states = [rule.start for rule in CAMERA_RULES]

    def see(self, image: Image, at: datetime) -> Sight | None:
        """One picture through the chain; None when nothing moves and the detector was spared.

        Raises what the detector raises.
        """
        seen = motion.covered(motion.thumb(image), self.camera.ignore)
        self.motion, look = motion.step(self.motion, seen, at)
        # Who sits still in a stopped car is exactly who must be found.
        if not (look or any(zone.kind is ZoneKind.LIFT_CAR for zone in self.camera.zones)):
            return None
        found, model = self.eye.look(image)
        detections = [one for one in found if not self._ignored(one, image)]
        scene = self._scene(detections, image, at)
        decisions = list[Decision]()
        for number, rule in enumerate(CAMERA_RULES):
            self._states[number], said = rule.step(self._states[number], scene, at, self.rules)
            decisions += said
        return Sight(found, detections, scene, decisions, model)

    def _scene(self, detections: Sequence[Detection], image: Image, at: datetime) -> Scene:
        height, width = image.shape[:2]
        people = [one for one in detections if one.kind is ObjectKind.PERSON]
        boxes = [one.box for one in people]
        heads = track.distinct([one for one in detections if one.kind is ObjectKind.HEAD])
        worth = [wear.clear_of_edges(head, width, height) for head in heads if wear.above_a_waist(head, boxes)]
        self.heads, seen_heads = track.step(self.heads, worth, at)
        self.people, seen_people = track.step(self.people, people, at)
        return Scene(
            heads=seen_heads,
            people=seen_people,
            width=width,
            height=height,
            zones=self.camera.zones,
            clock=self.clock,
        )

    def _ignored(self, one: Detection, image: Image) -> bool:
        middle = ((one.box.x1 + one.box.x2) / 2 / image.shape[1], (one.box.y1 + one.box.y2) / 2 / image.shape[0])
        return any(_in(middle, corners) for corners in self.camera.ignore)


def _in(point: Point, corners: Sequence[Point]) -> bool:
    return bool(corners) and inside(point, corners)
