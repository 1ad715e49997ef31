"""What the edge has to say, durable until the broker has acknowledged it. Alarms go first and are never given up."""

import json
import logging
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec

from contracts.kinds import Lane
from contracts.messages import MAX_LOSSES, MAX_PAYLOAD, Event, Telemetry, encode
from edge.losses import Losses, Lost, Stream
from edge.priority import Priority, priority
from edge.spool_file import Reserve, open_file, transaction

log = logging.getLogger(__name__)
KEPT_IN_MEMORY = 10_000
REMEMBER_REVS = timedelta(days=7)
ROW_BYTES = 150
"""what a row costs beside its payload, index included"""
AT_ONCE = 500


class Kept(NamedTuple):
    """A message in the spool; a negative id is one that only the memory holds, as the disk takes no more."""

    id: int
    topic: str
    payload: bytes


class Report(NamedTuple):
    """A device's counts at one instant, for its status."""

    published_telemetry: int
    published_event: int
    lost_telemetry: int
    lost_event: int
    losses: tuple[Lost, ...]


class _Row(NamedTuple):
    priority: Priority
    stream: Stream
    seq: int
    topic: str
    payload: bytes
    life: tuple[UUID, int] | None

    @property
    def bytes(self) -> int:
        return len(self.payload) + ROW_BYTES


