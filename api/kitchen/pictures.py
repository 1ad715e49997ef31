"""The marks over the pictures of findings: where the head is, in the pixels of the picture that lies here."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import Request

from api.edge_uploads import path_of
from api.jpeg import JpegError, size
from api.kitchen.marks import Mark, mark

HEAD_BYTES = 64 * 1024
"""a picture says its size within so many bytes"""


async def marks_of(request: Request, rows: Sequence[dict[str, Any]]) -> dict[str, Mark]:
    """By the number of their finding; rows have `number`, `box` and `picture` (its hash)."""
    folder = request.app.state.settings.api.evidence
    wanted = [row for row in rows if row["box"] and row["picture"]]
    return await asyncio.to_thread(_marks, folder, wanted)


def _marks(folder: Path, rows: Sequence[dict[str, Any]]) -> dict[str, Mark]:
    found = {row["number"]: mark(row["box"], _size(path_of(folder, row["picture"]))) for row in rows}
    return {number: one for number, one in found.items() if one is not None}


def _size(path: Path) -> tuple[int, int] | None:
    try:
        with path.open("rb") as file:
            return size(file.read(HEAD_BYTES))
    except (OSError, JpegError):
        return None
