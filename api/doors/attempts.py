"""A try to sign in: counted before it is looked at, so that a hundred at once are no better than one after another."""

import logging
from datetime import datetime

from fastapi import Request
from msgspec import Struct

from api.doors.lockout import Failures, locked_until
from api.tokens import address_of
from runtime.db import AsyncConnection, Queries

log = logging.getLogger(__name__)
QUERIES = Queries("api.doors")


class Try(Struct, frozen=True):
    """One try that may be looked at; `until`: or not before."""

    id: int
    until: datetime | None


async def begin(connection: AsyncConnection, request: Request, login: str) -> Try:
    """Counts a try. One that comes too soon is refused unseen and not counted."""
    values = {"login": login, "address": address_of(request)}
    row = await (await connection.execute(QUERIES["attempt_new"], values)).fetchone()
    assert row is not None
    failed = await (await connection.execute(QUERIES["failures"], {**values, "id": row["id"]})).fetchone()
    until = locked_until(Failures(**failed)) if failed else None
    if until is None or until <= row["now"]:
        return Try(row["id"], None)
    await void(connection, Try(row["id"], until))
    # Neither who nor from where: logs are read by more people than this table.
    log.info("sign-in refused: too many failures")
    return Try(row["id"], until)


async def good(connection: AsyncConnection, tried: Try) -> None:
    """It was the true person."""
    await connection.execute(QUERIES["attempt_good"], {"id": tried.id})


async def void(connection: AsyncConnection, tried: Try) -> None:
    """It was neither: half of the way, or refused unseen."""
    await connection.execute(QUERIES["attempt_void"], {"id": tried.id})
