"""Server-sent events: a page hears that rows have changed and reads them again. A missed event loses nothing."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
from psycopg_pool import PoolTimeout

from runtime.db import AsyncPool, Queries

log = logging.getLogger(__name__)
QUERIES = Queries("api.board")
POLL_S, BEAT_S = 1.0, 2.0


class Hub:
    """One poller for all viewers of this process: what it finds changed, everybody hears."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool
        self.digest, self.fresh_at = "", datetime.min.replace(tzinfo=UTC)
        self._changed = asyncio.Condition()

    async def run(self) -> None:
        """Polls until cancelled; a database that is away makes the boards say so."""
        while True:
            try:
                async with self.pool.connection() as connection:
                    row = await (await connection.execute(QUERIES["digest"])).fetchone()
                digest = str(row["digest"]) if row else ""
                self.fresh_at = datetime.now(UTC)
                if digest != self.digest:
                    self.digest = digest
                    async with self._changed:
                        self._changed.notify_all()
            except (psycopg.Error, PoolTimeout) as error:
                log.debug("board poll: %s", error)
            await asyncio.sleep(POLL_S)

    async def listen(self) -> AsyncIterator[str]:
        """The events of one viewer: `change` when rows changed, `beat` every two seconds while the data is fresh."""
        seen = ""
        while True:
            if self.digest != seen:
                seen = self.digest
                yield f"id: {seen}\nevent: change\ndata: {seen}\n\n"
            age = (datetime.now(UTC) - self.fresh_at).total_seconds()
            if age < 2 * BEAT_S:
                yield f"event: beat\ndata: {json.dumps({'at': datetime.now(UTC).isoformat()})}\n\n"
            else:
                # No beat: the page covers itself rather than look calm.
                yield ": data is old\n\n"
            try:
                async with self._changed:
                    await asyncio.wait_for(self._changed.wait(), BEAT_S)
            except TimeoutError:
                continue
