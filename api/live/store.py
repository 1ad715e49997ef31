"""Where video of open leases lies: a folder for each, bounded, and gone when the lease is."""

import shutil
from pathlib import Path
from uuid import UUID, uuid4

from api.live.playlist import Piece, piece

KEPT_LIVE = 30
"""segments of a live view; what is older nobody needs any more"""
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

    def put_piece(self, lease: UUID, one: Piece, content: bytes, *, live: bool) -> None:
        """Keeps a segment; of a live view the oldest ones go. Raises OSError."""
        self._put(lease, one.name, content)
        if live:
            for old in self.pieces(lease)[:-KEPT_LIVE]:
                (self.of(lease) / old.name).unlink(missing_ok=True)

    def put_init(self, lease: UUID, number: int, content: bytes) -> None:
        self._put(lease, f"init-{number}.mp4", content)

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
