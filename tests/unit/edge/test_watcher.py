"""The chain as a whole with a detector that says what the test says; time is an argument."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from contracts.kinds import ObjectKind, Rule, Wear, ZoneKind
from contracts.vision import Box, Detection, Image, ModelRef, Worn
from edge.config import AreaConfig, CameraConfig, VisionRules
from edge.eye import Eye
from edge.watcher import Sight, Watcher

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
STREET = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))


class Bare:
    """A bare head at each x, swaying a little."""

    ref = ModelRef("bare", "1", "0" * 64)

    def __init__(self, *xs: float) -> None:
        self.xs, self.looks = xs, 0

    def detect(self, image: Image) -> Sequence[Detection]:
        self.looks += 1
        sway = 8.0 * (self.looks % 2)
        bare = Worn(Wear.NOT_WORN, 0.03)
        return [
            Detection(ObjectKind.HEAD, Box(x + sway, 80, x + 60 + sway, 150), 0.9, hat=bare, mask=bare) for x in self.xs
        ]


def watcher(detector: Bare, **camera: object) -> Watcher:
    config = CameraConfig(device="cam-1", **camera)  # type: ignore[arg-type]
    return Watcher(config, VisionRules(), Eye(None, lambda _: detector), ZoneInfo("UTC"))


def play(chain: Watcher, seconds: float, *, still: bool = False) -> list[Sight]:
    seen = []
    for number in range(int(seconds * 2)):
        image = np.full((360, 640, 3), 90 if still else 60 + 60 * (number % 2), np.uint8)
        sight = chain.see(image, T0 + timedelta(seconds=number / 2))
        seen += [sight] if sight else []
    return seen


def test_a_still_picture_spares_the_detector_but_never_in_a_lift_car() -> None:
    kitchen, car = Bare(), Bare()
    play(watcher(kitchen), 60, still=True)
    play(watcher(car, zone_kind=ZoneKind.LIFT_CAR), 60, still=True)
    assert kitchen.looks < 45 and car.looks == 120


def test_what_lies_in_an_ignored_part_is_not_judged_but_still_hidden_from_the_public() -> None:
    seen = play(watcher(Bare(100, 480), ignore=(STREET,)), 6)
    said = [decision for sight in seen for decision in sight.decisions if decision.rule is Rule.NO_HAT]
    assert [decision.subject for decision in said] == ["head-1"]
    assert said[0].box is not None and said[0].box.x2 < 320
    assert all(len(sight.found) == 2 and len(sight.detections) == 1 for sight in seen)


def test_motion_in_an_ignored_part_wakes_nobody() -> None:
    detector = Bare()
    chain = watcher(detector, ignore=(STREET,))
    for number in range(120):
        image = np.full((360, 640, 3), 90, np.uint8)
        image[:, 330:] = 60 + 60 * (number % 2)
        chain.see(image, T0 + timedelta(seconds=number / 2))
    assert detector.looks < 45


def test_zones_and_thresholds_change_without_losing_the_tracks() -> None:
    chain = watcher(Bare(100))
    play(chain, 1)
    before = dict(chain.heads.tracks)
    area = AreaConfig(name="cold room", kind=ZoneKind.SPECIAL_ROOM, corners=((0, 0), (1, 0), (1, 1), (0, 1)))
    chain.camera = CameraConfig(device="cam-1", area=(area,))
    said = [decision for sight in play(chain, 6) for decision in sight.decisions]
    assert {decision.zone for decision in said} == {"cold room"} and before.keys() == chain.heads.tracks.keys()
    assert {decision.rule for decision in said} == {Rule.NO_HAT, Rule.NO_MASK}
