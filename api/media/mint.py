"""Makes the sealed addresses that pages hold, and keeps the reasons that people gave out of every address."""

import secrets
from datetime import UTC, datetime
from typing import Any

from fastapi import HTTPException, Request
from msgspec import Struct
from psycopg.types.json import Jsonb

from api.access import Viewer
from api.media.key import key_of
from api.media.sealed import Pass, seal, unseal
from api.sql import QUERIES
from contracts.kinds import Role

PICTURE_S = 300
"""how long the address of a picture or a clip holds, and a reason that was given for one"""
WORDS = 200


class Asked(Struct, frozen=True):
    """A reason that the viewer gave for looking at something; `sealed` stands for it in addresses."""

    row: int
    reason: str
    sealed: str


async def ask(request: Request, viewer: Viewer, role: Role, what: str, reason: str, lasts_s: int = PICTURE_S) -> Asked:
    """Writes down why somebody wants to look. Raises HTTPException where nothing was said."""
    words = " ".join(reason.split())[:WORDS]
    if not words:
        raise HTTPException(403, "reason: '', expected the reason for looking at what is not blurred")
    async with request.app.state.pool.connection() as connection:
        values = {
            "person": viewer.person_id,
            "actor": viewer.login,
            "action": "look_asked",
            "object": what,
            "reason": words,
            "details": Jsonb({"role": role.value}),
        }
        row = await (await connection.execute(QUERIES["audit"], values)).fetchone()
    assert row is not None
    leave = Pass(viewer.person_id, role.value, "asked", what, "", row["id"], "", until(lasts_s))
    return Asked(row["id"], words, seal(key_of(request.app), leave))


async def asked(request: Request, viewer: Viewer, what: str, sealed: str) -> Asked | None:
    """The reason that an address stands for; None where it is another's, for something else, or too old."""
    leave = unseal(key_of(request.app), sealed) if sealed else None
    if leave is None or leave.kind != "asked" or leave.what != what or leave.person != viewer.person_id or over(leave):
        return None
    reason = await reason_of(request, leave.asked)
    return None if reason is None else Asked(leave.asked, reason, sealed)


async def reason_of(request: Request, row: int) -> str | None:
    """The reason in a row of the audit."""
    async with request.app.state.pool.connection() as connection:
        found = await (await connection.execute(QUERIES["audit_reason"], {"id": row})).fetchone()
    return None if found is None else str(found["reason"])


def address(request: Request, viewer: Viewer, role: Role, kind: str, number: str, evidence: Any, asked: int = 0) -> str:
    """Where a picture or a clip is shown to this viewer for five minutes; the caller has asked the guard."""
    leave = Pass(
        viewer.person_id, role.value, kind, number, str(evidence), asked, secrets.token_hex(8), until(PICTURE_S)
    )
    return f"/media/{seal(key_of(request.app), leave)}"


def until(seconds: float) -> int:
    return int(datetime.now(UTC).timestamp() + seconds)


def over(leave: Pass) -> bool:
    return leave.until <= datetime.now(UTC).timestamp()
