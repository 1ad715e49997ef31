"""What one viewer of the board is sent, from the first event to the last."""

import time
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from fastapi import Request

from api.access import Viewer, still_signed_in
from api.board.live import Board, Look
from api.board.missed import MOST, in_towns
from api.stream import FAULTS, RECHECK_S, RETRY_MS, Hub, Row, beat, event


class Place(NamedTuple):
    """Where a page stands: what it has seen, and whether it was away since."""

    told: int | None
    """the last entry it knows of; None: it asks for nothing that was before"""
    away: bool
    board: str | None
    """the board that it shows; None: it shows none"""


async def follow(request: Request, viewer: Viewer, look: Look, stands: Place) -> AsyncIterator[str]:
    """The events of one viewer: what it missed, entries, boards where it shows one, beats.

    Ends when the session does, or when the viewer's rights have changed; the page then asks who is there.
    """
    hub: Hub = request.app.state.hub
    board: Board = request.app.state.board
    hub.viewers += 1
    try:
        yield f"retry: {RETRY_MS}\n\n"
        # Whoever comes, or comes back, hears at once how things stand.
        place, digest, checked, version = hub.heard, "", time.monotonic(), stands.board
        async for text in _missed(hub, board, look, stands):
            yield text
        while True:
            for text in _entries(board, hub.since(place), look, False):
                yield text
            place = hub.heard
            text, version, read = await _board(board, look, version)
            if text:
                yield text
            if hub.digest != digest:
                digest = hub.digest
                yield event("change", digest)
            # Who is sent nothing because nothing can be read must not look calm.
            yield beat(hub) if read else ": the board cannot be read\n\n"
            if time.monotonic() - checked > RECHECK_S:
                checked = time.monotonic()
                if not await _still(request, viewer):
                    yield event("ended", {})
                    return
            await hub.wait()
    finally:
        hub.viewers -= 1


async def _missed(hub: Hub, board: Board, look: Look, stands: Place) -> AsyncIterator[str]:
    if stands.told is None or stands.told >= hub.newest:
        return
    try:
        rows = await hub.missed(stands.told, MOST)
    except FAULTS:
        # The next connection asks again: its last number is still the old one.
        return
    for text in _entries(board, rows, look, stands.away):
        yield text
    yield event("caught-up", {"cut": len(rows) == MOST, "away": stands.away})


def _entries(board: Board, rows: Sequence[Row], look: Look, missed: bool) -> list[str]:
    return [board.said(look.language, row, missed) for row in rows if in_towns(row, look.towns)]


async def _board(board: Board, look: Look, version: str | None) -> tuple[str, str | None, bool]:
    """What turns the viewer's board into the one of now, its version, and whether it could be read."""
    try:
        if version is None:
            await board.facts(look.towns)
            return "", None, True
        frame = await board.frame(look)
    except FAULTS:
        return "", version, False
    return (board.push(look, version, frame) if frame.version != version else ""), frame.version, True


async def _still(request: Request, viewer: Viewer) -> bool:
    """Whether the viewer may still look; while the database is away nobody is sent off."""
    try:
        found = await still_signed_in(request)
    except FAULTS:
        return True
    return found is not None and found.grants == viewer.grants
