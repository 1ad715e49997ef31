"""What the edge has to say, durable until the broker has acknowledged it. Alarms go first and are never given up."""

import logging
import sqlite3
import threading
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from contracts.kinds import Lane
from contracts.messages import Event, Telemetry, encode

log = logging.getLogger(__name__)
TABLE = """
CREATE TABLE IF NOT EXISTS spool (
    id INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, device TEXT NOT NULL, topic TEXT NOT NULL,
    payload BLOB NOT NULL, kept TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS spool_lane ON spool (lane, id);
"""
KEPT_IN_MEMORY = 10_000


class SpoolError(RuntimeError):
    """The spool cannot be opened; the text names its file and says what to do."""


class Kept(NamedTuple):
    """A message in the spool."""

    id: int
    topic: str
    payload: bytes


class Spool:
    """An SQLite file. Sequence numbers count per device and lane from 0 within this boot, without holes."""

    def __init__(self, folder: Path, max_bytes: int = 512 * 1024 * 1024) -> None:
        self.path, self.max_bytes = folder / "spool.db", max_bytes
        self._lock = threading.Lock()
        self._db = self._open()
        self._next: Counter[tuple[str, Lane]] = Counter()
        self._lost: Counter[tuple[str, Lane]] = Counter()
        self._waiting: deque[tuple[str, str, bytes]] = deque()
        self._bytes = self._size()
        self._fault = ""
        self.wake = threading.Event()

    def _open(self) -> sqlite3.Connection:
        """Raises SpoolError."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            opened = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
            opened.execute("PRAGMA journal_mode = WAL")
            # An alarm that was taken survives a power cut.
            opened.execute("PRAGMA synchronous = FULL")
            opened.executescript(TABLE)
        except (sqlite3.Error, OSError) as error:
            raise SpoolError(
                f"spool {self.path}: cannot be opened ({error}); free the disk or move the file away"
            ) from error
        return opened

    def put(self, lane: Lane, device: str, topic: str, make: Callable[[int], Telemetry | Event]) -> None:
        """Keeps one message; `make` gets its sequence number. A full disk loses telemetry (counted), never an event."""
        with self._lock:
            message = make(self._next[device, lane])
            payload = encode(message)
            self._next[device, lane] += 1
            if not self._keep(lane, device, topic, payload):
                if lane is Lane.EVENT and len(self._waiting) < KEPT_IN_MEMORY:
                    self._waiting.append((device, topic, payload))
                else:
                    self._lost[device, lane] += 1
        self.wake.set()

    def _keep(self, lane: Lane, device: str, topic: str, payload: bytes) -> bool:
        if lane is Lane.TELEMETRY and self._bytes + len(payload) > self.max_bytes:
            self._drop_oldest_telemetry()
        try:
            self._db.execute(
                "INSERT INTO spool (lane, device, topic, payload, kept) VALUES (?, ?, ?, ?, ?)",
                (lane.value, device, topic, payload, datetime.now(UTC).isoformat()),
            )
        except sqlite3.Error as error:
            self._say(f"spool {self.path}: cannot be written ({error}); free the disk: telemetry is lost, counted")
            return False
        self._bytes += len(payload)
        self._say("")
        return True

    def _drop_oldest_telemetry(self) -> None:
        """Makes room: a tenth of the limit, oldest first. What is dropped counts as lost for its device."""
        rows = self._db.execute(
            "SELECT id, device, length(payload) FROM spool WHERE lane = ? ORDER BY id", (Lane.TELEMETRY.value,)
        )
        freed, last = 0, 0
        for row_id, device, size in rows:
            if freed >= self.max_bytes / 10:
                break
            freed, last = freed + size, row_id
            self._lost[device, Lane.TELEMETRY] += 1
        self._db.execute("DELETE FROM spool WHERE lane = ? AND id <= ?", (Lane.TELEMETRY.value, last))
        self._bytes = self._size()

    def take(self, lane: Lane, after: int, limit: int) -> list[Kept]:
        """The next messages of a lane in order, those after an id."""
        with self._lock:
            self._retry_waiting()
            rows = self._db.execute(
                "SELECT id, topic, payload FROM spool WHERE lane = ? AND id > ? ORDER BY id LIMIT ?",
                (lane.value, after, limit),
            ).fetchall()
        return [Kept(*row) for row in rows]

    def _retry_waiting(self) -> None:
        while self._waiting and self._keep(Lane.EVENT, *self._waiting[0]):
            self._waiting.popleft()

    def done(self, ids: list[int]) -> None:
        """Forgets messages that the broker has acknowledged."""
        with self._lock:
            try:
                self._db.execute(f"DELETE FROM spool WHERE id IN ({','.join('?' * len(ids))})", ids)
                self._bytes = self._size() if not self.count_locked() else self._bytes
            except sqlite3.Error as error:
                # They will be sent again after a restart; identities make that harmless.
                self._say(f"spool {self.path}: cannot be written ({error}); free the disk")

    def count_locked(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM spool").fetchone()[0])

    @property
    def count(self) -> int:
        """Messages that wait."""
        with self._lock:
            return self.count_locked() + len(self._waiting)

    def published(self, device: str, lane: Lane) -> int:
        """How many messages this boot has taken for a lane of a device: the next sequence number."""
        return self._next[device, lane]

    def lost(self, device: str, lane: Lane) -> int:
        """How many of them had to be given up."""
        return self._lost[device, lane]

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _size(self) -> int:
        return int(self._db.execute("SELECT coalesce(sum(length(payload)), 0) FROM spool").fetchone()[0])

    def _say(self, text: str) -> None:
        if text != self._fault:
            if text:
                log.error(text)
            else:
                log.info("spool %s: can be written again", self.path)
            self._fault = text
