"""The secret that seals addresses: made at the first use, beside the video, where every instance of ours finds it."""

import os
import secrets
from pathlib import Path

from fastapi import FastAPI, HTTPException

NAME = ".key"
BYTES = 32


def key_of(app: FastAPI) -> bytes:
    """The secret, read once. Raises HTTPException where the folder cannot be read or written."""
    if not hasattr(app.state, "media_key"):
        folder = app.state.settings.api.live
        try:
            app.state.media_key = read_or_make(folder / NAME)
        except OSError as error:
            raise HTTPException(507, f"live folder: cannot be written ({error.strerror})") from error
    key: bytes = app.state.media_key
    return key


def read_or_make(path: Path) -> bytes:
    """The content of a file of our own eyes only; of several that make it at once, one wins. Raises OSError."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{NAME}.{secrets.token_hex(8)}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(part)
        except FileExistsError:
            # Another instance was first.
            pass
        finally:
            part.unlink()
    return path.read_bytes()
