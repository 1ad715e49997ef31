"""The whole chain with the shipped model, and a camera's duty with its process, its events and its pictures."""

import hashlib
import json
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest

from contracts.kinds import CameraState, ObjectKind, Phase, Rule, Wear, ZoneKind
from contracts.messages import AnySample, CameraSample
from contracts.vision import Box, Detection, Detector, Image, ModelRef, Worn
from edge.camera_duty import CameraDuty, camera_duties
from edge.capture import Frame
from edge.config import CameraConfig, EdgeConfig, UploadConfig, VisionRules
from edge.drawn import Scene
from edge.eye import Eye
from edge.outbox import Outbox
from edge.presence import PresenceBoard
from edge.sink import EventDraft
from edge.watcher import Watcher
from models.detector import open_detector

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Heard:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.events: list[EventDraft] = []
        self.samples: list[CameraSample] = []
        self.states: dict[str, str] = {}
        self.known: dict[str, dict[str, str]] = {}

    def telemetry(self, device: str, base: datetime, samples: Sequence[AnySample]) -> None:
        self.samples += [sample for sample in samples if isinstance(sample, CameraSample)]

    def event(self, draft: EventDraft) -> UUID:
        assert draft.id is not None
        self.events.append(draft)
        return draft.id

    def health(self, device: str, state: str) -> None:
        self.states[device] = state

    def facts(self, device: str, facts: Mapping[str, str]) -> None:
        self.known[device] = dict(facts)

    def starts(self, rule: Rule) -> list[EventDraft]:
        return [draft for draft in self.events if draft.rule is rule and draft.phase is Phase.START]


class Scripted:
    """Says what the test says: one bare, one unclear and one covered head that sway."""

    ref = ModelRef("scripted", "1", "0" * 64)

    def __init__(self, *states: Wear) -> None:
        self.states, self.looks = states, 0

    def detect(self, image: Image) -> Sequence[Detection]:
        self.looks += 1
        sway = 8.0 * (self.looks % 2)
        score = {Wear.WORN: 0.98, Wear.UNKNOWN: 0.5, Wear.NOT_WORN: 0.04}
        return [
            Detection(
                ObjectKind.HEAD,
                Box(50 + 150 * place + sway, 80, 110 + 150 * place + sway, 160),
                0.9,
                hat=Worn(state, score[state]),
                mask=Worn(Wear.UNKNOWN, 0.5),
            )
            for place, state in enumerate(self.states)
        ]


def duty_of(folder: Path, heard: Heard, detector: Detector | None = None, **config: object) -> CameraDuty:
    camera = CameraConfig(device="cam-1", zone="stove", **config)  # type: ignore[arg-type]
    eye = Eye(None, (lambda _: detector) if detector else open_detector)
    watcher = Watcher(camera, VisionRules(), eye, ZoneInfo("UTC"))
    return CameraDuty(watcher, heard, Outbox(folder), now=lambda: T0)


def watch(duty: CameraDuty, scene: Scene, seconds: float, every: float = 0.5) -> None:
    for number in range(int(seconds / every)):
        now = T0 + timedelta(seconds=number * every)
        duty.see(Frame(number + 1, scene.frame(number * every)[0], now))
        duty.tell(number + 1, "", now)


@pytest.fixture(scope="module")
def first_half_minute(tmp_path_factory: pytest.TempPathFactory) -> tuple[Heard, Path]:
    folder, heard = tmp_path_factory.mktemp("drawn"), Heard()
    watch(duty_of(folder, heard, zone_kind=ZoneKind.SPECIAL_ROOM), Scene(1), 30)
    return heard, folder


