"""The composition root: spool, bus, drivers, cameras, and the desk that takes the centre's commands."""

import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from contracts.ids import uuid7
from contracts.kinds import Lane, Phase
from contracts.messages import AnySample, Event, Reply, Status, Telemetry, encode
from contracts.topics import topic
from edge.camera_duty import camera_duties, make_eyes, make_outbox
from edge.centre_clock import CentreClock, clock_duty
from edge.clips import Clips
from edge.clock import Clock, now_utc
from edge.commands import Heard, Site
from edge.commands.desk import Desk
from edge.commands.record import Record
from edge.commands.reload import reload
from edge.config import EdgeConfig, LiftConfig, SensorConfig, broker_settings
from edge.drivers import LiftDriver, SensorDriver, make, make_sensor
from edge.lift_duty import LiftDuty
from edge.live import Pushers
from edge.live_config import LiveConfig
from edge.presence import PresenceBoard
from edge.priority import Priority
from edge.publish import Pump, Told, some
from edge.ride_watch import RideWatch
from edge.ring_duty import ring_of
from edge.segments import CutError, Ring, cut
from edge.self_test import SelfTests
from edge.sensor_duty import SensorDuty
from edge.sink import EventDraft
from edge.site_duty import SiteDuty
from edge.spool import Spool
from edge.status import certificate_words, clock_words, queue_words, status_of
from edge.vitals import Vitals
from models.errors import ModelError
from models.ride import RideModel
from runtime.bus import Bus, Incoming
from runtime.service import Duty

log = logging.getLogger(__name__)
AGENT_VERSION = "sunlit-edge 0.1.0"
LAST_WORDS_S = 2.0


