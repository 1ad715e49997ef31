"""What is good once and for a while: a random token of which only the hash is kept."""

import secrets
from enum import StrEnum
from typing import Any

from msgspec import Struct
from psycopg.types.json import Jsonb

from api.access import digest
from runtime.db import AsyncConnection, Queries

QUERIES = Queries("api.doors")


class Kind(StrEnum):
    """What a pass is for, as the table has it."""

    SECOND_FACTOR = "second_factor"
    ENROL = "enrol"
    INVITATION = "invitation"
    FIRST_ADMIN = "first_admin"
    PROVIDER = "provider"


MINUTES = {
    Kind.SECOND_FACTOR: 5,
    Kind.ENROL: 15,
    Kind.INVITATION: 3 * 24 * 60,
    Kind.FIRST_ADMIN: 60,
    Kind.PROVIDER: 10,
}


class Pass(Struct, frozen=True):
    """A pass that is good now."""

    person: int | None
    details: dict[str, Any]


async def make(connection: AsyncConnection, kind: Kind, person: int | None = None, **details: Any) -> str:
    """A new pass; the token is told to whoever shall have it and to nobody else."""
    token = secrets.token_urlsafe(32)
    values = {
        "token": digest(token),
        "kind": kind.value,
        "person": person,
        "details": Jsonb(details),
        "minutes": MINUTES[kind],
    }
    await connection.execute(QUERIES["pass_new"], values)
    return token


async def look(connection: AsyncConnection, kind: Kind, token: str) -> Pass | None:
    """The pass of a token, left as it is."""
    return await _found(connection, "pass_look", kind, token)


async def use(connection: AsyncConnection, kind: Kind, token: str) -> Pass | None:
    """The pass of a token, used up by this call: of two at once, one gets it."""
    return await _found(connection, "pass_use", kind, token)


async def void(connection: AsyncConnection, kind: Kind, person: int | None) -> None:
    """Ends those of a kind that a person (or nobody yet known) still has."""
    await connection.execute(QUERIES["pass_void"], {"kind": kind.value, "person": person})


async def _found(connection: AsyncConnection, statement: str, kind: Kind, token: str) -> Pass | None:
    if not token:
        return None
    values = {"token": digest(token), "kind": kind.value}
    row = await (await connection.execute(QUERIES[statement], values)).fetchone()
    return Pass(row["person_id"], row["details"]) if row else None
