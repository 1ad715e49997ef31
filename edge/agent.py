"""The composition root: spool, bus, drivers, cameras, and the desk that takes the centre's commands."""

import os
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import time_ns
from uuid import UUID, uuid4

from contracts.ids import uuid7
from contracts.kinds import Lane
from contracts.messages import AnySample, Event, Reply, Status, Telemetry, encode
from contracts.topics import topic
from edge.camera_duty import camera_duties, make_eyes
from edge.commands import Heard, Site
from edge.commands.desk import Desk
from edge.commands.record import Record
from edge.commands.reload import reload
from edge.config import EdgeConfig, broker_settings
from edge.drivers import LiftDriver, make
from edge.lift_duty import LiftDuty, now_utc
from edge.live import Pushers
from edge.live_config import LiveConfig
from edge.publish import Pump
from edge.ring_duty import ring_of
from edge.segments import Ring
from edge.sensor_duty import SensorDuty
from edge.sink import EventDraft
from edge.spool import Spool
from runtime.bus import Bus, Incoming
from runtime.service import Duty

AGENT_VERSION = "sunlit-edge 0.1.0"


class SpoolSink:
    """Gives every message its identity and keeps it in the spool."""

    def __init__(self, config: EdgeConfig, spool: Spool, boot: UUID) -> None:
        self.config, self.spool, self.boot = config, spool, boot
        self.heard: dict[str, Heard] = {}

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
        self.heard[device] = Heard(state, now_utc())


class Agent:
    """Everything that runs on one site. `duties` are threads for runtime.service."""

    def __init__(self, config: EdgeConfig, path: Path | None = None) -> None:
        """`path`: the file that the configuration came from, to read again on request."""
        self.config, self.boot = config, uuid4()
        self.live = LiveConfig(config)
        self.spool = Spool(Path(config.spool), config.spool_max_mb * 1024 * 1024)
        self.sink = SpoolSink(config, self.spool, self.boot)
        self.drivers: dict[str, LiftDriver] = {lift.device: make(lift) for lift in config.lift}
        self.eyes = make_eyes(config)
        will = Status(device=config.agent, boot=self.boot, at=datetime.now(UTC), online=False, agent=AGENT_VERSION)
        self.bus = Bus(
            broker_settings(config.broker),
            f"sunlit-edge-{config.agent}",
            subscriptions=[str(topic(config.site, device, Lane.COMMAND)) for device in config.devices],
            on_message=self._on_message,
            will=(str(topic(config.site, config.agent, Lane.STATUS)), encode(will)),
        )
        self.pump = Pump(self.spool, self.bus, self.say_status, config.status_every_s)
        site = Site(
            live=self.live,
            drivers=self.drivers,
            heard=self.sink.heard,
            connected=lambda: self.bus.connected,
            reload=lambda: reload(self.live, path),
            pushers=Pushers(self.live, self._ring),
            eyes=self.eyes,
        )
        self.desk = Desk(site, Record(Path(config.spool) / "commands"), self._say_reply)

    def duties(self) -> dict[str, Duty]:
        """The work of this agent by name."""
        found: dict[str, Duty] = {"publish": self.pump.run, "commands": self.desk.run}
        for lift in self.config.lift:
            duty = LiftDuty(lift, self.drivers[lift.device], self.config.rules.trapped, self.sink)
            self.live.follow(partial(_renew_rules, duty))
            found[lift.device] = duty.run
        for sensor in self.config.sensor:
            found[sensor.device] = SensorDuty(sensor, self.sink).run
        found.update(camera_duties(self.config, self.sink, self.eyes, self.live))
        return found

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
                health={"state": self.sink.heard[device].state if device in self.sink.heard else "starting"},
            )
            self.bus.publish(str(topic(self.config.site, device, Lane.STATUS)), encode(status), retain=True)

    def _ring(self, device: str) -> Ring | None:
        """What a camera of this agent has recorded; its own process writes and prunes it."""
        if all(camera.device != device for camera in self.config.camera):
            return None
        return ring_of(self.config, device)

    def start(self) -> None:
        self.bus.start()

    def stop(self) -> None:
        """Says that every device goes, and closes the spool."""
        self.say_status(online=False)
        threading.Event().wait(0.3)
        self.bus.stop()
        self.spool.close()

    def _on_message(self, incoming: Incoming) -> None:
        self.desk.take(incoming)

    def _say_reply(self, reply: Reply) -> bool:
        return self.bus.publish(str(topic(self.config.site, reply.device, Lane.REPLY)), encode(reply)) is not None


def _renew_rules(duty: LiftDuty, config: EdgeConfig) -> None:
    duty.rules = config.rules.trapped
