"""A running camera takes new zones, thresholds and looks over without losing who it follows."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from contracts.kinds import CameraState, ObjectKind, Withheld, ZoneKind
from contracts.vision import Box, Detection, Image, ModelRef
from edge.camera_duty import CameraDuty
from edge.capture import Frame
from edge.config import CameraConfig, EdgeConfig, Rules, VisionRules
from edge.drawn import Scene
from edge.eye import Eye
from edge.live_config import LiveConfig
from edge.outbox import Outbox
from edge.watcher import Watcher
from models.errors import ModelError
from tests.integration.edge.test_camera_chain import Heard

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Still:
    """One head that stays where it is; breaks on demand."""

    ref = ModelRef("still", "1", "0" * 64)

    def __init__(self) -> None:
        self.broken = False

    def detect(self, image: Image) -> Sequence[Detection]:
        if self.broken:
            raise ModelError("the runtime is gone")
        return [Detection(ObjectKind.HEAD, Box(200, 120, 260, 190), 0.9)]


def config(folder: Path, looks: int = 5, **camera: Any) -> EdgeConfig:
    return EdgeConfig(
        agent="agent-1",
        site="site-1",
        spool=str(folder),
        rules=Rules(vision=VisionRules(looks=looks)),
        camera=(CameraConfig(device="cam-1", **{"looks_per_second": 10.0, **camera}),),
    )


class Run:
    def __init__(self, folder: Path) -> None:
        self.folder, self.live, self.detector = folder, LiveConfig(config(folder)), Still()
        now = self.live.now
        self.heard, self.outbox = Heard(), Outbox(folder / "pictures")
        watcher = Watcher(now.camera[0], now.rules.vision, Eye(None, lambda _: self.detector), ZoneInfo("UTC"))
        self.duty = CameraDuty(watcher, self.heard, self.outbox, live=self.live)
        self.stop, self.ended = threading.Event(), 0
        self.thread = threading.Thread(daemon=True, target=self._keep)

    def _keep(self) -> None:
        """As the service does: whoever returns is started again."""
        while not self.stop.is_set():
            self.duty.run(self.stop)
            self.ended += 1

    @property
    def tracks(self) -> set[int]:
        return set(self.duty.watcher.heads.tracks)


def until(look: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.02)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    yield made
    made.stop.set()
    if made.thread.is_alive():
        made.thread.join(20)


def test_zones_and_thresholds_change_between_two_pictures(run: Run) -> None:
    run.thread.start()
    until(lambda: run.tracks)
    before = run.tracks
    newer = config(run.folder, looks=9, zone="hot", zone_kind=ZoneKind.SPECIAL_ROOM)
    assert run.live.swap(newer).cameras == ()
    until(lambda: run.duty.watcher.camera is newer.camera[0])
    assert run.duty.watcher.rules is newer.rules.vision and run.duty.rules.looks == 9
    assert run.tracks == before and run.ended == 0, "nobody is lost, nothing is opened anew"


def test_another_pace_opens_the_capture_anew_and_keeps_the_tracks(run: Run) -> None:
    run.thread.start()
    until(lambda: run.tracks)
    before = run.tracks
    assert run.live.swap(config(run.folder, looks_per_second=5.0)).cameras == ("cam-1",)
    until(lambda: run.ended == 1)
    seen = run.duty.watcher.motion.looked
    until(lambda: run.duty.watcher.motion.looked != seen)
    assert run.tracks == before


def reason(run: Run) -> Withheld | None:
    path = run.folder / "pictures" / "waiting" / "b-cam-1.json"
    if not path.exists() or not msgspec.json.decode(path.read_bytes())["path"].endswith("/withheld"):
        return None
    return Withheld(msgspec.json.decode(path.with_suffix(".jpg").read_bytes())["reason"])


def test_a_detector_that_fails_leaves_the_public_with_the_reason(run: Run) -> None:
    run.duty.see(Frame(1, Scene(1).frame(0)[0], T0))
    assert reason(run) is None
    run.detector.broken = True
    with pytest.raises(ModelError):
        run.duty.see(Frame(2, Scene(1).frame(1)[0], T0 + timedelta(seconds=11)))
    assert reason(run) is Withheld.DETECTOR


def test_a_frozen_camera_is_not_shown_as_now(run: Run) -> None:
    image = Scene(1).frame(0)[0]
    for second in range(40):
        now = T0 + timedelta(seconds=second)
        run.duty.see(Frame(second, image, now))
        run.duty.tell(second, "", now)
    assert run.heard.samples[-1].state is CameraState.DEGRADED
    assert reason(run) is Withheld.BLIND
    for second in range(40, 55):
        now = T0 + timedelta(seconds=second)
        run.duty.see(Frame(second, Scene(1).frame(float(second))[0], now))
        run.duty.tell(second, "", now)
    assert reason(run) is None


def test_the_public_never_sees_into_a_car(tmp_path: Path) -> None:
    camera = CameraConfig(device="cam-1", zone_kind=ZoneKind.LIFT_CAR)
    watcher = Watcher(camera, VisionRules(), Eye(None, lambda _: Still()), ZoneInfo("UTC"))
    duty = CameraDuty(watcher, Heard(), Outbox(tmp_path))
    duty.see(Frame(1, Scene(1).frame(0)[0], T0))
    assert list((tmp_path / "waiting").iterdir()) == []
