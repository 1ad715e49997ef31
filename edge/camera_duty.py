"""Cameras of an agent: capture -> motion -> detector -> tracker -> rules -> sink, one duty per camera."""

import logging
import os
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from time import time_ns
from uuid import UUID

import msgspec

from contracts.ids import uuid7
from contracts.kinds import CameraState, Phase, Withheld, ZoneKind
from contracts.messages import CameraSample, Evidence
from contracts.vision import Box, ModelRef
from edge.capture import Capture, Frame
from edge.chosen_models import book, open_chosen, threading_of
from edge.clock import now_utc
from edge.config import EdgeConfig
from edge.evidence import PictureError, picture
from edge.eye import Eye
from edge.live_config import LiveConfig, opens_anew
from edge.open_events import OpenEvents
from edge.outbox import Outbox
from edge.picture_watch import PictureWatch
from edge.presence import PresenceBoard
from edge.public_view import PublicView
from edge.ring_duty import RingDuty, ring_folder, ring_of
from edge.rules import Decision, camera_blind
from edge.sink import EventDraft, Sink
from edge.source import parse
from edge.upload import Uploader
from edge.watcher import Sight, Watcher
from runtime.service import Duty

log = logging.getLogger(__name__)
SAMPLE_EVERY = timedelta(seconds=5)
LATELY = timedelta(seconds=5)
WAIT_S = 0.5


