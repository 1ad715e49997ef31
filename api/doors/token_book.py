"""Tokens of programs: made, listed, revoked."""

import secrets
from collections.abc import Sequence
from typing import Any

from api.access import digest
from api.doors.acts import Actor, DoorFault, note
from api.tokens import MARK, QUERIES, Scope
from runtime.db import AsyncConnection

LONGEST_DAYS = 3650


async def new_token(
    connection: AsyncConnection, actor: Actor, name: str, scopes: Sequence[str], towns: Sequence[str], days: int
) -> str:
    """A new token for a program, shown to whoever asked and kept as its hash alone. No town: all. Raises DoorFault."""
    name, known = " ".join(name.split()), [scope.value for scope in Scope]
    if not 1 <= len(name) <= 100:
        raise DoorFault("tokens.fault_name", f"name: {name!r}, expected 1 to 100 characters")
    if not scopes or set(scopes) - set(known):
        raise DoorFault("tokens.fault_scopes", f"scopes: {', '.join(scopes) or 'none'}, expected of {', '.join(known)}")
    if not 1 <= days <= LONGEST_DAYS:
        raise DoorFault("tokens.fault_days", f"days: {days}, expected 1 to {LONGEST_DAYS}")
    row = await (await connection.execute(QUERIES["unknown_towns"], {"towns": list(towns)})).fetchone()
    if row and row["towns"]:
        raise DoorFault("tokens.fault_towns", f"towns: {', '.join(row['towns'])}, expected codes of towns")
    token = MARK + secrets.token_urlsafe(32)
    values = {
        "token": digest(token),
        "name": name,
        "scopes": sorted(set(scopes)),
        "towns": sorted(set(towns)) or None,
        "by": actor.name,
        "days": days,
    }
    async with connection.transaction():
        made = await (await connection.execute(QUERIES["token_new"], values)).fetchone()
        told = {"scopes": values["scopes"], "towns": values["towns"], "days": days, "name": name}
        await note(connection, actor, "token_made", f"token {made['id'] if made else ''}", **told)
    return token


async def tokens(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Every token there was, those that work first; none of them with its secret."""
    rows: list[dict[str, Any]] = await (await connection.execute(QUERIES["tokens"])).fetchall()
    return rows


async def revoke_token(connection: AsyncConnection, actor: Actor, token: int) -> str:
    """Ends a token at once and returns its name. Raises DoorFault."""
    async with connection.transaction():
        row = await (await connection.execute(QUERIES["token_revoke"], {"id": token})).fetchone()
        if row is None:
            raise DoorFault("tokens.fault_gone", f"token: {token}, expected the number of one that is not revoked")
        await note(connection, actor, "token_revoked", f"token {token}", name=row["name"])
    return str(row["name"])
