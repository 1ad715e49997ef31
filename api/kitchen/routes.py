"""An owner's own kitchens, and nobody else's: another's address is not there."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import UploadFile

from api.access import Viewer, viewer_of
from api.charts import bars, line
from api.commands import lead_back, submit
from api.evidence import keep_photo
from api.media.mint import shown
from api.page import language_of, render, with_player
from api.sql import QUERIES as SHARED
from contracts.kinds import CommandKind, Role
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.kitchen")
Owner = Annotated[Viewer, Depends(viewer_of(Role.OWNER))]


@router.get("/kitchen")
async def kitchen(request: Request, viewer: Owner, said: str = "") -> HTMLResponse:
    return await _page(request, viewer, None, said)


@router.get("/kitchen/{code}")
async def one_kitchen(request: Request, code: str, viewer: Owner, said: str = "") -> HTMLResponse:
    return await _page(request, viewer, code, said)


@router.get("/kitchen/still/{camera}.jpg")
async def still(request: Request, camera: str, viewer: Owner) -> Response:
    """The newest blurred still of an own camera."""
    async with request.app.state.pool.connection() as connection:
        own = await _own(connection, viewer)
        values = {"camera": camera, "kitchens": [row["id"] for row in own]}
        row = await (await connection.execute(QUERIES["still"], values)).fetchone()
    if row is None:
        raise HTTPException(404)
    return Response(bytes(row["picture"]), media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@router.get("/kitchen/finding/{number}")
async def finding(request: Request, number: str, viewer: Owner, said: str = "") -> HTMLResponse:
    row = await _finding(request, number, viewer)
    async with request.app.state.pool.connection() as connection:
        history = await (await connection.execute(QUERIES["history"], {"finding": row["id"]})).fetchall()
        values = {"event": row["event_id"], "finding": row["id"]}
        evidence = await (await connection.execute(SHARED["evidence_of_finding"], values)).fetchall()
    pictures = shown(request, viewer, Role.OWNER, ("finding", number), evidence)
    page = render(request, "kitchen/finding.html", row=row, history=history, pictures=pictures, said=said)
    return with_player(request, page)


@router.get("/kitchen/finding/{number}/picture")
async def finding_picture(request: Request, number: str, viewer: Owner, kind: str = "capture") -> RedirectResponse:
    """Leads to the picture under an address of its own, for lists of many findings."""
    row = await _finding(request, number, viewer)
    async with request.app.state.pool.connection() as connection:
        values = {"event": row["event_id"], "finding": row["id"]}
        evidence = await (await connection.execute(SHARED["evidence_of_finding"], values)).fetchall()
    found = [item for item in evidence if item["kind"] == kind and item["media"] == "image/jpeg"][:1]
    if not found:
        raise HTTPException(404)
    return RedirectResponse(shown(request, viewer, Role.OWNER, ("finding", number), found)[0].href, 303)


@router.post("/kitchen/finding/{number}/{kind}")
async def order(request: Request, number: str, kind: CommandKind, viewer: Owner) -> Response:
    """Put right (with words and perhaps a photo), or disagree."""
    if kind not in (CommandKind.RECTIFY, CommandKind.APPEAL):
        raise HTTPException(404)
    row = await _finding(request, number, viewer)
    form = await request.form()
    photo = form.get("photo")
    if isinstance(photo, UploadFile) and photo.size:
        await keep_photo(request, photo, kind="rectification", actor=viewer.login, finding=row["id"])
    words = str(form.get("note", ""))
    result = await submit(
        request,
        kind,
        actor=viewer.name,
        viewer=viewer,
        identity=str(form.get("command", "")),
        finding=row["id"],
        reason=words,
        args={"note": words},
    )
    return lead_back(request, f"/kitchen/finding/{number}", result)


async def _own(connection: Any, viewer: Viewer) -> list[dict[str, Any]]:
    cursor = await connection.execute(QUERIES["kitchens"], {"organisations": viewer.organisations(Role.OWNER)})
    rows: list[dict[str, Any]] = await cursor.fetchall()
    return rows


async def _finding(request: Request, number: str, viewer: Viewer) -> dict[str, Any]:
    async with request.app.state.pool.connection() as connection:
        row: dict[str, Any] | None = await (await connection.execute(QUERIES["finding"], {"number": number})).fetchone()
    if row is None or row["owner_org_id"] not in viewer.organisations(Role.OWNER):
        raise HTTPException(404)
    return row


async def _page(request: Request, viewer: Viewer, code: str | None, said: str) -> HTMLResponse:
    async with request.app.state.pool.connection() as connection:
        kitchens = [row for row in await _own(connection, viewer) if code in (None, row["code"])]
        if code is not None and not kitchens:
            raise HTTPException(404)
        ids = {"kitchens": [row["id"] for row in kitchens]}
        cameras = await (await connection.execute(QUERIES["cameras"], ids)).fetchall()
        findings = await (await connection.execute(QUERIES["findings"], ids)).fetchall()
        weeks = await (await connection.execute(QUERIES["weeks"], ids)).fetchall()
        climate = await (await connection.execute(QUERIES["climate"], ids)).fetchall()
    to_do = [row for row in findings if row["state"] in ("pushed", "overdue_yellow", "overdue_red")]
    temperature = [(row["time"].timestamp(), row["temperature"]) for row in climate if row["temperature"] is not None]
    return render(
        request,
        "kitchen/kitchen.html",
        kitchens=kitchens,
        cameras=cameras,
        findings=findings,
        to_do=to_do,
        first_due=min((row["due_at"] for row in to_do if row["due_at"]), default=None),
        weeks=bars([(row["week"].strftime("%m-%d"), float(row["n"])) for row in weeks], "findings by week"),
        has_weeks=bool(weeks),
        climate=line(temperature, "temperature", "°C"),
        last_climate=climate[-1] if climate else None,
        language=language_of(request),
        said=said,
    )
