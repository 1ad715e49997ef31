"""Files that are written whole or not at all, also when the power goes."""

import os
from pathlib import Path


def write(path: Path, data: bytes) -> None:
    """Replaces a file. Raises OSError; then the old one is still there."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def append(path: Path, line: bytes) -> None:
    """Adds a line and returns when it is on the disk. Raises OSError."""
    with path.open("ab") as file:
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
