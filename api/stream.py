"""Server-sent events: one look at the rows for all viewers of this process, and what a viewer missed, from rows."""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout
from starlette.responses import StreamingResponse
from starlette.types import Send

from runtime.db import AsyncPool, Queries

log = logging.getLogger(__name__)
QUERIES = Queries("api.board")
POLL_S, BEAT_S = 1.0, 2.0
RETRY_MS = 2000
SLOW_S = 20.0
"""whoever has not taken what was sent for so long is dropped; it comes again and is told what it missed"""
RECHECK_S = 15.0
"""after so long a viewer's session and rights are looked at again"""
OVERLAP, KEPT = 50, 1000
"""a number can be committed after a higher one: so many are asked for again"""
FAULTS = (psycopg.Error, PoolTimeout, OSError)
Row = Mapping[str, Any]


def event(kind: str, data: object, identity: str = "") -> str:
    """One event as it goes over the wire."""
    head = f"id: {identity}\n" if identity else ""
    return f"{head}event: {kind}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"


class EventStream(StreamingResponse):
    """A stream of events whose reader is dropped when it does not read, so that nothing piles up for it."""

    def __init__(self, content: AsyncIterator[str]) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(content, media_type="text/event-stream", headers=headers)

    async def stream_response(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for chunk in self.body_iterator:
            body = chunk.encode() if isinstance(chunk, str) else bytes(chunk)
            try:
                async with asyncio.timeout(SLOW_S):
                    await send({"type": "http.response.body", "body": body, "more_body": True})
            except TimeoutError:
                log.info("a viewer has not read for %.0f s: dropped", SLOW_S)
                break
        with suppress(TimeoutError):
            async with asyncio.timeout(SLOW_S):
                await send({"type": "http.response.body", "body": b"", "more_body": False})


class Hub:
    """One poller for all viewers of this process: what it finds changed, everybody hears."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool
        self.digest, self.newest = "", 0
        self.fresh_at = datetime.min.replace(tzinfo=UTC)
        self.entries: deque[Row] = deque(maxlen=KEPT)
        self.heard = 0
        """how many entries this process has heard of; a viewer's place among them is such a number"""
        self.viewers = 0
        self._tick, self._looking, self._looked = asyncio.Event(), asyncio.Lock(), 0.0

    @property
    def fresh(self) -> bool:
        """Whether what this process knows is of now; when not, no beat is sent and the boards cover themselves."""
        return (datetime.now(UTC) - self.fresh_at).total_seconds() < 2 * BEAT_S

    async def run(self) -> None:
        """Polls until cancelled; a database that is away makes the boards say so."""
        while True:
            try:
                await self.look()
            except FAULTS as error:
                log.debug("board poll: %s", error)
            await asyncio.sleep(POLL_S)

    async def look(self) -> None:
        """Reads once what has changed, and wakes everybody when something has; whoever asks meanwhile shares the look.

        Raises psycopg.Error or PoolTimeout.
        """
        asked = time.monotonic()
        async with self._looking:
            if self._looked < asked:
                self._looked = time.monotonic()
                try:
                    async with asyncio.timeout(2 * BEAT_S):
                        await self._look()
                except TimeoutError as error:
                    raise PoolTimeout(f"no answer within {2 * BEAT_S:g} s") from error

    async def _look(self) -> None:
        async with self.pool.connection() as connection:
            row = await (await connection.execute(QUERIES["digest"])).fetchone()
            assert row is not None
            if row["digest"] != self.digest:
                await self._read_entries(connection, row["newest"])
        self.fresh_at = datetime.now(UTC)
        if row["digest"] != self.digest:
            self.digest = row["digest"]
            tick, self._tick = self._tick, asyncio.Event()
            tick.set()

    async def _read_entries(self, connection: psycopg.AsyncConnection[Any], newest: int) -> None:
        known = {entry["id"] for entry in self.entries}
        # The first look begins with now: what was before, a viewer asks for by its last number.
        after = (self.newest if self.digest else newest) - OVERLAP
        while True:
            asked = {"after": after, "limit": KEPT}
            found = await (await connection.execute(QUERIES["entries_after"], asked)).fetchall()
            fresh = [entry for entry in found if entry["id"] not in known]
            self.entries.extend(fresh)
            self.heard += len(fresh)
            if len(found) < KEPT:
                break
            # After a while without the database there is more than a page: the newest must not be what is left out.
            after = found[-1]["id"]
        self.newest = newest or 0

    def since(self, place: int) -> list[Row]:
        """What was heard of after a place, oldest first."""
        return list(islice(reversed(self.entries), max(0, self.heard - place)))[::-1]

    async def wait(self) -> None:
        """Until something has changed, or the next beat is due."""
        try:
            async with asyncio.timeout(BEAT_S):
                await self._tick.wait()
        except TimeoutError:
            return

    async def missed(self, after: int, limit: int) -> Sequence[Row]:
        """The entries after a number, oldest first, from rows. Raises psycopg.Error or PoolTimeout."""
        async with self.pool.connection() as connection:
            asked = {"after": after, "limit": limit}
            return await (await connection.execute(QUERIES["entries_after"], asked)).fetchall()


def beat(hub: Hub) -> str:
    """The sign of life while the data is fresh; a comment while it is not, so that the page covers itself."""
    now = datetime.now(UTC)
    return event("beat", {"at": now.isoformat(timespec="milliseconds")}) if hub.fresh else ": data is old\n\n"
