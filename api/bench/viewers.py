"""Boards that watch: each keeps an event stream open, and hears of every change or does not."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

from api.bench.sql import QUERIES
from api.bench.wire import Caller, WireError
from runtime.db import Role, connect
from runtime.load.running import Tell
from runtime.settings import DatabaseSettings

STREAM = "/board/stream?v=none"
"""as a board that shows nothing yet: it is sent everything, and then what changes"""
CHANGES = 5
PATIENCE_S = 10.0
"""a board that has not heard of a change after so long has not heard of it"""
SETTLE_S = 3.0


class Heard(NamedTuple):
    """How many boards heard of every change, and seconds from each commit until each heard of it."""

    all: int
    seconds: list[float]


class _Board:
    """One viewer: when it last heard that something has changed."""

    def __init__(self, caller: Caller) -> None:
        self.caller, self.heard, self.at = caller, asyncio.Event(), 0.0

    async def listen(self) -> None:
        while True:
            if b"event: board" in await self.caller.event() and not self.heard.is_set():
                self.at = time.monotonic()
                self.heard.set()


async def watch(callers: Sequence[Caller], database: DatabaseSettings, number: str, tell: Tell) -> Heard:
    """Opens a stream each, changes an incident a few times, and counts. Raises WireError, psycopg.Error."""
    boards, tasks = [_Board(caller) for caller in callers], []
    for count, board in enumerate(boards, 1):
        await board.caller.listen(STREAM)
        tasks.append(asyncio.create_task(board.listen()))
        tell("viewers", count, len(boards))
    try:
        if not await _all_heard(boards):
            raise WireError(f"{STREAM}: not every board heard how things stand within {PATIENCE_S:g} s")
        seconds: list[float] = []
        missed: set[int] = set()
        for change in range(CHANGES):
            await asyncio.sleep(SETTLE_S)
            tell("changes", change, CHANGES)
            for board in boards:
                board.heard.clear()
            at = await asyncio.to_thread(happen, database, number)
            await _all_heard(boards)
            seconds += [board.at - at for board in boards if board.heard.is_set()]
            missed |= {viewer for viewer, board in enumerate(boards) if not board.heard.is_set()}
        return Heard(len(boards) - len(missed), seconds)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _all_heard(boards: Sequence[_Board]) -> bool:
    """Whether every board heard of something new in time."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            for board in boards:
                await board.heard.wait()
    except TimeoutError:
        return False
    return True


def happen(database: DatabaseSettings, number: str) -> float:
    """Something happens to an incident; when it was committed (monotonic)."""
    with connect(database, Role.OWNER) as connection, connection.transaction():
        for name in ("happens", "counted"):
            connection.execute(QUERIES[name], {"number": number})
    return time.monotonic()