def test_the_bare_headed_cook_is_exactly_one_event(first_half_minute: tuple[Heard, Path]) -> None:
    heard, _ = first_half_minute
    starts = heard.starts(Rule.NO_HAT)
    assert len(starts) == 1
    event = starts[0]
    scene = Scene(1)
    bare = next(
        one
        for one in scene.frame((event.at - T0).total_seconds())[1]
        if one.kind is ObjectKind.HEAD and one.name == "bare"
    )
    assert event.box is not None and event.model is not None and event.model.name
    assert abs(event.box.x1 + event.box.x2 - bare.box.x1 - bare.box.x2) / 2 < 40
    assert event.confidence > 0.5 and event.rev == 0 and event.zone == "stove"
    assert event.at <= T0 + timedelta(seconds=20)


def test_its_picture_lies_ready_under_its_hash(first_half_minute: tuple[Heard, Path]) -> None:
    heard, folder = first_half_minute
    event = heard.starts(Rule.NO_HAT)[0]
    (evidence,) = event.evidence
    parcels = [json.loads(path.read_text()) for path in (folder / "waiting").glob("a-*.json")]
    assert f"/edge/v1/evidence/{event.id}/{evidence.sha256}" in [parcel["path"] for parcel in parcels]
    (picture,) = (folder / "waiting").glob(f"a-{event.id}-*.jpg")
    assert hashlib.sha256(picture.read_bytes()).hexdigest() == evidence.sha256


def test_the_camera_says_how_it_does(first_half_minute: tuple[Heard, Path]) -> None:
    heard, folder = first_half_minute
    assert 5 <= len(heard.samples) <= 7 and heard.samples[-1].state is CameraState.ACTIVE
    assert sum(sample.looks for sample in heard.samples) > 40
    assert heard.samples[-1].people >= 3 and heard.states == {"cam-1": "ok"}
    known = heard.known["cam-1"]
    assert float(known["fps"]) == pytest.approx(2.0, abs=0.3) and float(known["inference_ms"]) > 0
    assert len(known["model"].split()[-1]) == 64, "by its hash"
    still = cv2.imdecode(np.frombuffer((folder / "waiting" / "b-cam-1.jpg").read_bytes(), np.uint8), 1)
    assert still is not None and still.shape[1] <= 480


def test_a_crew_that_wears_everything_is_left_alone_by_the_hat_rule(tmp_path: Path) -> None:
    heard = Heard()
    watch(duty_of(tmp_path, heard), Scene(3), 15)
    assert heard.starts(Rule.NO_HAT) == []


def test_only_not_worn_is_an_event_and_it_ends_under_the_same_name(tmp_path: Path) -> None:
    heard = Heard()
    detector = Scripted(Wear.NOT_WORN, Wear.UNKNOWN, Wear.WORN)
    duty = duty_of(tmp_path, heard, detector)
    watch(duty, Scene(1), 8)
    (start,) = heard.events
    assert (start.rule, start.subject, start.model) == (Rule.NO_HAT, "head-1", Scripted.ref)
    assert start.confidence == pytest.approx(0.96)
    detector.states = (Wear.WORN, Wear.UNKNOWN, Wear.WORN)
    for number in range(16, 24):
        duty.see(Frame(number, Scene(1).frame(number / 2)[0], T0 + timedelta(seconds=number / 2)))
    end = heard.events[-1]
    assert (len(heard.events), end.phase, end.id, end.rev, end.at) == (2, Phase.END, start.id, 1, start.at)


def test_what_a_killed_agent_left_open_ends_when_the_next_one_starts(tmp_path: Path) -> None:
    heard = Heard()

    def duty() -> CameraDuty:
        watcher = Watcher(
            CameraConfig(device="cam-1", zone="stove"),
            VisionRules(),
            Eye(None, lambda _: Scripted(Wear.NOT_WORN)),
            ZoneInfo("UTC"),
        )
        return CameraDuty(watcher, heard, Outbox(tmp_path), folder=tmp_path / "open", now=lambda: T0)

    watch(duty(), Scene(1), 8)
    (start,) = heard.events
    stop = threading.Event()
    stop.set()
    after = duty()
    after.run(stop)
    end = heard.events[-1]
    assert (end.phase, end.id, end.rev, end.at, end.zone) == (Phase.END, start.id, 1, start.at, "stove")
    assert end.details == {"reason": "the agent was started again"} and end.evidence == ()
    # The same duty begun again, as after a reload, ends nothing; and a third agent finds nothing left.
    watch(after, Scene(1), 8)
    after.run(stop)
    assert [event.phase for event in heard.events] == [Phase.START, Phase.END, Phase.START]
    duty().run(stop)
    assert heard.events[-1].phase is Phase.END
    duty().run(stop)
    assert len(heard.events) == 4


