"""The statements of one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import NamedTuple

import msgspec
from psycopg.types.json import Jsonb

from contracts.kinds import Lane
from contracts.messages import Event, Reply, Status, Telemetry
from ingest import samples, statuses
from ingest.devices import Device, Devices
from ingest.normalise import Accepted, Identity, Rejected, Row
from ingest.sql import QUERIES
from ingest.strangers import Strangers
from ingest.streams import StreamKey, Streams
from runtime.db import Connection

LONGEST_TOPIC = 500
"""characters kept of a rejected topic: the index entry of `reject` has a limit, ours have at most 150"""
LONGEST_REASON = 2000
Item = Accepted | Rejected
Copy = Callable[[Connection, str, Sequence[Row]], None]


class Written(NamedTuple):
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0

    def __add__(self, other: object) -> "Written":
        assert isinstance(other, Written)
        return Written(*(a + b for a, b in zip(self, other, strict=True)))


class Origin(Enum):
    """Where a message comes from."""

    BROKER = 1
    KEPT = 2
    """out of `reject`: old, so it says nothing of how its device is now"""
    COUNTED = 3
    """out of `reject`, and its stream counts it as rejected"""


class Batch:
    """Writes messages in one transaction, which the caller opens and commits."""

    def __init__(
        self, connection: Connection, devices: Devices, copy: Copy, origin: Origin, received: datetime | None
    ) -> None:
        self.connection, self._register, self._copy, self._origin = connection, devices, copy, origin
        row = connection.execute(QUERIES["server_time"]).fetchone()
        assert row is not None
        self.now: datetime = row["now"]
        self.received = received or self.now
        self.streams = Streams(connection, self.now)
        self.strangers = Strangers()
        self._counted: set[int] = set()

    def write(self, items: Sequence[Item]) -> Written:
        self.devices = self._look_up(items)
        judged = [self._judge(item) for item in items]
        told = [item.body for item in judged if isinstance(item, Accepted) and isinstance(item.body, Status)]
        theirs = set(statuses.streams_of(told, self.devices))
        # Streams of events are locked after the samples are copied: an alarm does not wait for a batch of telemetry.
        keys = [self._stream(item.identity) for item in judged]
        self.streams.lock({key for key in keys if key} | {key for key in theirs if key.lane is Lane.TELEMETRY})
        stored, written = self._take(judged, keys)
        self._store(stored)
        for item in judged:
            if isinstance(item, Rejected):
                self._reject(item)
        self.streams.lock(theirs)
        if self._origin is Origin.BROKER:
            # Whoever waits for the row of a device or a stranger holds all its streams: lanes cannot deadlock.
            statuses.seen(self.connection, self._speakers(judged, keys), self.now)
            statuses.write(self.connection, told, self.devices, self.now)
            self.strangers.note(self.connection, self.now)
        statuses.tell(self.streams, told, self.devices)
        self.streams.settle()
        return written

    def _look_up(self, items: Sequence[Item]) -> dict[str, Device]:
        codes = {code for item in items if (code := _code(item))}
        found = self._register.find(self.connection, codes)
        # Whom the register seems to refuse is looked up again first: it may have been moved a moment ago.
        doubtful = {
            item.body.device
            for item in items
            if isinstance(item, Accepted)
            and (device := found.get(item.body.device)) is not None
            and (device.retired or device.site != item.site)
        }
        if doubtful:
            self._register.forget(doubtful)
            found |= self._register.find(self.connection, doubtful)
        return found

    def _judge(self, item: Item) -> Item:
        """Refuses what a device says that is not ours, or says from another's place."""
        if isinstance(item, Rejected):
            return item
        device = self.devices.get(item.body.device)
        if device is None:
            why, fault = "unknown", f"device: {item.body.device!r} is not registered"
        elif device.retired:
            why, fault = "retired", f"device: {item.body.device!r} is retired"
        elif device.site != item.site:
            why = "elsewhere"
            fault = f"site: {item.site!r} in the topic, {item.body.device!r} is registered at {device.site!r}"
        else:
            return item
        self.strangers.add(item.site, item.body.device, item.topic, why)
        return Rejected(item.topic, item.payload, fault, item.identity)

    def _speakers(self, items: Sequence[Item], keys: Sequence[StreamKey | None]) -> set[int]:
        """Whose own words these are. A status is not among them: the broker keeps it and says it again."""
        replies = {
            self.devices[item.body.device].id
            for item in items
            if isinstance(item, Accepted) and isinstance(item.body, Reply)
        }
        return {key.device for key in keys if key} | replies

    def _stream(self, identity: Identity | None) -> StreamKey | None:
        """The stream that counts a message: none for a stranger's, nor for one from another's place.

        Else whoever pretends to be a device could use up its numbers, and its own messages would pass for repeats.
        """
        if identity is None or identity.lane not in (Lane.TELEMETRY, Lane.EVENT):
            return None
        device = self.devices.get(identity.device)
        if device is None or device.retired or device.site != identity.site:
            return None
        return StreamKey(device.id, identity.boot, identity.lane)

    def _take(self, items: Sequence[Item], keys: Sequence[StreamKey | None]) -> tuple[list[Accepted], Written]:
        stored: list[Accepted] = []
        duplicates = rejected = 0
        for item, key in zip(items, keys, strict=True):
            good, identity = isinstance(item, Accepted), item.identity
            counted = self._origin is Origin.COUNTED
            if key and identity and not self.streams.take(key, identity.seq, good, counted):
                duplicates += 1
            elif isinstance(item, Accepted):
                stored.append(item)
            else:
                rejected += 1
                if key:
                    self._counted.add(id(item))
        return stored, Written(len(stored), duplicates, rejected)

    def _store(self, stored: Sequence[Accepted]) -> None:
        telemetry = [item.body for item in stored if isinstance(item.body, Telemetry)]
        for table, rows in samples.rows_of(telemetry, self.devices, self.received).items():
            self._copy(self.connection, table, rows)
        if self._origin is Origin.BROKER:
            statuses.camera_states(self.connection, telemetry, self.devices)
        for item in stored:
            if isinstance(item.body, Event):
                self._event(item.body)
            elif isinstance(item.body, Reply):
                self._reply(item.body)

    def _event(self, event: Event) -> None:
        self.connection.execute(
            QUERIES["event"],
            {
                "event_id": event.id,
                "rev": event.rev,
                "device": self.devices[event.device].id,
                "boot": event.boot,
                "seq": event.seq,
                "phase": event.phase.value,
                "rule": event.rule.value,
                "at": event.at,
                "observed": event.observed,
                "now": self.received,
                "subject": event.subject,
                "zone": event.zone,
                "confidence": event.confidence,
                "clock_offset_ms": event.clock_offset_ms,
                "body": Jsonb(msgspec.to_builtins(event)),
            },
        )

    def _reply(self, reply: Reply) -> None:
        self.connection.execute(
            QUERIES["reply"],
            {
                "order": reply.command,
                "device": self.devices[reply.device].id,
                "at": reply.at,
                "now": self.received,
                "ok": reply.ok,
                "final": reply.final,
                "reason": reply.reason,
            },
        )

    def _reject(self, item: Rejected) -> None:
        identity = item.identity
        self.connection.execute(
            QUERIES["reject"],
            {
                "now": self.now,
                "topic": item.topic.replace("\0", "")[:LONGEST_TOPIC],
                "payload": item.payload,
                "reason": item.reason.replace("\0", "")[:LONGEST_REASON],
                "device": identity.device if identity else None,
                "lane": identity.lane.value if identity else None,
                "boot": identity.boot if identity else None,
                "seq": identity.seq if identity else None,
                "counted": id(item) in self._counted,
                "again": int(self._origin is Origin.BROKER),
            },
        )


def _code(item: Item) -> str | None:
    if isinstance(item, Accepted):
        return item.body.device
    return item.identity.device if item.identity else None
