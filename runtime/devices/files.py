"""Files of keys and certificates: whole or not there, and private where they must be."""

import os
import stat
from pathlib import Path


class FileFault(ValueError):
    """A file that cannot be read or written, or that others may read; the text names it."""


def read(path: Path) -> bytes:
    """Raises FileFault."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileFault(f"{path}: cannot be read ({error.strerror})") from error


def demand_private(path: Path) -> None:
    """A private key is its owner's alone. Raises FileFault."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise FileFault(f"{path}: cannot be read ({error.strerror})") from error
    if mode & 0o077:
        raise FileFault(f"{path}: mode {mode:04o} lets others at it, expected 0600 (chmod 600 {path})")


def write(path: Path, content: bytes, mode: int) -> None:
    """Replaces a file at once: a reader sees the old or the new, and a private one is never open to others.

    Its owner stays, where there was one before: the broker reads its key as a user of its own. Raises FileFault.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            if os.geteuid() == 0 and path.exists():
                os.fchown(file.fileno(), path.stat().st_uid, path.stat().st_gid)
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise FileFault(f"{path}: cannot be written ({error.strerror})") from error
