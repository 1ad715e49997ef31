"""Uploads in parts: a file that grows under its hash until it is whole, and is nobody's evidence before that."""

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from fastapi import HTTPException

RANGE = re.compile(r"^bytes (\d{1,15})-(\d{1,15})/(\d{1,15})$")
KEPT_S = 24 * 3600
MOST_PER_DEVICE = 8
SPARE_BYTES = 64 * 1024 * 1024
"""left free on the centre's disk, whatever the edge sends"""


class Range(NamedTuple):
    """The bytes first to last of so many in all."""

    first: int
    last: int
    total: int


def parse(text: str, most: int) -> Range:
    """PURE. What a Content-Range says. Raises HTTPException."""
    found = RANGE.match(text)
    if found is None:
        raise HTTPException(422, f"content-range: {text[:80]!r}, expected bytes first-last/total")
    wanted = Range(*(int(number) for number in found.groups()))
    if not wanted.first <= wanted.last < wanted.total:
        raise HTTPException(422, f"content-range: {text!r}, expected first <= last < total")
    if wanted.total > most:
        raise HTTPException(413, f"content-range: {wanted.total} bytes in all, expected at most {most}")
    return wanted


class Part:
    """One upload that is under way; its name begins with the device's id."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.path = folder, folder / f"{name}.part"
        self._device = name.split("-", 1)[0]

    def size(self) -> int:
        """How much is here."""
        return self.path.stat().st_size if self.path.exists() else 0

    @asynccontextmanager
    async def writing(self, wanted: Range) -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
        """Takes the bytes of a range, and keeps those that came when the connection breaks. Raises HTTPException."""
        file = await asyncio.to_thread(self._open, wanted)
        written = 0

        async def write(chunk: bytes) -> None:
            nonlocal written
            written += len(chunk)
            if wanted.first + written > wanted.last + 1:
                raise HTTPException(422, f"body: more than the {wanted.last - wanted.first + 1} bytes of its range")
            try:
                await asyncio.to_thread(file.write, chunk)
            except OSError as error:
                raise _full(self.folder, error) from error

        try:
            yield write
        finally:
            await asyncio.to_thread(_close, file)

    def _open(self, wanted: Range) -> BinaryIO:
        try:
            if not self.path.exists():
                self._make_room(wanted.total)
            file = self.path.open("ab")
        except OSError as error:
            raise _full(self.folder, error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise HTTPException(503, "this upload is being written by another connection; try again") from error
        here = os.fstat(file.fileno()).st_size
        if here > wanted.first:
            # The sender has not heard that this had arrived, or the last part came and was never made evidence.
            file.truncate(wanted.first)
        elif here < wanted.first:
            file.close()
            raise HTTPException(
                409,
                f"content-range: begins at {wanted.first}, expected {here}: so much is here",
                headers={"Upload-Offset": str(here)},
            )
        return file

    def _make_room(self, total: int) -> None:
        """Forgets uploads that nobody went on with. Raises HTTPException or OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob("*.part"):
            if old.stat().st_mtime < time.time() - KEPT_S:
                old.unlink(missing_ok=True)
        if sum(1 for _ in self.folder.glob(f"{self._device}-*.part")) >= MOST_PER_DEVICE:
            raise HTTPException(429, f"device: has {MOST_PER_DEVICE} uploads under way; finish one or wait a day")
        if shutil.disk_usage(self.folder).free < total + SPARE_BYTES:
            raise HTTPException(507, f"evidence folder {self.folder}: no room for {total} bytes")

    def complete(self, target: Path, sha256: str, words: str, at: int, mark: bytes) -> None:
        """Makes the whole file evidence, if it is what its address says. Raises HTTPException; then it begins anew."""
        try:
            with self.path.open("rb") as file:
                begin = file.read(at + len(mark))
                file.seek(0)
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != sha256:
                self.path.unlink()
                raise HTTPException(
                    409, f"sha256: the parts' is {found}, the address says {sha256}", headers={"Upload-Offset": "0"}
                )
            if begin[at:] != mark:
                self.path.unlink()
                raise HTTPException(422, f"body: not {words}")
            target.parent.mkdir(parents=True, exist_ok=True)
            self.path.replace(target)
        except OSError as error:
            raise _full(self.folder, error) from error


def _close(file: BinaryIO) -> None:
    """On the disk before anybody is told that it is here. Raises HTTPException."""
    try:
        with file:
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _full(Path(file.name).parent, error) from error


def _full(folder: Path, error: OSError) -> HTTPException:
    return HTTPException(507, f"evidence folder {folder}: cannot be written ({error.strerror})")
