"""Brings a model that its registry entry names by address: goes on where it was cut off, keeps it only when whole."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from models.errors import ModelError
from models.registry import ModelEntry, store
from models.session import sha256_of

Progress = Callable[[int, int | None], None]
"""Told the bytes that are there and, where the server says it, how many there will be."""

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_MOST_BYTES = 2 * 1024**3


def fetch(entry: ModelEntry, *, folder: Path | None = None, progress: Progress = lambda done, whole: None) -> Path:
    """The file of an entry, downloaded from its address, or copied from `folder` where there is no network.

    A file that is there already is checked and kept. Raises ModelError naming the entry: no address, an answer other
    than the file, a broken connection (what came is kept for the next try), a wrong hash (nothing is kept), no room.
    """
    if entry.address is None:
        raise ModelError(f"{entry.name}: address: the entry has none, expected one; its file comes with the registry")
    target = store(entry)
    if target.exists() and sha256_of(target) == entry.sha256:
        return target
    part = target.with_suffix(".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if folder is not None:
            shutil.copyfile(_lying_in(folder, entry), part)
        else:
            _download(entry, entry.address, part, progress)
    except httpx.HTTPError as error:
        raise ModelError(f"{entry.name}: address: {entry.address}: {_said(error)}; run the command again") from error
    except OSError as error:
        raise ModelError(f"{entry.name}: {part} cannot be written ({error.strerror})") from error
    found = sha256_of(part)
    if found != entry.sha256:
        part.unlink()
        came = folder or entry.address
        raise ModelError(f"{entry.name}: sha256: what came from {came} has {found}, expected {entry.sha256}")
    part.replace(target)
    return target


def _lying_in(folder: Path, entry: ModelEntry) -> Path:
    """The file by the name that the address ends in, else any model there with the right hash."""
    named = folder / Path(urlsplit(entry.address or "").path).name
    if named.is_file():
        return named
    for path in sorted(folder.glob("*.onnx")):
        if sha256_of(path) == entry.sha256:
            return path
    raise ModelError(f"{entry.name}: {folder} holds no {named.name} and no model with sha256 {entry.sha256}")


def _download(entry: ModelEntry, address: str, part: Path, progress: Progress) -> None:
    there = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={there}-"} if there else {}
    with httpx.stream("GET", address, headers=headers, follow_redirects=True, timeout=_TIMEOUT) as answer:
        if answer.status_code == 416:
            # The whole file is there already, or another one; the hash decides.
            return
        if answer.status_code not in (200, 206):
            raise ModelError(f"{entry.name}: address: {address} answered {answer.status_code}, expected the file")
        # A server that knows no ranges sends all of it again.
        there = there if answer.status_code == 206 else 0
        length = answer.headers.get("content-length", "")
        whole = there + int(length) if length.isdigit() else None
        with part.open("ab" if there else "wb") as file:
            for done in _written(entry, answer.iter_bytes(), file.write, there):
                progress(done, whole)
            file.flush()
            os.fsync(file.fileno())


def _written(entry: ModelEntry, pieces: Iterator[bytes], write: Callable[[bytes], int], there: int) -> Iterator[int]:
    for piece in pieces:
        there += write(piece)
        if there > _MOST_BYTES:
            raise ModelError(f"{entry.name}: address: more than {_MOST_BYTES} bytes came, expected a model")
        yield there


def _said(error: httpx.HTTPError) -> str:
    return str(error).strip() or type(error).__name__
