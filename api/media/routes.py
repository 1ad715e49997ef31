"""Where pictures and clips of evidence are shown, and where a reason for looking is given."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from psycopg.types.json import Jsonb

from api.access import Viewer, viewer_of
from api.edge_uploads import path_of
from api.i18n import LOCAL
from api.media.key import key_of
from api.media.mint import ask, over, reason_of, who_of
from api.media.rights import may_see, own_reason
from api.media.sealed import Pass, unseal
from api.media.watermark import MarkError, marked
from api.sql import QUERIES as SHARED
from contracts.kinds import Role
from runtime.db import AsyncConnection, Queries

router = APIRouter(prefix="/media")
QUERIES = Queries("api.media")
Looker = Annotated[Viewer, Depends(viewer_of(Role.OWNER, Role.REGULATOR, Role.OPERATOR, Role.ADMIN))]
KINDS = ("finding", "rescue")
PRIVATE = {"Cache-Control": "private, no-store"}
MARKING = ThreadPoolExecutor(2, "watermark")
"""pictures are marked two at a time: each takes memory many times its file"""


@router.post("/look")
async def look(
    request: Request,
    viewer: Looker,
    what: Annotated[str, Form(max_length=20)],
    number: Annotated[str, Form(max_length=40)],
    reason: Annotated[str, Form(max_length=1000)] = "",
    back: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """A reason for looking at a finding's or a rescue's pictures; leads back to the page, which now shows them."""
    if what not in KINDS:
        raise HTTPException(404)
    role, _ = await evidence_for(request, viewer, (Role.REGULATOR, Role.ADMIN), what, number)
    given = await ask(request, viewer, role, f"{what} {number}", reason)
    page = back if back.startswith("/") and not back.startswith(("//", "/\\")) else f"/oversight/finding/{number}"
    path, _, query = page.partition("?")
    kept = [pair for pair in query.split("&") if pair and not pair.startswith("look=")]
    return RedirectResponse(f"{path}?{'&'.join([*kept, urlencode({'look': given.sealed})])}", 303)


@router.get("/{sealed}")
async def media(request: Request, sealed: str, viewer: Looker) -> Response:
    """One picture, marked with who looks, or one clip. The guard is asked again, whatever the address allowed.

    410 when the five minutes are over; 404 for an address that is another's, was altered, or whose right is no more.
    """
    leave = unseal(key_of(request.app), sealed)
    if leave is None or leave.kind not in KINDS or leave.person != viewer.person_id:
        raise HTTPException(404)
    _, row = await evidence_for(request, viewer, [leave.role], leave.kind, leave.what)
    if over(leave):
        raise HTTPException(410, "address: its five minutes are over; open the page again")
    own = own_reason(leave.role, leave.kind, leave.what)
    reason = await reason_of(request, leave.asked) if leave.asked else own
    if not reason:
        raise HTTPException(403, "reason: '', expected the reason for looking at what is not blurred")
    async with request.app.state.pool.connection() as connection, connection.transaction():
        values = {"id": row["id"], "event": row.get("event_id"), "item": leave.item}
        found = await (await connection.execute(QUERIES[f"of_{leave.kind}"], values)).fetchone()
        if found is None:
            raise HTTPException(404)
        path = path_of(request.app.state.settings.api.evidence, found["sha256"], found["media"])
        if not path.is_file():
            raise HTTPException(404)
        seen = await _log(request, connection, viewer, leave, found, reason)
    if found["media"] != "image/jpeg":
        return FileResponse(path, media_type=found["media"], headers=PRIVATE)
    shown = await asyncio.get_running_loop().run_in_executor(MARKING, _mark, path, viewer, seen)
    return Response(shown, media_type="image/jpeg", headers=PRIVATE)


async def evidence_for(
    request: Request, viewer: Viewer, roles: Sequence[Role], kind: str, number: str
) -> tuple[Role, dict[str, Any]]:
    """The finding or incident, with the first of the roles that may see its evidence. Raises HTTPException."""
    async with request.app.state.pool.connection() as connection:
        row: dict[str, Any] | None = await (await connection.execute(QUERIES[kind], {"number": number})).fetchone()
    role = next((role for role in roles if row is not None and may_see(viewer, role, kind, row)), None)
    if role is None or row is None:
        raise HTTPException(404)
    return role, row


def _mark(path: Any, viewer: Viewer, seen: dict[str, Any]) -> bytes:
    at = seen["at"].astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")
    short = f"{viewer.login} #{seen['id']}"
    try:
        return marked(path.read_bytes(), f"{who_of(viewer)} · {at} · #{seen['id']}", short)
    except MarkError as fault:
        raise HTTPException(415, f"picture: it {fault}, so it cannot be marked and is not shown") from fault


async def _log(
    request: Request, connection: AsyncConnection, viewer: Viewer, leave: Pass, item: dict[str, Any], reason: str
) -> dict[str, Any]:
    """The row of this look, written at its first byte and not for every part of a clip."""
    what = {"object": f"{'incident' if leave.kind == 'rescue' else 'finding'} {leave.what}", "look": leave.look}
    await connection.execute(QUERIES["one_at_a_time"], what)
    known: dict[str, Any] | None = await (await connection.execute(QUERIES["looked"], what)).fetchone()
    if known is not None:
        return known
    address = request.client.host if request.client else ""
    custody = {"evidence": item["id"], "actor": viewer.login, "action": "viewed", "reason": reason, "address": address}
    await connection.execute(SHARED["custody"], custody)
    details = {"sha256": item["sha256"], "media": item["media"], "look": leave.look, "role": leave.role.value}
    values = {
        "person": viewer.person_id,
        "actor": viewer.login,
        "action": "evidence_viewed",
        "object": what["object"],
        "reason": reason,
        "details": Jsonb(details),
    }
    row: dict[str, Any] | None = await (await connection.execute(SHARED["audit"], values)).fetchone()
    assert row is not None
    return row
