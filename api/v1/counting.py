"""Calls of programs in the audit log: one row a minute for each token that called, not one a call."""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime

import psycopg
from fastapi import FastAPI, Request
from psycopg.types.json import Jsonb
from psycopg_pool import PoolTimeout

from api.sql import QUERIES
from api.tokens import Caller

EVERY_S = 60.0


class Calls:
    """What was called since the last row."""

    def __init__(self) -> None:
        self.since = datetime.now(UTC)
        self.by_token: dict[tuple[int, str], Counter[str]] = {}


def calls_of(app: FastAPI) -> Calls:
    if not hasattr(app.state, "calls"):
        app.state.calls = Calls()
    found: Calls = app.state.calls
    return found


def count(request: Request, path: str, status: int) -> None:
    """A call of a program whose token is good; others are no calls."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        return
    name = path if status < 400 else f"{path} {status}"
    calls_of(request.app).by_token.setdefault((caller.token_id, caller.name), Counter())[name] += 1


async def sweep(app: FastAPI) -> None:
    """Writes the counts, once a minute and for ever; what could not be written is written with the next."""
    while True:
        await asyncio.sleep(EVERY_S)
        with suppress(psycopg.Error, PoolTimeout):
            await flush(app)


async def flush(app: FastAPI) -> None:
    """A row for each token that called since the last."""
    calls = calls_of(app)
    if not calls.by_token:
        return
    async with app.state.pool.connection() as connection, connection.transaction():
        counted, calls.by_token = calls.by_token, {}
        since, calls.since = calls.since, datetime.now(UTC)
        try:
            for (number, name), counts in counted.items():
                details = {"since": since.isoformat(), "until": calls.since.isoformat(), "calls": dict(counts)}
                values = {"person": None, "actor": f"token {name}", "action": "api_read", "object": f"token {number}"}
                await connection.execute(QUERIES["audit"], {**values, "reason": "", "details": Jsonb(details)})
        except psycopg.Error:
            calls.since = since
            for token, counts in counted.items():
                calls.by_token.setdefault(token, Counter()).update(counts)
            raise
