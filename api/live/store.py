"""Where video of open leases lies: a folder for each, bounded, and gone when the lease is."""

import shutil
from pathlib import Path
from uuid import UUID, uuid4

from api.live.playlist import Piece, piece

KEPT_LIVE = 30
"""segments of a live view; what is older nobody needs any more"""
LATE_MS = 60_000
"""what comes so much out of order is of a clock that was set back, and not of the past"""
DONE = "done"
CLIP = "clip.mp4"


class NoRoom(OSError):
    """The folder is full; the text says how full it may be."""


class Store:
    """All names are made here, from a UUID and from numbers: nothing that anybody sends becomes part of a path."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder, self.max_bytes = folder, max_bytes

    def of(self, lease: UUID) -> Path:
        return self.folder / lease.hex

    def pieces(self, lease: UUID) -> list[Piece]:
        """What has come, in order."""
        return sorted(one for name in _names(self.of(lease)) if (one := piece(name)))

    def put_piece(self, lease: UUID, start_ms: int, ms: int, head: int, content: bytes, *, live: bool) -> None:
        """Keeps a segment in the order of arrival; of a live view the oldest ones go.

        It is numbered here: an agent that began anew counts from 0 again, and what it sends twice is one segment.
        Raises OSError, and LookupError for a segment whose head has not come.
        """
        pieces = self.pieces(lease)
        known = next((one for one in pieces if one.start_ms == start_ms), None)
        last = pieces[-1] if pieces else None
        if live and known is None and last is not None and 0 < last.start_ms - start_ms < LATE_MS:
            return
        named = self._there(lease, f"head-{head}")
        if named is None:
            raise LookupError(f"x-segment-init: {head}, expected one that has come")
        number = known.number if known else last.number + 1 if last else 0
        one = Piece(number, int(named.read_text("ascii")), ms, start_ms)
        if known is not None and known != one:
            (self.of(lease) / known.name).unlink(missing_ok=True)
        self._put(lease, one.name, content)
        if live:
            for old in self.pieces(lease)[:-KEPT_LIVE]:
                (self.of(lease) / old.name).unlink(missing_ok=True)

    def put_init(self, lease: UUID, head: int, content: bytes) -> None:
        """Keeps the head of segments; the same head is kept once, whatever number the edge gives it."""
        number = 0
        while (kept := self.init(lease, number)) is not None and kept.read_bytes() != content:
            number += 1
        if kept is None:
            self._put(lease, f"init-{number}.mp4", content)
        self._put(lease, f"head-{head}", str(number).encode())

    def put_clip(self, lease: UUID, content: bytes) -> None:
        self._put(lease, CLIP, content)

    def put_done(self, lease: UUID, reason: str) -> None:
        self._put(lease, DONE, reason.encode())

    def path(self, lease: UUID, number: int) -> Path | None:
        """The file of a segment."""
        found = next((one for one in self.pieces(lease) if one.number == number), None)
        return self.of(lease) / found.name if found else None

    def init(self, lease: UUID, number: int) -> Path | None:
        return self._there(lease, f"init-{number}.mp4")

    def clip(self, lease: UUID) -> Path | None:
        return self._there(lease, CLIP)

    def done(self, lease: UUID) -> str | None:
        """How the edge says that it ended; None while it has not."""
        path = self._there(lease, DONE)
        return path.read_text("utf-8", errors="replace") if path else None

    def drop(self, lease: UUID) -> None:
        shutil.rmtree(self.of(lease), ignore_errors=True)

    def leases(self) -> list[UUID]:
        """Those that have a folder."""
        return [UUID(hex=name) for name in _names(self.folder) if len(name) == 32 and _is_hex(name)]

    def size(self) -> int:
        return sum(path.stat().st_size for path in self.folder.glob("*/*") if path.is_file())

    def _there(self, lease: UUID, name: str) -> Path | None:
        path = self.of(lease) / name
        return path if path.is_file() else None

    def _put(self, lease: UUID, name: str, content: bytes) -> None:
        if self.size() + len(content) > self.max_bytes:
            raise NoRoom(28, f"{self.max_bytes // 1024 // 1024} MB of video are kept already")
        folder = self.of(lease)
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{uuid4().hex}.part"
        part.write_bytes(content)
        part.replace(folder / name)


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []


def _is_hex(name: str) -> bool:
    return all(letter in "0123456789abcdef" for letter in name)
