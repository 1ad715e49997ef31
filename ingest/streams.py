"""The loss accounting of one transaction: streams locked in one order, judged in memory, written back at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.rows import tuple_row
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range as SqlRange

from contracts.kinds import Lane
from ingest.gaps import Change, Known, Range, follow, never_came, union
from ingest.sql import QUERIES
from runtime.db import Connection

LANES = {lane.value: lane for lane in Lane}


class StreamKey(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """What is counted apart: messages of one boot of one device on one lane."""

    device: int
    boot: UUID
    lane: Lane


class _Count(msgspec.Struct):
    """What a transaction adds to a row of `stream`."""

    device: int
    boot: UUID
    lane: Lane
    next_seq: int
    stored: int
    duplicates: int
    rejected: int
    published: int
    lost: int
    heard: bool


class _Hole(msgspec.Struct):
    """A row of `gap`, or a number that may fill one."""

    device: int
    boot: UUID
    lane: Lane
    from_seq: int
    to_seq: int


class _Stream:
    """A row of `stream`, and what this transaction adds to it."""

    def __init__(self, known: Known, given_up: list[Range], lost: int) -> None:
        self.known, self.given_up, self.lost = known, given_up, lost
        self.given_up_before = given_up
        self.fresh: set[int] = set()
        self.stored = self.duplicates = self.rejected = self.published = 0

    def told(self, published: int, lost: int, given_up: Iterable[Range]) -> None:
        """What the device says of itself; counts never go back within a boot."""
        self.given_up = union([*self.given_up, *given_up])
        self.published = max([published, self.published, *(end for _, end in self.given_up)])
        self.lost = max(self.lost, lost)


class Streams:
    def __init__(self, connection: Connection, now: datetime) -> None:
        self.connection, self.now = connection, now
        self._rows: dict[StreamKey, _Stream] = {}

    def lock(self, keys: Iterable[StreamKey]) -> None:
        """Locks streams until the commit, so that no other worker counts them meanwhile; makes those that are new."""
        wanted = sorted(set(keys) - self._rows.keys())
        if wanted and self._read(wanted) < len(wanted):
            new = [key for key in wanted if key not in self._rows]
            self.connection.execute(QUERIES["streams_new"], {"rows": _json(new), "now": self.now})
            self._read(new)

    def _read(self, keys: Sequence[StreamKey]) -> int:
        with self.connection.cursor(row_factory=tuple_row) as cursor:
            rows = cursor.execute(QUERIES["streams_lock"], {"rows": _json(keys)}).fetchall()
        for device, boot, lane, next_seq, lost, missing, given_up in rows:
            # None stands for the empty set: what nearly every stream has is not worth sending.
            known = Known(next_seq, tuple(_ranges(missing)) if missing else ())
            self._rows[StreamKey(device, boot, LANES[lane])] = _Stream(known, _ranges(given_up or ()), lost)
        return len(rows)

    def take(self, key: StreamKey, seq: int, good: bool, replayed: bool = False) -> bool:
        """Counts one message; false for one that came before: of one identity the first counts, whatever they hold.

        `replayed`: it came before and was refused. Now that it is good it moves from the rejected to the stored.
        """
        stream = self._rows[key]
        if seq not in stream.fresh and not stream.known.has(seq):
            stream.fresh.add(seq)
            stream.stored += good
            stream.rejected += not good
            return True
        if replayed:
            stream.stored += good
            stream.rejected -= good
            return good
        stream.duplicates += 1
        return False

    def told(self, key: StreamKey, published: int = 0, lost: int = 0, given_up: Iterable[Range] = ()) -> None:
        """Notes what a device says it has published, lost and given up; the stream is locked."""
        self._rows[key].told(published, lost, given_up)

    def settle(self) -> None:
        """Writes everything back, streams and gaps."""
        changes = {key: follow(stream.known, stream.fresh) for key, stream in self._rows.items()}
        if not changes:
            return
        counts = [self._count(key, stream, changes[key].known) for key, stream in self._rows.items()]
        self.connection.execute(QUERIES["streams_count"], {"rows": _json(counts), "now": self.now})
        self._write_ranges(changes)
        self._write_gaps(changes)

    def _count(self, key: StreamKey, stream: _Stream, known: Known) -> _Count:
        return _Count(
            key.device,
            key.boot,
            key.lane,
            next_seq=known.next_seq,
            stored=stream.stored,
            duplicates=stream.duplicates,
            rejected=stream.rejected,
            published=stream.published,
            lost=never_came(known, stream.given_up) if stream.given_up else stream.lost,
            heard=bool(stream.fresh or stream.duplicates),
        )

    def _write_ranges(self, changes: Mapping[StreamKey, Change]) -> None:
        """The sets themselves are written only where they changed: hardly ever."""
        for key, stream in self._rows.items():
            missing = changes[key].known.missing
            if missing is not stream.known.missing or stream.given_up is not stream.given_up_before:
                ranges = {"missing": _multirange(missing), "given_up": _multirange(stream.given_up)}
                self.connection.execute(
                    QUERIES["stream_ranges"], {"device": key.device, "boot": key.boot, "lane": key.lane.value, **ranges}
                )

    def _write_gaps(self, changes: Mapping[StreamKey, Change]) -> None:
        """The history of holes, for people."""
        opened = [_hole(key, *hole) for key, change in changes.items() for hole in change.opened]
        late = [_hole(key, seq, seq + 1) for key, change in changes.items() for seq in change.late]
        if opened:
            self.connection.execute(QUERIES["gaps_open"], {"rows": _json(opened), "now": self.now})
        if late:
            self.connection.execute(QUERIES["gaps_fill"], {"rows": _json(late), "now": self.now})


def _hole(key: StreamKey, start: int, end: int) -> _Hole:
    return _Hole(key.device, key.boot, key.lane, start, end)


def _json(rows: Collection[msgspec.Struct]) -> str:
    """Rows for json_to_recordset: many times quicker than an array for each column."""
    return msgspec.json.encode(rows).decode()


def _ranges(found: Multirange[int] | tuple[()]) -> list[Range]:
    return [(part.lower or 0, part.upper or 0) for part in found]


def _multirange(ranges: Iterable[Range]) -> str:
    return "{" + ",".join(str(SqlRange(start, end)) for start, end in ranges) + "}"
