"""The loss accounting of one transaction: streams locked in one order, judged in memory, written back at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.types.multirange import Multirange
from psycopg.types.range import Range as SqlRange

from contracts.kinds import Lane
from ingest.gaps import Change, Known, Range, follow, never_came, union
from ingest.sql import QUERIES
from runtime.db import Connection


class StreamKey(NamedTuple):
    """What is counted apart: messages of one boot of one device on one lane."""

    device: int
    boot: UUID
    lane: Lane


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
        if wanted and len(self._read(wanted)) < len(wanted):
            self.connection.execute(
                QUERIES["streams_new"], {**_columns(key for key in wanted if key not in self._rows), "now": self.now}
            )
            self._read([key for key in wanted if key not in self._rows])

    def _read(self, keys: Collection[StreamKey]) -> list[StreamKey]:
        rows = self.connection.execute(QUERIES["streams_lock"], _columns(keys)).fetchall()
        found = [StreamKey(row["device_id"], row["boot"], Lane(row["lane"])) for row in rows]
        for key, row in zip(found, rows, strict=True):
            known = Known(row["next_seq"], tuple(_ranges(row["missing"])))
            self._rows[key] = _Stream(known, _ranges(row["given_up"]), row["lost"])
        return found

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
        keys, streams = list(self._rows), list(self._rows.values())
        for key, stream in self._rows.items():
            if stream.given_up:
                stream.lost = never_came(changes[key].known, stream.given_up)
        self.connection.execute(
            QUERIES["streams_count"],
            {
                **_columns(keys),
                "now": self.now,
                "next_seqs": [changes[key].known.next_seq for key in keys],
                "stored": [stream.stored for stream in streams],
                "duplicates": [stream.duplicates for stream in streams],
                "rejected": [stream.rejected for stream in streams],
                "published": [stream.published for stream in streams],
                "lost": [stream.lost for stream in streams],
                "heard": [bool(stream.fresh or stream.duplicates) for stream in streams],
            },
        )
        self._ranges(changes)
        self._gaps(changes)

    def _ranges(self, changes: Mapping[StreamKey, Change]) -> None:
        """The sets themselves are written only where they changed: hardly ever."""
        for key, stream in self._rows.items():
            known = changes[key].known
            if known.missing != stream.known.missing or stream.given_up != stream.given_up_before:
                self.connection.execute(
                    QUERIES["stream_ranges"],
                    {**key._asdict(), "missing": _multirange(known.missing), "given_up": _multirange(stream.given_up)},
                )

    def _gaps(self, changes: Mapping[StreamKey, Change]) -> None:
        """The history of holes, for people."""
        opened = [(key, hole) for key, change in changes.items() for hole in change.opened]
        late = [(key, seq) for key, change in changes.items() for seq in change.late]
        if opened:
            holes = {"starts": [start for _, (start, _) in opened], "ends": [end for _, (_, end) in opened]}
            self.connection.execute(
                QUERIES["gaps_open"], {**_columns(key for key, _ in opened), **holes, "now": self.now}
            )
        if late:
            came = {"seqs": [seq for _, seq in late], "now": self.now}
            self.connection.execute(QUERIES["gaps_fill"], {**_columns(key for key, _ in late), **came})


def _columns(keys: Iterable[StreamKey]) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = defaultdict(list)
    for key in keys:
        columns["devices"].append(key.device)
        columns["boots"].append(key.boot)
        columns["lanes"].append(key.lane.value)
    return columns


def _ranges(found: Multirange[int] | None) -> list[Range]:
    """`None` stands for the empty set: what nearly every stream has is not worth sending."""
    return [(part.lower or 0, part.upper or 0) for part in found or ()]


def _multirange(ranges: Iterable[Range]) -> str:
    return "{" + ",".join(str(SqlRange(start, end)) for start, end in ranges) + "}"