class SpoolSink:
    """Gives every message its identity and keeps it in the spool."""

    def __init__(self, config: EdgeConfig, spool: Spool, boot: UUID, clock: CentreClock) -> None:
        self.config, self.spool, self.boot, self.clock = config, spool, boot, clock
        self.heard: dict[str, Heard] = {}
        self.changed = threading.Event()
        """a device does otherwise than before: its status need not wait"""
        self._cameras = {camera.device for camera in config.camera if camera.record}
        self.known: dict[str, dict[str, str]] = {}
        self.clips: Clips | None = None

    def telemetry(self, device: str, base: datetime, samples: Sequence[AnySample]) -> None:
        self.spool.put(
            Lane.TELEMETRY,
            device,
            str(topic(self.config.site, device, Lane.TELEMETRY)),
            lambda seq: Telemetry(device=device, boot=self.boot, seq=seq, base=base, samples=tuple(samples)),
        )

    def event(self, draft: EventDraft) -> UUID:
        identity = draft.id or uuid7(time.time_ns() // 1_000_000, os.urandom(10))
        self.spool.put(
            Lane.EVENT,
            draft.device,
            str(topic(self.config.site, draft.device, Lane.EVENT)),
            lambda seq: Event(
                id=identity,
                rev=draft.rev,
                device=draft.device,
                boot=self.boot,
                seq=seq,
                phase=draft.phase,
                rule=draft.rule,
                at=draft.at,
                observed=draft.observed,
                subject=draft.subject,
                zone=draft.zone,
                confidence=draft.confidence,
                clock_offset_ms=self.clock.offset_ms,
                model=draft.model,
                box=draft.box,
                evidence=draft.evidence,
                source_scheme=draft.source_scheme,
                source_code=draft.source_code,
                details=draft.details,
            ),
        )
        if self.clips is not None and draft.phase is Phase.START and draft.device in self._cameras:
            self.clips.want(identity, draft)
        return identity

    def health(self, device: str, state: str) -> None:
        before = self.heard.get(device)
        self.heard[device] = Heard(state, now_utc())
        if before is None or before.state != state:
            self.changed.set()

    def facts(self, device: str, facts: Mapping[str, str]) -> None:
        # A new mapping every time: the thread that makes statuses may be reading the old one.
        self.known[device] = {**self.known.get(device, {}), **facts}

    def words(self, device: str) -> dict[str, str]:
        """What the duties have said of a device."""
        heard = self.heard.get(device)
        return {"state": heard.state if heard else "starting", **self.known.get(device, {})}


class Agent:
    """Everything that runs on one site. `duties` are threads for runtime.service."""

    def __init__(self, config: EdgeConfig, path: Path | None = None) -> None:
        """`path`: the file that the configuration came from, to read again on request."""
        self.config, self.boot = config, uuid4()
        self.live = LiveConfig(config)
        self.spool = Spool(Path(config.spool), int(config.spool_max_mb * 1024 * 1024))
        self.centre_clock, self.vitals = CentreClock(config.upload.url), Vitals(Path(config.spool))
        self.outbox = make_outbox(config)
        self.sink = SpoolSink(config, self.spool, self.boot, self.centre_clock)
        self.clips = Clips(Path(config.spool) / "clips", self._cut, self.outbox, self.sink, config.clips)
        self.sink.clips = self.clips
        self.drivers: dict[str, LiftDriver] = {lift.device: make(lift) for lift in config.lift}
        self.sensors: dict[str, SensorDriver] = {sensor.device: make_sensor(sensor) for sensor in config.sensor}
        self.clock, self.presence = Clock(), PresenceBoard()
        self.site = SiteDuty(config, self.sink, self.clock)
        self.tests = SelfTests(Path(config.spool) / "self-tests.json", self.clock)
        self.judge = _judge() if config.lift else None
        self.lifts = {lift.device: self._lift(lift) for lift in config.lift}
        self.eyes = make_eyes(config)
        will = Status(device=config.agent, boot=self.boot, at=datetime.now(UTC), online=False, agent=AGENT_VERSION)
        self.bus = Bus(
            broker_settings(config.broker),
            f"sunlit-edge-{config.agent}",
            subscriptions=[str(topic(config.site, device, Lane.COMMAND)) for device in config.devices],
            on_message=self._on_message,
            will=(str(topic(config.site, config.agent, Lane.STATUS)), encode(will)),
        )
        self.pump = Pump(
            self.spool, self.bus, self.say_status, config.status_every_s, config.send_per_s, self.sink.changed
        )
        self.desk = Desk(self._site(path), Record(Path(config.spool) / "commands"), self._say_reply)

    def duties(self) -> dict[str, Duty]:
        """The work of this agent by name."""
        found: dict[str, Duty] = {"publish": self.pump.run, "commands": self.desk.run}
        found.update({device: lift.run for device, lift in self.lifts.items()})
        if self.lifts:
            found["site"] = self.site.run
        sensors = {sensor.device: self._sensor(sensor) for sensor in self.config.sensor}
        found.update({device: sensor.run for device, sensor in sensors.items()})
        self.live.follow(partial(self._renew, list(sensors.values())))
        found.update(self._cameras())
        if any(camera.record for camera in self.config.camera):
            found["clips"] = self.clips.run
        found.update(clock_duty(self.centre_clock, self.config.upload.url))
        return found

    def _cameras(self) -> dict[str, Duty]:
        return camera_duties(
            self.config,
            self.sink,
            outbox=self.outbox,
            presence=self.presence,
            eyes=self.eyes,
            live=self.live,
            offset_ms=lambda: self.centre_clock.offset_ms,
        )

    def _site(self, path: Path | None) -> Site:
        return Site(
            live=self.live,
            drivers=self.drivers,
            heard=self.sink.heard,
            connected=lambda: self.bus.connected,
            reload=lambda: reload(self.live, path),
            pushers=Pushers(self.live, self._ring),
            eyes=self.eyes,
            tests={device: lift.self_test for device, lift in self.lifts.items()},
            say=self.sink.event,
            proven=self.tests.passed,
        )

    def _sensor(self, sensor: SensorConfig) -> SensorDuty:
        def inside() -> bool | None:
            people = self.presence.people(sensor.camera)
            return None if people is None else people > 0

        driver, rules = self.sensors[sensor.device], self.config.rules.climate
        return SensorDuty(sensor, driver, rules, self.sink, inside, zone=self.config.clock)

    def _renew(self, sensors: Sequence[SensorDuty], config: EdgeConfig) -> None:
        """Hands a reloaded configuration to those who keep a part of it; cameras and views read it by themselves."""
        for lift in self.lifts.values():
            lift.renew(config.rules)
        for sensor in sensors:
            sensor.rules = config.rules.climate
        self.site.rules = config.rules.lift
        self.pump.status_every_s = config.status_every_s
        self.centre_clock.aim(config.upload.url)

    def _lift(self, lift: LiftConfig) -> LiftDuty:
        camera = lift.camera
        return LiftDuty(
            lift,
            self.drivers[lift.device],
            self.config.rules,
            self.sink,
            folder=Path(self.config.spool) / "open",
            people=lambda: None if camera is None else self.presence.people(camera),
            mains=self.site.mains_of(lift.device),
            tests=self.tests,
            rides=RideWatch(self.judge, Path(self.config.spool) / "rides" / f"{lift.device}.json")
            if self.judge
            else None,
            reached=self._reached,
            clock=self.clock,
        )

    def _reached(self) -> bool:
        """Whether the centre has everything that rules have said so far."""
        waiting = self.spool.depths
        return self.bus.connected and not waiting[Priority.ALARM] and not waiting[Priority.EVENT]

    def say_status(self, online: bool = True) -> list[Told]:
        """A retained status of every device, also of one that this agent no longer has but has losses to tell of."""
        gone = self.spool.devices_with_losses - set(self.config.devices)
        told: list[Told] = []
        for device in (*self.config.devices, *sorted(gone)):
            keeper = device == self.config.agent
            said = status_of(
                device,
                boot=self.boot,
                spool=self.spool,
                now=now_utc(),
                online=online and device not in gone,
                agent=AGENT_VERSION,
                health=self.sink.words(device) | (self._own_words() if keeper else {}),
                offset=self.centre_clock.offset,
                keeper=keeper,
            )
            where = str(topic(self.config.site, device, Lane.STATUS))
            if self.pump.gate.opens(where, time.monotonic()):
                told.append(Told(self.bus.publish(where, encode(said.status), retain=True), said.losses, where))
        return told

    def _own_words(self) -> dict[str, str]:
        queue = queue_words(self.spool.depths, self.spool.bytes, self.spool.max_bytes)
        pictures = self.outbox.words() if self.config.camera else {}
        shut = self.pump.gate.shut
        queue |= {"refused": some(shut)} if shut else {}
        queue |= certificate_words(self.config.broker.tls_cert)
        return self.vitals.read() | queue | pictures | clock_words(self.centre_clock.offset)

    def _ring(self, device: str) -> Ring | None:
        """What a camera of this agent has recorded; its own process writes and prunes it."""
        camera = next((camera for camera in self.live.now.camera if camera.device == device), None)
        return ring_of(self.config, device) if camera is not None and camera.record else None

    def _cut(self, device: str, start: datetime, end: datetime, out: Path) -> tuple[datetime, datetime]:
        """A clip out of what a camera has recorded. Raises ValueError when there is none."""
        ring = self._ring(device)
        if ring is None:
            raise ValueError(f"camera {device} is not recorded")
        try:
            return cut(ring.between(start, end), start, end, out)
        except CutError as error:
            raise ValueError(str(error)) from error

    def start(self) -> None:
        self.bus.start()

    def stop(self) -> None:
        """Sends the last words, says that every device goes, and closes the spool."""
        self.pump.finish(LAST_WORDS_S)
        self.say_status(online=False)
        threading.Event().wait(0.3)
        self.bus.stop()
        self.spool.close()

    def _on_message(self, incoming: Incoming) -> None:
        self.desk.take(incoming)

    def _say_reply(self, reply: Reply) -> bool:
        return self.bus.publish(str(topic(self.config.site, reply.device, Lane.REPLY)), encode(reply)) is not None


def _judge() -> RideModel | None:
    """A hint for maintenance is worth a line in the log, but no agent that does not start."""
    try:
        return RideModel()
    except ModelError as error:
        log.error("rides are not judged: %s", error)
        return None
