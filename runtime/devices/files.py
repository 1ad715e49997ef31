"""Files of keys and certificates: whole or not there, and private where they must be."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path


class FileFault(ValueError):
    """A file that cannot be read or written, or that others may read; the text names it."""


def there(path: Path) -> bool:
    """False also for one in a folder that is closed to us: it is as far away as on another machine."""
    return os.path.exists(path)  # noqa: PTH110


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


def demand_writable(folder: Path, names: Iterable[str]) -> None:
    """That these files can be written there, tried before one of several is. Raises FileFault."""
    write(folder / ".try", b"", 0o600)
    try:
        (folder / ".try").unlink()
    except OSError as error:
        raise FileFault(f"{folder}: cannot be written ({error.strerror})") from error
    for name in names:
        if (folder / name).is_dir():
            raise FileFault(f"{folder / name}: is a folder, expected a file or nothing")


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
