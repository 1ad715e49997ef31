"""The life of a lease: opened with a reason, renewed while somebody watches, closed, and all of it in the audit.

Live leases of one camera share its stream: the edge sends once, however many look.
"""

import asyncio
import logging
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from fastapi import FastAPI, Request
from psycopg.types.json import Jsonb
from psycopg_pool import PoolTimeout

from api.live.guard import QUERIES, Lease, Look
from api.live.store import Store
from api.sql import QUERIES as SHARED
from contracts.kinds import EdgeCommand, Role
from runtime.db import AsyncConnection

log = logging.getLogger(__name__)
LEASE_S, PLAYBACK_S = 45, 180
"""without a renewal a view ends after so long; its page renews three times as often"""
LONGEST_S = 3600
ASK_EVERY_S = 12
ORDER_LIFE_S = 20
SWEEP_S = 5.0


def store_of(app: FastAPI) -> Store:
    api = app.state.settings.api
    return Store(api.live, api.live_max_mb * 1024 * 1024)


async def begin(
    request: Request, look: Look, mode: str, reason: str, span: tuple[datetime, datetime] | None, identity: UUID
) -> None:
    """A new lease with its order to the edge; the same identity again is the same lease."""
    start, end = span or (None, None)
    values = {
        "id": identity,
        "device": look.camera.id,
        "person": look.viewer.person_id,
        "role": look.role.value,
        "mode": mode,
        "reason": reason,
        "start": start,
        "end": end,
        "lease_s": LEASE_S if mode == "live" else PLAYBACK_S,
    }
    async with request.app.state.pool.connection() as connection, connection.transaction():
        if await (await connection.execute(QUERIES["lease_new"], values)).fetchone() is None:
            return
        if start is None or end is None:
            video, times = await _join(connection, look, identity), {}
            await _order(connection, look, EdgeCommand.LIVE, {"lease": video, "seconds": LEASE_S}, reason)
        else:
            kind = EdgeCommand.CLIP if mode == "clip" else EdgeCommand.PLAYBACK
            video, times = str(identity), {"start": start.isoformat(), "end": end.isoformat()}
            await _order(connection, look, kind, {"lease": video, **times}, reason)
        details = {"lease": str(identity), "mode": mode, **times}
        await audit(connection, look, "live_opened", reason, details if span else {**details, "stream": video})


async def renew(request: Request, lease: Lease) -> bool:
    """Lets a lease last on, and the edge know; False when it has lasted long enough."""
    lasts = LEASE_S if lease.live else PLAYBACK_S
    async with request.app.state.pool.connection() as connection, connection.transaction():
        values = {"id": lease.id, "lease_s": lasts, "longest_s": LONGEST_S, "stream": lease.row["stream_id"]}
        if await (await connection.execute(QUERIES["lease_renew"], values)).fetchone() is None:
            return False
        if lease.live:
            await connection.execute(QUERIES["stream_renew"], values)
            asked = await connection.execute(QUERIES["stream_ask"], {**values, "every_s": ASK_EVERY_S})
            if await asked.fetchone() is not None:
                args = {"lease": str(lease.video), "seconds": LEASE_S}
                await _order(connection, lease.look, EdgeCommand.LIVE, args, lease.row["reason"])
    return True


async def end(request: Request, lease: Lease, why: str) -> None:
    """Ends a lease before its time; where nobody else looks, the camera's stream too."""
    gone = not lease.live
    async with request.app.state.pool.connection() as connection, connection.transaction():
        if await (await connection.execute(QUERIES["lease_close"], {"id": lease.id, "why": why})).fetchone() is None:
            return
        if lease.live and await _leave(connection, lease.row["stream_id"]):
            gone = True
            await _order(connection, lease.look, EdgeCommand.LIVE, {"lease": str(lease.video), "seconds": 0}, why)
        await audit(connection, lease.look, "live_ended", why, {"lease": str(lease.id)})
    if gone:
        await asyncio.to_thread(store_of(request.app).drop, lease.video)


async def audit(connection: AsyncConnection, look: Look, action: str, reason: str, details: dict[str, Any]) -> None:
    await connection.execute(
        SHARED["audit"],
        {
            "person": look.viewer.person_id,
            "actor": look.viewer.login,
            "action": action,
            "object": f"camera {look.camera.code}",
            "reason": reason,
            "details": Jsonb({**details, "role": look.role.value}),
        },
    )


async def _join(connection: AsyncConnection, look: Look, lease: UUID) -> str:
    """The camera's stream, with one viewer more."""
    values = {"id": uuid4(), "device": look.camera.id, "lease_s": LEASE_S}
    row = await (await connection.execute(QUERIES["stream_join"], values)).fetchone()
    assert row is not None
    await connection.execute(QUERIES["lease_joins"], {"id": lease, "stream": row["id"]})
    return str(row["id"])


async def _leave(connection: AsyncConnection, stream: UUID | None) -> bool:
    """Whether nobody looks any more, and the stream is gone."""
    # Held first: only a statement that begins after that sees everybody who came in meanwhile.
    await connection.execute(QUERIES["stream_hold"], {"stream": stream})
    return await (await connection.execute(QUERIES["stream_end"], {"stream": stream})).fetchone() is not None


async def _order(connection: AsyncConnection, look: Look, kind: EdgeCommand, args: dict[str, Any], reason: str) -> None:
    """Asks the edge; its own record names everybody who looks, also who joins a stream that runs."""
    await connection.execute(
        SHARED["order_new"],
        {
            "id": uuid4(),
            "device": look.camera.id,
            "kind": kind.value,
            "args": Jsonb({**args, "by": look.viewer.login, "why": reason}),
            "actor": look.viewer.login,
            "reason": reason,
            "life_s": ORDER_LIFE_S,
        },
    )


async def sweep(app: FastAPI) -> None:
    """Closes what is over and deletes its video, for as long as the service runs."""
    while True:
        try:
            await sweep_once(app)
        except (psycopg.Error, PoolTimeout, OSError) as error:
            log.debug("live: %s", error)
        await asyncio.sleep(SWEEP_S)


async def sweep_once(app: FastAPI) -> None:
    store = store_of(app)
    # Listed before the leases are read: whoever opens one in between keeps the folder.
    folders = await asyncio.to_thread(store.leases)
    async with app.state.pool.connection() as connection:
        for row in await (await connection.execute(QUERIES["leases_over"])).fetchall():
            await _close(connection, row)
        for row in await (await connection.execute(QUERIES["streams"])).fetchall():
            async with connection.transaction():
                await _leave(connection, row["id"])
        opened = {row["id"] for row in await (await connection.execute(QUERIES["leases_open"])).fetchall()}
    for lease in folders:
        if lease not in opened:
            await asyncio.to_thread(store.drop, lease)


async def _close(connection: AsyncConnection, row: dict[str, Any]) -> None:
    """A lease that nobody renewed; at the edge it has ended by itself."""
    async with connection.transaction():
        closed = await connection.execute(QUERIES["lease_close"], {"id": row["id"], "why": "the lease is over"})
        if await closed.fetchone() is None:
            return
        await connection.execute(
            SHARED["audit"],
            {
                "person": row["person_id"],
                "actor": row["login"],
                "action": "live_ended",
                "object": f"camera {row['code']}",
                "reason": "the lease is over",
                "details": Jsonb({"lease": str(row["id"]), "role": Role(row["role"]).value}),
            },
        )