class Spool:
    """An SQLite file. Sequence numbers count per device and wire lane from 0 within this boot, without holes."""

    def __init__(self, folder: Path, max_bytes: int = 512 * 1024 * 1024) -> None:
        self.path, self.max_bytes = folder / "spool.db", max_bytes
        self.wake = threading.Event()
        self.held: frozenset[str] = frozenset()
        """topics that the broker refuses: what waits for them is with nobody"""
        self._lock = threading.Lock()
        self._db = open_file(self.path)
        self._reserve = Reserve(folder / "spool.reserve")
        self._next: Counter[tuple[str, Lane]] = Counter()
        self._given_up: Counter[tuple[str, Lane]] = Counter()
        self._boots: set[UUID] = set()
        self._revs: dict[UUID, int] = {}
        self._sent = dict.fromkeys(Priority, 0)
        self._acked: set[int] = set()
        self._waiting: dict[int, _Row] = {}
        self._flying: set[int] = set()
        self._last_waiting = 0
        self._fault = ""
        self._losses = Losses(
            Lost(Stream(device, Lane(lane), UUID(boot)), start, end)
            for device, lane, boot, start, end in self._db.execute(
                "SELECT device, lane, boot, from_seq, to_seq FROM loss"
            )
        )
        oldest = (datetime.now(UTC) - REMEMBER_REVS).isoformat()
        self._db.execute("DELETE FROM life WHERE kept < ?", (oldest,))
        self._bytes, self._depths = 0, Counter[Priority]()
        for lane, count, size in self._db.execute(
            "SELECT lane, count(*), sum(length(payload)) FROM spool GROUP BY lane"
        ):
            self._depths[Priority(lane)] = count
            self._bytes += size + count * ROW_BYTES

    def put(self, lane: Lane, device: str, topic: str, make: Callable[[int], Telemetry | Event]) -> bool:
        """Keeps one message; `make` gets its sequence number. True when it is safe on the disk.

        A full disk or spool costs telemetry, then plain events, counted and reported; an alarm waits in memory.
        """
        with self._lock:
            message = _fitting(self._revised(make(self._next[device, lane])))
            stream, seq = Stream(device, lane, message.boot), self._next[device, lane]
            life = (message.id, message.rev) if isinstance(message, Event) else None
            row = _Row(priority(message), stream, seq, topic, encode(message), life)
            self._next[device, lane] += 1
            self._boots.add(message.boot)
            if life is not None:
                self._revs[life[0]] = life[1]
            safe = self._keep(row)
        self.wake.set()
        return safe

    def _revised(self, message: Telemetry | Event) -> Telemetry | Event:
        """Several may speak of one event (its rule, its clip): each revision has a number of its own."""
        if isinstance(message, Telemetry):
            return message
        last = self._revs.get(message.id)
        if last is None and message.rev > 0:
            try:
                found = self._db.execute("SELECT rev FROM life WHERE event = ?", (str(message.id),)).fetchone()
            except sqlite3.Error:
                found = None
            last = found[0] if found else None
        if last is None or message.rev > last:
            return message
        return msgspec.structs.replace(message, rev=last + 1)

    def _keep(self, row: _Row) -> bool:
        alarm, room = row.priority is Priority.ALARM, self._make_room(row)
        if room and (alarm or not self._reserve.scarce) and self._store(row):
            return True
        if alarm and self._reserve.give() and self._store(row):
            return True
        if row.priority is Priority.TELEMETRY or not room or self._memory_is_full(row):
            self._give_up(row.stream, row.seq)
            return False
        self._last_waiting -= 1
        self._waiting[self._last_waiting] = row
        return False

    def _memory_is_full(self, row: _Row) -> bool:
        return row.priority is not Priority.ALARM and len(self._waiting) >= KEPT_IN_MEMORY

    def _store(self, row: _Row) -> bool:
        """Writes what waits in memory, then this row, and losses not written yet: all or nothing."""
        scarce = self._reserve.scarce
        written = {number: one for number, one in self._waiting.items() if one.priority is Priority.ALARM or not scarce}
        rows = [*written.values(), row]
        try:
            with transaction(self._db):
                for one in rows:
                    self._insert(one)
                self._save_losses()
        except sqlite3.Error as error:
            self._cannot_write(error)
            return False
        for one in rows:
            self._depths[one.priority] += 1
            self._bytes += one.bytes
        for number in written:
            del self._waiting[number]
            self._flying.discard(number)
        self._losses.dirty.clear()
        self._say("")
        return True

    def _insert(self, row: _Row) -> None:
        now = datetime.now(UTC).isoformat()
        self._db.execute(
            "INSERT INTO spool (lane, device, topic, payload, kept, boot, seq) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (row.priority.value, row.stream.device, row.topic, row.payload, now, str(row.stream.boot), row.seq),
        )
        if row.life is not None:
            self._db.execute("INSERT OR REPLACE INTO life VALUES (?, ?, ?)", (str(row.life[0]), row.life[1], now))

    def _save_losses(self) -> None:
        for stream in self._losses.dirty:
            key = (stream.device, stream.lane.value, str(stream.boot))
            self._db.execute("DELETE FROM loss WHERE device = ? AND lane = ? AND boot = ?", key)
            ranges = [(*key, lost.from_seq, lost.to_seq) for lost in self._losses.of_stream(stream)]
            self._db.executemany("INSERT INTO loss VALUES (?, ?, ?, ?, ?)", ranges)

    def _make_room(self, row: _Row) -> bool:
        """Whether the spool's limit allows one more message; the least important and oldest go for it."""
        lower = [Priority.TELEMETRY] if row.priority is Priority.TELEMETRY else [Priority.TELEMETRY, Priority.EVENT]
        for victim in lower:
            if self._bytes + row.bytes <= self.max_bytes:
                return True
            self._drop_oldest(victim)
        return self._bytes + row.bytes <= self.max_bytes or row.priority is Priority.ALARM

    def _drop_oldest(self, victim: Priority) -> None:
        """A tenth of the limit; what is with the broker already may have arrived and is left alone."""
        self._drop(
            "SELECT id, device, lane, boot, seq, length(payload) FROM spool WHERE lane = ?"
            " AND (id > ? OR topic IN (SELECT value FROM json_each(?))) ORDER BY id",
            (victim.value, self._sent[victim], json.dumps(list(self.held))),
            self.max_bytes / 10,
        )

    def _drop(self, which: str, values: tuple[object, ...], enough: float) -> None:
        """Gives up what a statement finds, until so many bytes are free: told as lost, never silent."""
        freed, dropped, before = 0, dict[int, tuple[Stream, Priority]](), self._losses.copy()
        try:
            with transaction(self._db):
                for row_id, device, level, boot, seq, size in self._db.execute(which, values):
                    if freed >= enough:
                        break
                    freed += size + ROW_BYTES
                    lane = Lane.TELEMETRY if level == Priority.TELEMETRY else Lane.EVENT
                    dropped[row_id] = Stream(device, lane, UUID(boot)), Priority(level)
                    self._losses.add(dropped[row_id][0], seq)
                for some in _some(list(dropped)):
                    self._delete(some)
                self._save_losses()
        except sqlite3.Error as error:
            self._losses = before
            self._cannot_write(error)
            return
        self._losses.dirty.clear()
        self._bytes -= freed
        self._depths.subtract(level for _, level in dropped.values())
        self._count_given_up(stream for stream, _ in dropped.values())

    def lose(self, row_id: int) -> None:
        """Gives up one message that the broker will never take, and tells of it."""
        with self._lock:
            self._drop("SELECT id, device, lane, boot, seq, length(payload) FROM spool WHERE id = ?", (row_id,), 1)

    def _give_up(self, stream: Stream, seq: int) -> None:
        self._losses.add(stream, seq)
        self._count_given_up([stream])
        self._write_losses()

    def _count_given_up(self, streams: Iterable[Stream]) -> None:
        for stream in streams:
            if stream.boot in self._boots:
                self._given_up[stream.device, stream.lane] += 1

    def take(self, level: Priority, after: int, limit: int, without: Collection[str] = ()) -> list[Kept]:
        """The next messages of a priority in order, those after an id, then those that only the memory holds.

        Nothing is taken for the topics `without`.
        """
        with self._lock:
            found = self._read(level, after, limit, without)
            if found:
                self._sent[level] = max(self._sent[level], found[-1].id)
            for number, row in self._waiting.items():
                wanted = row.priority is level and number not in self._flying and row.topic not in without
                if wanted and len(found) < limit:
                    self._flying.add(number)
                    found.append(Kept(number, row.topic, row.payload))
        return found

    def _read(self, level: Priority, after: int, limit: int, without: Collection[str]) -> list[Kept]:
        try:
            rows = self._db.execute(
                "SELECT id, topic, payload FROM spool WHERE lane = ? AND id > ?"
                " AND topic NOT IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?",
                (level.value, after, json.dumps(list(without)), limit),
            ).fetchall()
        except sqlite3.Error as error:
            self._say(f"spool {self.path}: cannot be read ({error}); look at the disk")
            return []
        return [Kept(*row) for row in rows]

    def back(self, ids: Iterable[int]) -> None:
        """Of what was taken this was not sent after all."""
        with self._lock:
            self._flying.difference_update(ids)

    def done(self, ids: list[int]) -> None:
        """Forgets messages that the broker has acknowledged."""
        with self._lock:
            for number in ids:
                self._waiting.pop(number, None)
                self._flying.discard(number)
            self._acked.update(number for number in ids if number > 0)
            try:
                with transaction(self._db):
                    gone = [row for some in _some(sorted(self._acked)) for row in self._delete(some)]
            except sqlite3.Error as error:
                # Tried again with the next ones; sent again after a restart, where identities make that harmless.
                self._cannot_write(error)
                return
            self._acked.clear()
            for lane, size in gone:
                self._depths[Priority(lane)] -= 1
                self._bytes -= size + ROW_BYTES

    def _delete(self, ids: list[int]) -> list[tuple[str, int]]:
        marks = ",".join("?" * len(ids))
        return self._db.execute(
            f"DELETE FROM spool WHERE id IN ({marks}) RETURNING lane, length(payload)", ids
        ).fetchall()

    def report(self, device: str) -> Report:
        """What a status says: counts and losses of the same instant."""
        with self._lock:
            held = Counter((row.stream.device, row.stream.lane) for row in self._waiting.values())
            published, lost = ({lane: count[device, lane] for lane in Lane} for count in (self._next, self._given_up))
            return Report(
                published[Lane.TELEMETRY],
                published[Lane.EVENT] - held[device, Lane.EVENT],
                lost[Lane.TELEMETRY],
                lost[Lane.EVENT],
                tuple(self._losses.of_device(device, MAX_LOSSES)),
            )

    def told(self, losses: Iterable[Lost]) -> None:
        """The broker has taken a status that names these losses."""
        with self._lock:
            self._losses.told(losses)
            self._write_losses()

    def _write_losses(self) -> None:
        """At once where the disk takes it, else with the next message that it takes."""
        try:
            with transaction(self._db):
                self._save_losses()
        except sqlite3.Error as error:
            self._cannot_write(error)
            return
        self._losses.dirty.clear()

    @property
    def devices_with_losses(self) -> set[str]:
        with self._lock:
            return self._losses.devices

    @property
    def depths(self) -> dict[Priority, int]:
        """Messages that wait, by priority."""
        with self._lock:
            held = Counter(row.priority for row in self._waiting.values())
            return {level: self._depths[level] + held[level] for level in Priority}

    @property
    def count(self) -> int:
        """Messages that wait."""
        return sum(self.depths.values())

    @property
    def bytes(self) -> int:
        """What they take on the disk, about."""
        return self._bytes

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _cannot_write(self, error: sqlite3.Error) -> None:
        self._say(f"spool {self.path}: cannot be written ({error}); free the disk: telemetry is lost, counted")

    def _say(self, text: str) -> None:
        if text != self._fault:
            if text:
                log.error(text)
            else:
                log.info("spool %s: can be written again", self.path)
            self._fault = text


def _fitting(message: Telemetry | Event) -> Telemetry | Event:
    """An alarm that has too much to say is said without its details: the wire takes no more, and it must arrive."""
    if isinstance(message, Telemetry) or len(encode(message)) <= MAX_PAYLOAD:
        return message
    return msgspec.structs.replace(message, details={"left_out": "details and evidence: too large"}, evidence=())


def _some(ids: list[int]) -> list[list[int]]:
    """SQLite takes so many values in one statement."""
    return [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]
