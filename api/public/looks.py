"""Once an hour: how many kitchens are open, so that a month has a share and next year something to compare with."""

import asyncio
import logging

import psycopg
from fastapi import FastAPI
from psycopg_pool import PoolTimeout

from runtime.db import Queries, fault_of

log = logging.getLogger(__name__)
QUERIES = Queries("api.public", "looks.sql")
EVERY_S, FIRST_S = 600.0, 60.0
"""after a start devices have to speak first: until then nothing would seem open"""


async def keep_looking(app: FastAPI) -> None:
    """The duty; a database that is away has no look for that hour."""
    await asyncio.sleep(FIRST_S)
    while True:
        try:
            async with app.state.pool.connection() as connection:
                await connection.execute(QUERIES["look"])
        except PoolTimeout:
            pass
        except psycopg.Error as error:
            log.warning("open kitchens not counted: %s", fault_of(error))
        await asyncio.sleep(EVERY_S)
