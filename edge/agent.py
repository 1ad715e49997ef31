"""The composition root: spool, bus, drivers, cameras, and the commands that the centre may give."""

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns
from uuid import UUID, uuid4

from contracts.ids import uuid7
from contracts.kinds import EdgeCommand, Lane, Phase
from contracts.messages import AnySample, BadMessage, Command, Event, Reply, Status, Telemetry, decode, encode
from contracts.topics import BadTopic, parse, topic
from edge.camera_duty import camera_duties, make_outbox
from edge.clips import Clips, Cutter
from edge.clock import Clock, clock_duty
from edge.config import EdgeConfig, broker_settings
from edge.drivers import LiftDriver, make
from edge.drivers.simulator import SimulatorDriver
from edge.lift_duty import LiftDuty, now_utc
from edge.publish import Pump, Told
from edge.sensor_duty import SensorDuty
from edge.sink import EventDraft
from edge.spool import Spool
from edge.status import clock_words, queue_words, status_of
from edge.vitals import Vitals
from runtime.bus import Bus, Incoming
from runtime.service import Duty

log = logging.getLogger(__name__)
AGENT_VERSION = "sunlit-edge 0.1.0"
REMEMBERED_COMMANDS = 1000


class SpoolSink:
    """Gives every message its identity and keeps it in the spool."""

    def __init__(self, config: EdgeConfig, spool: Spool, boot: UUID, clock: Clock) -> None:
        self.config, self.spool, self.boot, self.clock = config, spool, boot, clock
        self.states: dict[str, str] = {}
        self._cameras = {camera.device for camera in config.camera}
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
        identity = draft.id or uuid7(time_ns() // 1_000_000, os.urandom(10))
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
                details=draft.details,
            ),
        )
        if self.clips is not None and draft.phase is Phase.START and draft.device in self._cameras:
            self.clips.want(identity, draft)
        return identity

    def health(self, device: str, state: str) -> None:
        self.states[device] = state

    def facts(self, device: str, facts: Mapping[str, str]) -> None:
        # A new mapping every time: the thread that makes statuses may be reading the old one.
        self.known[device] = {**self.known.get(device, {}), **facts}

    def words(self, device: str) -> dict[str, str]:
        """What the duties have said of a device."""
        return {"state": self.states.get(device, "starting"), **self.known.get(device, {})}


class Agent:
    """Everything that runs on one site. `duties` are threads for runtime.service."""

    def __init__(self, config: EdgeConfig, cut: Cutter | None = None) -> None:
        """`cut` takes clips out of what the cameras record; without one events have pictures alone."""
        self.config, self.boot = config, uuid4()
        self.spool = Spool(Path(config.spool), int(config.spool_max_mb * 1024 * 1024))
        self.clock, self.vitals = Clock(config.upload.url), Vitals(Path(config.spool))
        self.outbox = make_outbox(config)
        self.sink = SpoolSink(config, self.spool, self.boot, self.clock)
        if cut is not None:
            self.sink.clips = Clips(Path(config.spool) / "clips", cut, self.outbox, self.sink, config.clips)
        self.drivers: dict[str, LiftDriver] = {lift.device: make(lift) for lift in config.lift}
        self._done: dict[UUID, Reply] = {}
        will = Status(device=config.agent, boot=self.boot, at=datetime.now(UTC), online=False, agent=AGENT_VERSION)
        self.bus = Bus(
            broker_settings(config.broker),
            f"sunlit-edge-{config.agent}",
            subscriptions=[str(topic(config.site, device, Lane.COMMAND)) for device in config.devices],
            on_message=self._on_command,
            will=(str(topic(config.site, config.agent, Lane.STATUS)), encode(will)),
        )
        self.pump = Pump(self.spool, self.bus, self.say_status, config.status_every_s, config.send_per_s)

    def duties(self) -> dict[str, Duty]:
        """The work of this agent by name."""
        found: dict[str, Duty] = {"publish": self.pump.run}
        for lift in self.config.lift:
            duty = LiftDuty(lift, self.drivers[lift.device], self.config.rules.trapped, self.sink)
            found[lift.device] = duty.run
        for sensor in self.config.sensor:
            found[sensor.device] = SensorDuty(sensor, self.sink).run
        found.update(camera_duties(self.config, self.sink, self.outbox, lambda: self.clock.offset_ms))
        if self.sink.clips is not None:
            found["clips"] = self.sink.clips.run
        found.update(clock_duty(self.clock, self.config.upload.url))
        return found

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
                offset=self.clock.offset,
                keeper=keeper,
            )
            where = str(topic(self.config.site, device, Lane.STATUS))
            told.append((self.bus.publish(where, encode(said.status), retain=True), said.losses))
        return told

    def _own_words(self) -> dict[str, str]:
        queue = queue_words(self.spool.depths, self.spool.bytes, self.spool.max_bytes)
        pictures = self.outbox.words() if self.config.camera else {}
        return self.vitals.read() | queue | pictures | clock_words(self.clock.offset)

    def start(self) -> None:
        self.bus.start()

    def stop(self) -> None:
        """Says that every device goes, and closes the spool."""
        self.say_status(online=False)
        threading.Event().wait(0.3)
        self.bus.stop()
        self.spool.close()

    def _on_command(self, incoming: Incoming) -> None:
        try:
            device = parse(incoming.topic).device
            command = decode(Lane.COMMAND, incoming.payload)
        except (BadTopic, BadMessage) as error:
            log.warning("a command that is none: %s", error)
            return
        if not isinstance(command, Command) or command.device != device:
            log.warning("a command on %s that is for another device", incoming.topic)
            return
        reply = self._done.get(command.id) or self._carry_out(command)
        self._done[command.id] = reply
        if len(self._done) > REMEMBERED_COMMANDS:
            self._done.pop(next(iter(self._done)))
        self.bus.publish(str(topic(self.config.site, device, Lane.REPLY)), encode(reply))

    def _carry_out(self, command: Command) -> Reply:
        ok, reason = False, f"kind: {command.kind} is not for {command.device}"
        if now_utc() > command.expires:
            reason = f"expired at {command.expires.isoformat()}"
        elif command.kind is EdgeCommand.INJECT_FAULT:
            ok, reason = self._inject(command)
        elif command.kind is EdgeCommand.COMFORT and command.device in self.drivers:
            log.info("comfort message in the car of %s: %s", command.device, command.args.get("text", ""))
            ok, reason = True, "shown"
        return Reply(command=command.id, device=command.device, ok=ok, reason=reason, at=now_utc())

    def _inject(self, command: Command) -> tuple[bool, str]:
        driver = self.drivers.get(command.device)
        if not isinstance(driver, SimulatorDriver):
            return False, f"{command.device} is no simulated lift"
        try:
            driver.inject(str(command.args.get("fault")))
        except ValueError as error:
            return False, f"fault: {error}"
        log.warning("%s: fault injected: %s", command.device, command.args.get("fault"))
        return True, "injected"