def test_a_full_disk_costs_the_picture_and_not_the_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edge.whole.write", full)
    heard = Heard()
    watch(duty_of(tmp_path, heard, Scripted(Wear.NOT_WORN)), Scene(1), 5)
    assert len(heard.events) == 1 and heard.events[0].evidence == ()
    assert "an event goes without its picture" in caplog.text and "No space left" in caplog.text


def test_a_frozen_camera_is_told_and_recovers(tmp_path: Path) -> None:
    heard = Heard()
    duty = duty_of(tmp_path, heard, Scripted())
    image, scene = Scene(1).frame(0)[0], Scene(1)
    for second in range(40):
        now = T0 + timedelta(seconds=second)
        duty.see(Frame(second, image, now))
        duty.tell(second, "", now)
    assert [(draft.rule, draft.details["cause"]) for draft in heard.events] == [(Rule.CAMERA_BLIND, "frozen")]
    assert heard.samples[-1].state is CameraState.DEGRADED and heard.states["cam-1"] == "frozen"
    for second in range(40, 50):
        now = T0 + timedelta(seconds=second)
        duty.see(Frame(second, scene.frame(float(second))[0], now))
        duty.tell(second, "", now)
    assert [draft.phase for draft in heard.events] == [Phase.START, Phase.END]
    assert heard.events[0].id == heard.events[1].id


@pytest.mark.shared
def test_duties_run_a_good_camera_beside_a_bad_one(tmp_path: Path, shared_dir: Path) -> None:
    heard = Heard()
    video = str(shared_dir / "video" / "foobearer_kitchen.mp4")
    config = EdgeConfig(
        agent="agent-1",
        site="site-1",
        spool=str(tmp_path),
        upload=UploadConfig(url="http://127.0.0.1:9", token="t"),
        camera=(
            CameraConfig(device="cam-good", source=video, looks_per_second=4),
            CameraConfig(device="cam-bad", source=str(tmp_path / "missing.mp4")),
        ),
    )
    presence = PresenceBoard()
    duties = camera_duties(config, heard, presence=presence)
    assert set(duties) == {"cam-good", "cam-bad", "segments", "upload"}
    stop = threading.Event()
    threads = [threading.Thread(daemon=True, target=work, args=(stop,)) for work in duties.values()]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 60
    waiting = tmp_path / "pictures" / "waiting"
    while time.monotonic() < end and not (
        "no such file" in heard.states.get("cam-bad", "")
        and any(sample.looks > 5 for sample in heard.samples)
        and (waiting / "b-cam-good.json").exists()
        and list((tmp_path / "segments" / "cam-good").rglob("*.m4s"))
        and presence.people("cam-good") is not None
    ):
        time.sleep(0.05)
    assert presence.people("cam-good") is not None and presence.people("cam-bad") is None
    stop.set()
    for thread in threads:
        thread.join(15)
        assert not thread.is_alive()
    assert "no such file" in heard.states["cam-bad"] and heard.states["cam-good"] == "ok"
    assert any(sample.frames > sample.looks > 5 for sample in heard.samples)
    assert (waiting / "b-cam-good.json").exists()
    assert list((tmp_path / "segments" / "cam-good").rglob("*.m4s"))


def test_no_cameras_no_duties(tmp_path: Path) -> None:
    assert camera_duties(EdgeConfig(agent="agent-1", site="site-1", spool=str(tmp_path)), Heard()) == {}
