"""Makes the sealed addresses that pages hold, and keeps the reasons that people gave out of every address."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import HTTPException, Request
from msgspec import Struct
from psycopg.types.json import Jsonb

from api.access import Viewer
from api.media.key import key_of
from api.media.rights import own_reason
from api.media.sealed import Pass, seal, unseal
from api.page import language_of
from api.reasons import reason as said
from api.sql import QUERIES
from contracts.kinds import Role

PICTURE_S, FILM_S = 300, 900
"""how long the address of a picture holds, and a reason that was given for one; a clip is looked at for longer"""
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
    leave = Pass(viewer.person_id, role, "asked", what, None, row["id"], "", until(lasts_s))
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


class Shown(Struct, frozen=True):
    """A piece of evidence as a page shows it."""

    href: str
    kind: str
    film: bool
    at: datetime
    mark: dict[str, str]
    """what stands in the corner of a clip while it plays; a picture bears its mark in itself"""


def shown(
    request: Request,
    viewer: Viewer,
    role: Role,
    what: tuple[str, str],
    evidence: Iterable[Mapping[str, Any]],
    given: Asked | None = None,
) -> list[Shown]:
    """Pieces of evidence under addresses for this viewer, good for some minutes; the caller has asked the guard.

    `what`: `finding` or `rescue` with its number. `given`: the reason, where the role does not say it by itself.
    """
    kind, number = what
    why = given.reason if given else said(language_of(request), own_reason(role, kind, number))
    who = who_of(viewer)
    key, found = key_of(request.app), []
    for row in evidence:
        look, item = secrets.token_hex(8), row["id"]
        asked_row = given.row if given else 0
        film = row.get("media", "image/jpeg") != "image/jpeg"
        ends = until(FILM_S if film else PICTURE_S)
        leave = Pass(viewer.person_id, role, kind, number, item, asked_row, look, ends)
        mark = {"who": who, "why": why, "code": look[:8], "mode": "film"}
        found.append(Shown(f"/media/{seal(key, leave)}", row.get("kind", "rescue"), film, row["captured_at"], mark))
    return found


def who_of(viewer: Viewer) -> str:
    """Who looks, as the mark in a picture says it."""
    return viewer.login if viewer.name == viewer.login else f"{viewer.name} {viewer.login}"


def until(seconds: float) -> int:
    return int(datetime.now(UTC).timestamp() + seconds)


def over(leave: Pass) -> bool:
    return leave.until <= datetime.now(UTC).timestamp()
