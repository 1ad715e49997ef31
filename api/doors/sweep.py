"""Sessions, tries and passes whose time is over are deleted."""

import asyncio
import logging
from contextlib import suppress

import psycopg
from fastapi import FastAPI
from psycopg_pool import PoolTimeout

from runtime.db import AsyncConnection, Queries

log = logging.getLogger(__name__)
QUERIES = Queries("api.doors")
EVERY_S = 600.0


async def sweep(connection: AsyncConnection, idle_minutes: int) -> None:
    """Deletes what is over."""
    await connection.execute(QUERIES["sweep_sessions"], {"idle": idle_minutes})
    await connection.execute(QUERIES["sweep_attempts"])
    await connection.execute(QUERIES["sweep_passes"])


async def keep_swept(app: FastAPI) -> None:
    """Sweeps now and every ten minutes until cancelled; says once, at the start, when nobody can run the house."""
    asked = False
    while True:
        with suppress(psycopg.Error, PoolTimeout):
            async with app.state.pool.connection() as connection:
                await sweep(connection, app.state.settings.api.idle_minutes)
                if not asked:
                    row = await (await connection.execute(QUERIES["admin_there"])).fetchone()
                    asked = True
                    if row and not row["there"]:
                        log.warning("no admin can sign in yet: `sunlit person first-admin` gives a link for an hour")
        await asyncio.sleep(EVERY_S)