class CameraDuty:
    """Looks through one camera and speaks for its device."""

    def __init__(
        self,
        watcher: Watcher,
        sink: Sink,
        outbox: Outbox,
        *,
        stills: bool = True,
        segments: Path | None = None,
        reference: Path | None = None,
        folder: Path | None = None,
        seen: Callable[[str, int, datetime], None] = lambda *_: None,
        live: LiveConfig | None = None,
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        self.watcher, self.sink, self.outbox = watcher, sink, outbox
        self.config, self.rules = watcher.camera, watcher.rules
        self.now, self.seen, self.segments, self.live = now, seen, segments, live
        # Pictures from inside a car are never for the public.
        shown = stills and self.config.zone_kind is not ZoneKind.LIFT_CAR
        self.public = PublicView(self.config.device, outbox if shown else None)
        self._picture = PictureWatch(reference) if reference else None
        self._blind = camera_blind.BlindState()
        device = self.config.device
        self.events = OpenEvents(device, sink, folder / f"{device}.json" if folder is not None else None)
        self._resumed = False
        self._stale = max(camera_blind.STALE, timedelta(seconds=3 / self.config.looks_per_second))
        self._config = live.now if live is not None else None
        self._last_frame: datetime | None = None
        self._sampled: datetime | None = None
        self._looks = self._detections = self._people = self._counted = 0

    def run(self, stop: threading.Event) -> None:
        """The duty. Ends its camera's process when it ends, for whatever reason; ends at once without its model."""
        self._end_left_over()
        self.watcher.eye.open()
        capture = Capture(
            self.config.device,
            parse(self.config.source),
            self.config.looks_per_second,
            self.config.seed,
            transport=self.config.transport,
            segments=self.segments if self.config.record else None,
        )
        ended = threading.Event()
        thread = threading.Thread(target=capture.run, args=(ended,), name=f"capture-{self.config.device}", daemon=True)
        thread.start()
        number = self._counted = 0
        try:
            while not stop.is_set() and not self._renewed():
                frame = capture.newest(number, WAIT_S)
                if frame is not None:
                    number = frame.number
                    self.see(frame)
                self.tell(capture.frames, capture.fault or capture.note, self.now())
        finally:
            ended.set()
            thread.join(5)

    def _end_left_over(self) -> None:
        """Ends what an agent that was killed left open: who was who is forgotten, and blind time must have an end."""
        if self._resumed:
            return
        self._resumed = True
        self.events.resume()
        for began in self.events.open:
            self.events.tell(
                msgspec.structs.replace(
                    began,
                    phase=Phase.END,
                    observed=self.now(),
                    rev=began.rev + 1,
                    evidence=(),
                    details={"reason": "the agent was started again"},
                )
            )

    def _renewed(self) -> bool:
        """Takes a new configuration over between two pictures; whether the capture has to be started again for it."""
        config = self.live.now if self.live is not None else None
        if config is None or config is self._config:
            return False
        self._config, old = config, self.config
        self.config = next(camera for camera in config.camera if camera.device == old.device)
        self.rules = config.rules.vision
        self.watcher.camera, self.watcher.rules = self.config, self.rules
        self._stale = max(camera_blind.STALE, timedelta(seconds=3 / self.config.looks_per_second))
        return opens_anew(old, self.config)

    def see(self, frame: Frame) -> Sight | None:
        """One picture through the chain; None when the detector was spared."""
        self._last_frame = frame.captured
        if self._picture is not None:
            self._picture.see(frame.image, frame.captured)
        looked = False
        try:
            sight = self.watcher.see(frame.image, frame.captured)
            looked = True
        finally:
            if not looked:
                self.public.withhold(Withheld.DETECTOR, frame.captured, self.rules)
        if sight is None:
            return None
        self._looks += 1
        self._detections += len(sight.detections)
        self._people = max(len(sight.scene.heads), len(sight.scene.people))
        self.seen(self.config.device, self._people, frame.captured)
        for decision in sight.decisions:
            self._say(decision, frame, sight.model)
        self._show_public(frame, sight)
        return sight

    def _show_public(self, frame: Frame, sight: Sight) -> None:
        if self._blind.camera is CameraState.DEGRADED:
            self.public.withhold(Withheld.BLIND, frame.captured, self.rules)
            return
        known = (*self.watcher.heads.tracks.values(), *self.watcher.people.tracks.values())
        lately = [seen.detection.box for seen in known if frame.captured - seen.seen <= LATELY]
        self.public.show(frame.image, frame.captured, sight.found, lately, self.rules)

    def tell(self, frames: int, fault: str, now: datetime) -> None:
        """Watches whether the camera is alive, and says every few seconds how it does."""
        self._blind, decisions = camera_blind.step(
            self._blind,
            self._last_frame,
            self.watcher.motion.same_since,
            now,
            self.rules,
            self._stale,
            self._picture.trouble if self._picture else None,
        )
        for decision in decisions:
            self._say(decision, None, None)
        if self._sampled is not None and now - self._sampled < SAMPLE_EVERY:
            return
        fresh = max(0, frames - self._counted)
        if self._sampled is not None:
            fps = fresh / (now - self._sampled).total_seconds()
            self.sink.facts(self.config.device, {"fps": f"{fps:.1f}", **self.watcher.eye.words()})
        self._sampled = now
        self.sink.health(self.config.device, fault or self._blind.cause or _words(self._blind.camera))
        if self._blind.camera is CameraState.DEGRADED or fault:
            self.public.withhold(Withheld.BLIND, now, self.rules)
        sample = CameraSample(
            state=self._blind.camera,
            frames=fresh,
            looks=self._looks,
            detections=self._detections,
            people=self._people,
        )
        self._counted, self._looks, self._detections = frames, 0, 0
        self.sink.telemetry(self.config.device, now, [sample])

    def _say(self, decision: Decision, frame: Frame | None, model: ModelRef | None) -> None:
        began = self.events.known(decision.rule, decision.subject)
        identity = began.id if began is not None else None
        if identity is None:
            identity = uuid7(time_ns() // 1_000_000, os.urandom(10))
        advisory = decision.details.get("advisory") is True
        keep = decision.phase is Phase.START
        draft = EventDraft(
            device=self.config.device,
            rule=decision.rule,
            phase=decision.phase,
            at=decision.at,
            observed=self.now(),
            id=identity,
            rev=0 if began is None else began.rev + 1,
            subject=decision.subject,
            # Where it was and how sure is said at the start; the end is about the same thing.
            zone=decision.zone if began is None else began.zone,
            confidence=decision.confidence if began is None else began.confidence,
            model=model,
            box=decision.box,
            evidence=self._keep(identity, frame, decision.box, advisory) if keep else (),
            details={**decision.details, "reason": decision.reason},
        )
        self.events.tell(draft)
        log.warning(
            "camera %s: %s %s (%s): %s",
            self.config.device,
            decision.rule,
            decision.phase,
            decision.subject,
            decision.reason,
        )

    def _keep(self, identity: UUID, frame: Frame | None, box: Box | None, advisory: bool) -> tuple[Evidence, ...]:
        """Keeps the picture that proves an event. Without one the event is said all the same."""
        if frame is None:
            return ()
        try:
            proof = picture(frame.image, box, frame.captured)
            self.outbox.evidence(identity, self.config.device, proof.jpeg, proof.evidence, advisory=advisory)
        except (OSError, PictureError) as error:
            log.error("camera %s: an event goes without its picture: %s", self.config.device, error)
            return ()
        return (proof.evidence,)


def _words(state: CameraState) -> str:
    return "starting" if state is CameraState.NONE else "ok"


def make_outbox(config: EdgeConfig) -> Outbox:
    """Where the pictures of an agent wait."""
    return Outbox(Path(config.spool) / "pictures", int(config.upload.keep_mb * 1024 * 1024))


def make_eyes(config: EdgeConfig) -> dict[str | None, Eye]:
    """One eye for all cameras that name the same model."""
    threads, at_once = threading_of(config)
    opener = partial(open_chosen, folder=Path(config.spool), models=book(config.models), threads=threads)
    return {camera.model: Eye(camera.model, opener, at_once) for camera in config.camera}


def camera_duties(
    config: EdgeConfig,
    sink: Sink,
    *,
    outbox: Outbox | None = None,
    presence: PresenceBoard | None = None,
    eyes: Mapping[str | None, Eye] | None = None,
    live: LiveConfig | None = None,
    offset_ms: Callable[[], int | None] = lambda: None,
) -> dict[str, Duty]:
    """The duties of the cameras by name, and the one that sends their pictures."""
    if not config.camera:
        return {}
    outbox, presence = outbox or make_outbox(config), presence or PresenceBoard()
    eyes = make_eyes(config) if eyes is None else eyes
    sends = bool(config.upload.url)
    duties: dict[str, Duty] = {
        camera.device: CameraDuty(
            Watcher(camera, config.rules.vision, eyes[camera.model], config.clock),
            sink,
            outbox,
            stills=sends,
            segments=ring_folder(config, camera.device),
            reference=Path(config.spool) / "references" / f"{camera.device}.png",
            folder=Path(config.spool) / "open",
            seen=presence.seen,
            live=live,
        ).run
        for camera in config.camera
    }
    duties["segments"] = RingDuty([ring_of(config, camera.device) for camera in config.camera]).run
    if sends:
        uploader = Uploader(outbox, config.upload.url, config.upload.token, offset_ms=offset_ms)
        duties["upload"] = uploader.run
        if live is not None:
            live.follow(lambda newer: uploader.aim(newer.upload.url, newer.upload.token))
    return duties
