"""What people ask for: a command row; alerting carries it out and writes what came of it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import Request
from fastapi.responses import RedirectResponse
from psycopg.types.json import Jsonb

from api.access import Viewer
from api.sql import QUERIES
from contracts.kinds import CommandKind

WAIT_S = 4.0


class Result(NamedTuple):
    """What alerting made of a command; None for `ok`: it has not answered yet."""

    ok: bool | None
    reason: str


async def submit(
    request: Request,
    kind: CommandKind,
    *,
    actor: str,
    viewer: Viewer | None = None,
    identity: str | None = None,
    incident: int | None = None,
    dispatch: int | None = None,
    finding: int | None = None,
    lift: int | None = None,
    reason: str = "",
    args: Mapping[str, object] | None = None,
    client_at: datetime | None = None,
) -> Result:
    """Writes a command and waits a moment for its result. The same `identity` again is the same command."""
    command = _uuid(identity)
    async with request.app.state.pool.connection() as connection:
        await connection.execute(
            QUERIES["command"],
            {
                "id": command,
                "kind": kind.value,
                "person": viewer.person_id if viewer else None,
                "actor": actor,
                "incident": incident,
                "dispatch": dispatch,
                "finding": finding,
                "lift": lift,
                "reason": reason[:1000],
                "args": Jsonb(dict(args or {})),
                "client_at": client_at,
            },
        )
    return await _result(request, command)


def lead_back(request: Request, path: str, result: Result, **more: str) -> RedirectResponse:
    """Back to a page that says what came of the command, in the language asked in; `more` goes into its address."""
    said = "waiting" if result.ok is None else ("done" if result.ok else result.reason)
    query = {"said": said, **more}
    if "lang" in request.query_params:
        query["lang"] = request.query_params["lang"]
    return RedirectResponse(f"{path}{'&' if '?' in path else '?'}{urlencode(query)}", 303)


async def _result(request: Request, command: UUID) -> Result:
    end = asyncio.get_running_loop().time() + WAIT_S
    while asyncio.get_running_loop().time() < end:
        async with request.app.state.pool.connection() as connection:
            cursor = await connection.execute(QUERIES["command_result"], {"id": command})
            row = await cursor.fetchone()
        if row:
            return Result(row["ok"], row["reason"])
        await asyncio.sleep(0.1)
    return Result(None, "waiting")


def _uuid(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError:
        return uuid4()
