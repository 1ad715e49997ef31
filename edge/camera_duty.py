"""Cameras of an agent: capture -> motion -> detector -> tracker -> rules -> sink, one duty per camera."""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from time import time_ns
from uuid import UUID

from contracts.ids import uuid7
from contracts.kinds import CameraState, ObjectKind, Phase, Rule
from contracts.messages import CameraSample, Evidence
from contracts.vision import Box, Detection, ModelRef
from edge import motion, track
from edge.capture import Capture, Frame
from edge.config import CameraConfig, EdgeConfig, VisionRules
from edge.evidence import PictureError, picture
from edge.eye import Eye
from edge.lift_duty import now_utc
from edge.rules import Decision, camera_blind, no_hat, no_mask, wear
from edge.sink import EventDraft, Sink
from edge.source import parse
from edge.still import still
from edge.upload import Outbox, Uploader
from models.detector import open_detector
from runtime.service import Duty

log = logging.getLogger(__name__)
SAMPLE_EVERY = timedelta(seconds=5)
LATELY = timedelta(seconds=5)
WAIT_S = 0.5


class CameraDuty:
    """Looks through one camera and speaks for its device."""

    def __init__(
        self,
        config: CameraConfig,
        rules: VisionRules,
        eye: Eye,
        sink: Sink,
        outbox: Outbox,
        *,
        stills: bool = True,
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        self.config, self.rules, self.eye, self.sink, self.outbox = config, rules, eye, sink, outbox
        self.stills, self.now = stills, now
        self._motion, self._tracks = motion.MotionState(), track.TrackState()
        self._hat, self._mask, self._blind = wear.WearState(), wear.WearState(), camera_blind.BlindState()
        self._open: dict[tuple[Rule, str], tuple[UUID, int]] = {}
        self._stale = max(camera_blind.STALE, timedelta(seconds=3 / config.looks_per_second))
        self._last_frame: datetime | None = None
        self._sampled: datetime | None = None
        self._last_still: datetime | None = None
        self._looks = self._detections = self._people = self._counted = 0

    def run(self, stop: threading.Event) -> None:
        """The duty. Ends its camera's process when it ends, for whatever reason; ends at once without its model."""
        self.eye.open()
        capture = Capture(self.config.device, parse(self.config.source), self.config.looks_per_second, self.config.seed)
        ended = threading.Event()
        thread = threading.Thread(target=capture.run, args=(ended,), name=f"capture-{self.config.device}", daemon=True)
        thread.start()
        number = self._counted = 0
        try:
            while not stop.is_set():
                frame = capture.newest(number, WAIT_S)
                if frame is not None:
                    number = frame.number
                    self.see(frame)
                self.tell(capture.frames, capture.fault, self.now())
        finally:
            ended.set()
            thread.join(5)

    def see(self, frame: Frame) -> None:
        """One picture through the chain."""
        self._last_frame = frame.captured
        self._motion, look = motion.step(self._motion, motion.thumb(frame.image), frame.captured)
        if not look:
            return
        detections, model = self.eye.look(frame.image)
        people = [one.box for one in detections if one.kind is ObjectKind.PERSON]
        heads = _heads(detections, people, frame)
        self._looks += 1
        self._detections += len(detections)
        self._people = max(len(heads), len(people))
        self._tracks, tracks = track.step(self._tracks, heads, frame.captured)
        zone = self.config.zone_kind
        self._hat, hats = no_hat.step(self._hat, tracks, frame.captured, zone, self.rules)
        self._mask, masks = no_mask.step(self._mask, tracks, frame.captured, zone, self.rules)
        subjects = {wear.subject(seen.id): seen.detection for seen in tracks}
        for decision in (*hats, *masks):
            self._say(decision, frame, subjects.get(decision.subject), model)
        if self.stills:
            self._show_public(frame, list(detections))

    def tell(self, frames: int, fault: str, now: datetime) -> None:
        """Watches whether the camera is alive, and says every few seconds how it does."""
        self._blind, decisions = camera_blind.step(
            self._blind, self._last_frame, self._motion.same_since, now, self.rules, self._stale
        )
        for decision in decisions:
            self._say(decision, None, None, None)
        if self._sampled is not None and now - self._sampled < SAMPLE_EVERY:
            return
        fresh = max(0, frames - self._counted)
        if self._sampled is not None:
            fps = fresh / (now - self._sampled).total_seconds()
            self.sink.facts(self.config.device, {"fps": f"{fps:.1f}", **self.eye.words()})
        self._sampled = now
        self.sink.health(self.config.device, fault or _words(self._blind.camera))
        sample = CameraSample(
            state=self._blind.camera,
            frames=fresh,
            looks=self._looks,
            detections=self._detections,
            people=self._people,
        )
        self._counted, self._looks, self._detections = frames, 0, 0
        self.sink.telemetry(self.config.device, now, [sample])

    def _say(
        self, decision: Decision, frame: Frame | None, detection: Detection | None, model: ModelRef | None
    ) -> None:
        key = (decision.rule, decision.subject)
        identity, rev = self._open.pop(key, (None, -1))
        if identity is None:
            identity = uuid7(time_ns() // 1_000_000, os.urandom(10))
        advisory = decision.details.get("advisory") is True
        evidence = self._keep(identity, frame, detection, advisory) if decision.phase is Phase.START else ()
        self.sink.event(
            EventDraft(
                device=self.config.device,
                rule=decision.rule,
                phase=decision.phase,
                at=decision.at,
                observed=self.now(),
                id=identity,
                rev=rev + 1,
                subject=decision.subject,
                zone=self.config.zone,
                confidence=decision.confidence,
                model=model,
                box=detection.box if detection else None,
                evidence=evidence,
                details={**decision.details, "reason": decision.reason},
            )
        )
        if decision.phase is not Phase.END:
            self._open[key] = (identity, rev + 1)
        log.warning(
            "camera %s: %s %s (%s): %s",
            self.config.device,
            decision.rule,
            decision.phase,
            decision.subject,
            decision.reason,
        )

    def _keep(
        self, identity: UUID, frame: Frame | None, detection: Detection | None, advisory: bool
    ) -> tuple[Evidence, ...]:
        """Keeps the picture that proves an event. Without one the event is said all the same."""
        if frame is None or detection is None:
            return ()
        try:
            proof = picture(frame.image, detection.box, frame.captured)
            self.outbox.evidence(identity, self.config.device, proof.jpeg, proof.evidence, advisory=advisory)
        except (OSError, PictureError) as error:
            log.error("camera %s: an event goes without its picture: %s", self.config.device, error)
            return ()
        return (proof.evidence,)

    def _show_public(self, frame: Frame, detections: list[Detection]) -> None:
        """A still for the public now and then; only of a picture that the detector has looked at."""
        every = timedelta(seconds=self.rules.still_every_s)
        if self._last_still is not None and frame.captured - self._last_still < every:
            return
        self._last_still = frame.captured
        lately = [seen.detection.box for seen in self._tracks.tracks.values() if frame.captured - seen.seen <= LATELY]
        jpeg = still(frame.image, detections, lately)
        if jpeg is None:
            log.warning("camera %s: no still for the public, as it could not be blurred", self.config.device)
            return
        try:
            self.outbox.still(self.config.device, jpeg, frame.captured)
        except OSError as error:
            log.error("camera %s: no still for the public: %s", self.config.device, error)


def _heads(detections: Sequence[Detection], people: Sequence[Box], frame: Frame) -> list[Detection]:
    """The heads that are worth following."""
    height, width = frame.image.shape[:2]
    heads = track.distinct([one for one in detections if one.kind is ObjectKind.HEAD])
    return [wear.clear_of_edges(head, width, height) for head in heads if wear.above_a_waist(head, people)]


def _words(state: CameraState) -> str:
    return {CameraState.NONE: "starting", CameraState.DEGRADED: "frozen"}.get(state, "ok")


def make_outbox(config: EdgeConfig) -> Outbox:
    """Where the pictures of an agent wait."""
    return Outbox(Path(config.spool) / "pictures", int(config.upload.keep_mb * 1024 * 1024))


def make_eyes(config: EdgeConfig) -> dict[str | None, Eye]:
    """One eye for all cameras that name the same model."""
    opener = partial(open_detector, registry=Path(config.models) if config.models else None)
    return {camera.model: Eye(camera.model, opener) for camera in config.camera}


def camera_duties(
    config: EdgeConfig, sink: Sink, outbox: Outbox | None = None, offset_ms: Callable[[], int | None] = lambda: None
) -> dict[str, Duty]:
    """The duties of the cameras by name, and the one that sends their pictures."""
    if not config.camera:
        return {}
    outbox = outbox or make_outbox(config)
    eyes = make_eyes(config)
    sends = bool(config.upload.url)
    duties: dict[str, Duty] = {
        camera.device: CameraDuty(camera, config.rules.vision, eyes[camera.model], sink, outbox, stills=sends).run
        for camera in config.camera
    }
    if sends:
        duties["upload"] = Uploader(outbox, config.upload.url, config.upload.token, offset_ms=offset_ms).run
    return duties
