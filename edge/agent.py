"""The composition root: spool, bus, drivers, cameras, and the commands that the centre may give."""

import logging
import os
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns
from uuid import UUID, uuid4

from contracts.ids import uuid7
from contracts.kinds import EdgeCommand, Lane
from contracts.messages import AnySample, BadMessage, Command, Event, Reply, Status, Telemetry, decode, encode
from contracts.topics import BadTopic, parse, topic
from edge.camera_duty import camera_duties
from edge.clock import Clock, now_utc
from edge.config import EdgeConfig, LiftConfig, broker_settings
from edge.drivers import LiftDriver, make
from edge.drivers.simulator import SimulatorDriver
from edge.lift_duty import LiftDuty
from edge.presence import PresenceBoard
from edge.publish import Pump
from edge.ride_watch import RideWatch
from edge.self_test import SelfTests
from edge.sensor_duty import SensorDuty
from edge.sink import EventDraft
from edge.site_duty import SiteDuty
from edge.spool import Spool
from models.errors import ModelError
from models.ride import RideModel
from runtime.bus import Bus, Incoming
from runtime.service import Duty

log = logging.getLogger(__name__)
AGENT_VERSION = "sunlit-edge 0.1.0"
REMEMBERED_COMMANDS = 1000


class SpoolSink:
    """Gives every message its identity and keeps it in the spool."""

    def __init__(self, config: EdgeConfig, spool: Spool, boot: UUID) -> None:
        self.config, self.spool, self.boot = config, spool, boot
        self.states: dict[str, str] = {}

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
                model=draft.model,
                box=draft.box,
                evidence=draft.evidence,
                details=draft.details,
            ),
        )
        return identity

    def health(self, device: str, state: str) -> None:
        self.states[device] = state


class Agent:
    """Everything that runs on one site. `duties` are threads for runtime.service."""

    def __init__(self, config: EdgeConfig) -> None:
        self.config, self.boot = config, uuid4()
        self.spool = Spool(Path(config.spool), config.spool_max_mb * 1024 * 1024)
        self.sink = SpoolSink(config, self.spool, self.boot)
        self.drivers: dict[str, LiftDriver] = {lift.device: make(lift) for lift in config.lift}
        self.clock, self.presence = Clock(), PresenceBoard()
        self.site = SiteDuty(config, self.sink, self.clock)
        self.tests = SelfTests(Path(config.spool) / "self-tests.json", self.clock)
        self.judge = _judge() if config.lift else None
        self.lifts = {lift.device: self._lift(lift) for lift in config.lift}
        self._done: dict[UUID, Reply] = {}
        will = Status(device=config.agent, boot=self.boot, at=datetime.now(UTC), online=False, agent=AGENT_VERSION)
        self.bus = Bus(
            broker_settings(config.broker),
            f"sunlit-edge-{config.agent}",
            subscriptions=[str(topic(config.site, device, Lane.COMMAND)) for device in config.devices],
            on_message=self._on_command,
            will=(str(topic(config.site, config.agent, Lane.STATUS)), encode(will)),
        )
        self.pump = Pump(self.spool, self.bus, self.say_status, config.status_every_s)

    def duties(self) -> dict[str, Duty]:
        """The work of this agent by name."""
        found: dict[str, Duty] = {"publish": self.pump.run}
        found.update({device: duty.run for device, duty in self.lifts.items()})
        if self.lifts:
            found["site"] = self.site.run
        for sensor in self.config.sensor:
            found[sensor.device] = SensorDuty(sensor, self.sink).run
        found.update(camera_duties(self.config, self.sink, self.presence))
        return found

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
            reached=lambda: self.bus.connected and not self.spool.take(Lane.EVENT, 0, 1),
            clock=self.clock,
        )

    def say_status(self, online: bool = True) -> None:
        """A retained status of every device."""
        for device in self.config.devices:
            status = Status(
                device=device,
                boot=self.boot,
                at=now_utc(),
                online=online,
                agent=AGENT_VERSION,
                published_telemetry=self.spool.published(device, Lane.TELEMETRY),
                published_event=self.spool.published(device, Lane.EVENT),
                lost_telemetry=self.spool.lost(device, Lane.TELEMETRY),
                lost_event=self.spool.lost(device, Lane.EVENT),
                spooled=self.spool.count if device == self.config.agent else 0,
                health={"state": self.sink.states.get(device, "starting")},
            )
            self.bus.publish(str(topic(self.config.site, device, Lane.STATUS)), encode(status), retain=True)

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
        elif command.kind is EdgeCommand.SELF_TEST and command.device in self.lifts:
            ok, reason = self.lifts[command.device].self_test()
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


def _judge() -> RideModel | None:
    """A hint for maintenance is worth a line in the log, but no agent that does not start."""
    try:
        return RideModel()
    except ModelError as error:
        log.error("rides are not judged: %s", error)
        return None
