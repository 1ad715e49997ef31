"""One batch, one transaction. A batch that the database refuses is halved until the poison stands alone."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from contracts.kinds import Lane
from contracts.messages import CameraSample, ClimateSample, Event, LiftSample, Reply, Status, Telemetry
from ingest.devices import Devices
from ingest.gaps import follow, union
from ingest.normalise import Accepted, Identity, Rejected, Row, camera_row, climate_row, lift_row, normalise
from ingest.sql import QUERIES
from ingest.tables import TABLES
from runtime.db import Connection

log = logging.getLogger(__name__)
LONGEST_TOPIC = 500
"""characters kept of a rejected topic: the index entry of `reject` has a limit, ours have at most 150"""
LONGEST_REASON = 2000


class Raw(NamedTuple):
    """Bytes as they came from the broker."""

    topic: str
    payload: bytes


class Key(NamedTuple):
    """A message's identity with the device's id."""

    device: int
    boot: UUID
    lane: str
    seq: int


class Written(NamedTuple):
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0

    def __add__(self, other: object) -> "Written":
        assert isinstance(other, Written)
        return Written(*(a + b for a, b in zip(self, other, strict=True)))


class Writer:
    """Writes batches over one connection; `write` returns only when the batch is committed."""

    def __init__(self, connection: Connection, devices: Devices) -> None:
        self.connection, self.devices = connection, devices

    def write(self, batch: Sequence[Raw]) -> Written:
        """Commits a batch. Raises psycopg.OperationalError when the database is away: then nothing is committed."""
        return self._write([normalise(raw.topic, raw.payload) for raw in batch], batch)

    def _write(self, items: Sequence[Accepted | Rejected], raws: Sequence[Raw]) -> Written:
        try:
            with self.connection.transaction():
                return _Batch(self.connection, self.devices).write(items, raws)
        except psycopg.OperationalError as error:
            # Too large for the database is a fault of the message; every other one is a fault of the connection.
            if not isinstance(error, psycopg.errors.ProgramLimitExceeded):
                raise
            return self._divide(items, raws, error)
        except (psycopg.DatabaseError, ValueError, OverflowError) as error:
            # The driver itself refuses some values (half a character, a number too wide) before the database sees them.
            return self._divide(items, raws, error)

    def _divide(self, items: Sequence[Accepted | Rejected], raws: Sequence[Raw], error: Exception) -> Written:
        if len(items) == 1:
            return self._reject(items[0], raws[0], " ".join(str(error).split()))
        half = len(items) // 2
        return self._write(items[:half], raws[:half]) + self._write(items[half:], raws[half:])

    def _reject(self, item: Accepted | Rejected, raw: Raw, fault: str) -> Written:
        identity = item.identity
        log.warning("database refuses a message on %s: %s", raw.topic, fault)
        rejected = Rejected(raw.topic, raw.payload, f"database: {fault}", identity)
        with self.connection.transaction():
            return _Batch(self.connection, self.devices).write([rejected], [raw])


class _Batch:
    """The statements of one transaction."""

    def __init__(self, connection: Connection, devices: Devices) -> None:
        self.connection, self.devices = connection, devices
        row = connection.execute(QUERIES["server_time"]).fetchone()
        assert row is not None
        self.now: datetime = row["now"]

    def write(self, items: Sequence[Accepted | Rejected], raws: Sequence[Raw]) -> Written:
        codes = {_code(item) for item in items} - {None}
        self.ids = self.devices.find(self.connection, {code for code in codes if code})
        judged = [
            Rejected(raw.topic, raw.payload, f"device: {item.body.device!r} is not registered", item.identity)
            if isinstance(item, Accepted) and item.body.device not in self.ids
            else item
            for item, raw in zip(items, raws, strict=True)
        ]
        fresh = self._remember(judged)
        stored = [item for item in self._first(judged, fresh) if isinstance(item, Accepted)]
        self._samples(stored)
        for item in stored:
            if isinstance(item.body, Event):
                self._event(item.body)
            elif isinstance(item.body, Reply):
                self._reply(item.body)
        for refused in judged:
            if isinstance(refused, Rejected):
                self._rejected(refused)
        # The rows of all devices are locked here, in one order, before statuses and streams are: lanes cannot deadlock.
        self.connection.execute(QUERIES["seen"], {"now": self.now, "devices": sorted(self.ids.values())})
        for item in stored:
            if isinstance(item.body, Status):
                self._status(item.body)
        self._camera_states(stored)
        counted = self._count(judged, fresh)
        # After the counting: a loss then finds every message of this batch among those that arrived.
        for item in stored:
            if isinstance(item.body, Status):
                self._losses(item.body)
        return counted

    def _key(self, identity: Identity | None) -> Key | None:
        if identity is None or identity.device not in self.ids or identity.lane not in (Lane.TELEMETRY, Lane.EVENT):
            return None
        return Key(self.ids[identity.device], identity.boot, identity.lane.value, identity.seq)

    def _remember(self, items: Sequence[Accepted | Rejected]) -> set[Key]:
        # Sorted, so that two workers lock rows in one order.
        keys = sorted({key for item in items if (key := self._key(item.identity))})
        if not keys:
            return set()
        rows = self.connection.execute(
            QUERIES["remember"],
            {
                "now": self.now,
                "devices": [key.device for key in keys],
                "boots": [key.boot for key in keys],
                "lanes": [key.lane for key in keys],
                "seqs": [key.seq for key in keys],
            },
        ).fetchall()
        return {Key(row["device_id"], row["boot"], row["lane"], row["seq"]) for row in rows}

    def _first(self, items: Sequence[Accepted | Rejected], fresh: set[Key]) -> list[Accepted | Rejected]:
        """What is new, once: of two messages with one identity in a batch the first counts, whatever they hold."""
        taken: set[Key] = set()
        found: list[Accepted | Rejected] = []
        for item in items:
            key = self._key(item.identity)
            if key is None or (key in fresh and key not in taken):
                found.append(item)
            if key is not None:
                taken.add(key)
        return found

    def _samples(self, items: Sequence[Accepted]) -> None:
        rows: dict[str, list[Row]] = defaultdict(list)
        for item in items:
            if isinstance(item.body, Telemetry):
                device = self.ids[item.body.device]
                for n, sample in enumerate(item.body.samples):
                    if isinstance(sample, LiftSample):
                        rows["lift_sample"].append(lift_row(device, item.body, n, sample, self.now))
                    elif isinstance(sample, ClimateSample):
                        rows["climate_sample"].append(climate_row(device, item.body, n, sample, self.now))
                    else:
                        rows["camera_sample"].append(camera_row(device, item.body, n, sample, self.now))
        for table, content in rows.items():
            self._copy(table, content)

    def _copy(self, table: str, rows: Sequence[Row]) -> None:
        """COPY cannot skip what is there already; a temporary table and one INSERT can."""
        name, incoming = sql.Identifier(table), sql.Identifier(f"incoming_{table}")
        columns = TABLES[table]
        listed = sql.SQL(", ").join(sql.Identifier(column) for column, _ in columns)
        self.connection.execute(
            sql.SQL("CREATE TEMP TABLE IF NOT EXISTS {} (LIKE {}) ON COMMIT DELETE ROWS").format(incoming, name)
        )
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(incoming, listed)
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types([kind for _, kind in columns])
            for row in rows:
                copy.write_row(row)
        self.connection.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT DO NOTHING").format(
                name, listed, listed, incoming
            )
        )
        self.connection.execute(sql.SQL("TRUNCATE {}").format(incoming))

    def _event(self, event: Event) -> None:
        self.connection.execute(
            QUERIES["event"],
            {
                "event_id": event.id,
                "rev": event.rev,
                "device": self.ids[event.device],
                "boot": event.boot,
                "seq": event.seq,
                "phase": event.phase.value,
                "rule": event.rule.value,
                "at": event.at,
                "observed": event.observed,
                "now": self.now,
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
                "device": self.ids[reply.device],
                "at": reply.at,
                "now": self.now,
                "ok": reply.ok,
                "final": reply.final,
                "reason": reply.reason,
            },
        )

    def _status(self, status: Status) -> None:
        device = self.ids[status.device]
        self.connection.execute(
            QUERIES["status"],
            {
                "device": device,
                "boot": status.boot,
                "online": status.online,
                "at": status.at,
                "now": self.now,
                "agent": status.agent,
                "spooled": status.spooled,
                "clock_offset_ms": status.clock_offset_ms,
                "health": Jsonb(dict(status.health)),
            },
        )
        named = status.losses is not None
        counts = (
            (Lane.TELEMETRY, status.published_telemetry, 0 if named else status.lost_telemetry),
            (Lane.EVENT, status.published_event, 0 if named else status.lost_event),
        )
        for lane, published, lost in counts:
            # A last will was written before the counting began: its zeros say nothing.
            if published:
                self.connection.execute(
                    QUERIES["stream_published"],
                    {
                        "device": device,
                        "boot": status.boot,
                        "lane": lane.value,
                        "published": published,
                        "lost": lost,
                        "now": self.now,
                    },
                )

    def _losses(self, status: Status) -> None:
        """Adds what a device has given up, of whatever boot, to what is known of it; told twice it counts once."""
        told: dict[tuple[str, UUID], list[tuple[int, int]]] = defaultdict(list)
        for loss in status.losses or ():
            told[loss.lane.value, loss.boot].append((loss.from_seq, loss.to_seq))
        for (lane, boot), ranges in sorted(told.items()):
            stream = {"device": self.ids[status.device], "boot": boot, "lane": lane, "now": self.now}
            # Locks the stream: whoever counts an arriving message of it comes before or after, never meanwhile.
            self.connection.execute(QUERIES["stream_open"], stream)
            rows = self.connection.execute(QUERIES["losses"], stream).fetchall()
            self.connection.execute(QUERIES["losses_forget"], stream)
            for start, end in union([*((row["from_seq"], row["to_seq"]) for row in rows), *ranges]):
                self.connection.execute(QUERIES["loss"], {**stream, "from_seq": start, "to_seq": end})
            self.connection.execute(QUERIES["stream_lost"], stream)

    def _camera_states(self, items: Sequence[Accepted]) -> None:
        for item in items:
            if isinstance(item.body, Telemetry):
                last = item.body.samples[-1]
                if isinstance(last, CameraSample):
                    values = {"state": last.state.value, "device": self.ids[item.body.device]}
                    self.connection.execute(QUERIES["camera_state"], values)

    def _rejected(self, item: Rejected) -> None:
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
            },
        )

    def _count(self, items: Sequence[Accepted | Rejected], fresh: set[Key]) -> Written:
        streams: dict[tuple[int, UUID, str], list[tuple[Key, bool]]] = defaultdict(list)
        for item in items:
            key = self._key(item.identity)
            if key:
                streams[key.device, key.boot, key.lane].append((key, isinstance(item, Accepted)))
        total = Written(
            stored=sum(1 for item in items if isinstance(item, Accepted) and item.identity is None),
            rejected=sum(1 for item in items if isinstance(item, Rejected) and self._key(item.identity) is None),
        )
        for (device, boot, lane), messages in sorted(streams.items()):
            total += self._count_stream(
                {"device": device, "boot": boot, "lane": lane, "now": self.now}, messages, fresh
            )
        return total

    def _count_stream(
        self, stream: dict[str, object], messages: Sequence[tuple[Key, bool]], fresh: set[Key]
    ) -> Written:
        # Backwards, so that the first of one identity decides, as in `_first`.
        new: dict[Key, bool] = {key: good for key, good in reversed(messages) if key in fresh}
        counted = Written(
            stored=sum(new.values()),
            duplicates=len(messages) - len(new),
            rejected=sum(not good for good in new.values()),
        )
        opened = self.connection.execute(QUERIES["stream_open"], stream).fetchone()
        assert opened is not None
        seqs = [key.seq for key in new]
        change = follow(opened["next_seq"], seqs)
        self.connection.execute(QUERIES["stream_count"], {**stream, **counted._asdict(), "next_seq": change.next_seq})
        for start, end in change.opened:
            self.connection.execute(QUERIES["gap_open"], {**stream, "from_seq": start, "to_seq": end})
        # An old agent tells how many it lost and not which: then there are no ranges to look into.
        if opened["lost"] and self.connection.execute(QUERIES["loss_arrived"], {**stream, "seqs": seqs}).rowcount:
            self.connection.execute(QUERIES["stream_lost"], stream)
        for seq in change.late:
            self.connection.execute(QUERIES["gap_fill"], {**stream, "seq": seq})
        return counted


def _code(item: Accepted | Rejected) -> str | None:
    if isinstance(item, Accepted):
        return item.body.device
    return item.identity.device if item.identity else None
