"""Files that are written whole or not at all, also when the power goes."""

import os
from pathlib import Path


def write(path: Path, data: bytes) -> None:
    """Replaces a file, its folder made if it is not there; on the disk when this returns.

    Raises OSError; then the old one is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    # The new name survives a power cut only once its folder is on the disk too.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def append(path: Path, line: bytes) -> None:
    """Adds a line and returns when it is on the disk. Raises OSError."""
    with path.open("ab") as file:
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
