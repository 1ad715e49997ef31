"""A person's second factor: made, confirmed by a code, asked for, taken away."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from api.access import digest
from api.doors import totp
from runtime.db import AsyncConnection, Queries

QUERIES = Queries("api.doors", "second.sql")
ISSUER = "Sunlit"


class Enrolment(Struct, frozen=True):
    """What an app of codes needs to know."""

    secret: str
    picture: str

    @property
    def spelled(self) -> str:
        """The secret for those who cannot scan."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))


Find = Callable[[AsyncConnection, int, str], Awaitable[Enrolment | None]]


async def begin(connection: AsyncConnection, person: int, login: str) -> Enrolment | None:
    """A new secret that is not confirmed yet; None: there is a confirmed one."""
    await connection.execute(QUERIES["factor_new"], {"person": person, "secret": totp.new_secret()})
    return await pending(connection, person, login)


async def pending(connection: AsyncConnection, person: int, login: str) -> Enrolment | None:
    """The secret that waits for its first code, for an hour."""
    row = await _row(connection, person)
    if row is None or row["confirmed_at"] or not row["fresh"]:
        return None
    return Enrolment(row["secret"], totp.picture(row["secret"], login, ISSUER))


async def confirm(connection: AsyncConnection, person: int, code: str) -> list[str] | None:
    """Turns the second factor on and gives ten recovery codes, shown this once; None: the code is wrong."""
    row = await _row(connection, person)
    step = totp.step_of(row["secret"], code, time.time()) if row and row["fresh"] else None
    if step is None:
        return None
    codes = totp.recovery_codes()
    async with connection.transaction():
        cursor = await connection.execute(QUERIES["factor_confirm"], {"person": person, "step": step})
        if await cursor.fetchone() is None:
            return None
        values = {"person": person, "codes": [digest(one) for one in codes]}
        await connection.execute(QUERIES["recovery_new"], values)
    return codes


async def good(connection: AsyncConnection, person: int, code: str) -> bool:
    """Whether a code of six digits or a recovery code lets in; either counts once."""
    row = await _row(connection, person)
    if row is None or not row["confirmed_at"]:
        return False
    step = totp.step_of(row["secret"], code, time.time())
    statement, values = (
        ("factor_step", {"person": person, "step": step})
        if step is not None
        else ("recovery_use", {"person": person, "code": digest(totp.tidy_recovery(code))})
    )
    return await (await connection.execute(QUERIES[statement], values)).fetchone() is not None


async def drop(connection: AsyncConnection, person: int) -> bool:
    """Takes the second factor away with its recovery codes; False: there was none."""
    return await (await connection.execute(QUERIES["factor_drop"], {"person": person})).fetchone() is not None


async def codes_left(connection: AsyncConnection, person: int) -> int | None:
    """How many recovery codes are left; None: no second factor."""
    row = await _row(connection, person)
    if row is None or not row["confirmed_at"]:
        return None
    left = await (await connection.execute(QUERIES["recovery_left"], {"person": person})).fetchone()
    return int(left["n"]) if left else 0


async def _row(connection: AsyncConnection, person: int) -> dict[str, Any] | None:
    row: dict[str, Any] | None = await (await connection.execute(QUERIES["factor"], {"person": person})).fetchone()
    return row
