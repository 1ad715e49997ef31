"""The page of mutings: a list, a form to begin one, and a button that ends it. Alerting decides what may be muted."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from api.access import Viewer, viewer_of
from api.commands import lead_back, submit
from api.page import render
from contracts.kinds import NEVER_MUTED, CentreRule, CommandKind, QuietKind, Role, Rule
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.quiet")
PATH = "/board/quiet"
Muter = Annotated[Viewer, Depends(viewer_of(Role.OPERATOR, Role.REGULATOR, Role.ADMIN))]
WHAT = ("lift", "place", "kitchen", "device")
RULES = tuple(rule.value for rule in (*Rule, *CentreRule) if rule not in NEVER_MUTED)
ASKED = ("what", "code", "kind", "minutes", "owner", "rule")


def towns_of(viewer: Viewer) -> list[str] | None:
    """The towns whose mutings are the viewer's; None: the whole city."""
    if viewer.has(Role.ADMIN):
        return None
    towns = [viewer.towns(role) for role in (Role.OPERATOR, Role.REGULATOR) if viewer.has(role)]
    return None if None in towns else sorted({town for some in towns for town in some or ()})


@router.get(PATH)
async def mutings(request: Request, viewer: Muter, said: str = "", what: str = "lift", code: str = "") -> HTMLResponse:
    async with request.app.state.pool.connection() as connection:
        rows = await (await connection.execute(QUERIES["quiets"], {"towns": towns_of(viewer)})).fetchall()
        longest = await (await connection.execute(QUERIES["longest"])).fetchone()
    return render(
        request,
        "quiet/quiet.html",
        running=[row for row in rows if row["running"]],
        past=[row for row in rows if not row["running"]],
        longest=longest["minutes"],
        whats=WHAT,
        kinds=[kind.value for kind in QuietKind],
        rules=RULES,
        what=what if what in WHAT else "lift",
        code=code.strip()[:63],
        said=said,
    )


@router.post(PATH)
async def begin(request: Request, viewer: Muter) -> Response:
    form = await request.form()
    args = {name: str(form.get(name, "")).strip()[:200] for name in ASKED}
    await _own(request, viewer, args["what"], args["code"])
    result = await submit(
        request,
        CommandKind.QUIET,
        actor=viewer.name,
        viewer=viewer,
        identity=str(form.get("command", "")),
        reason=str(form.get("reason", "")),
        args=args,
    )
    return lead_back(request, PATH, result)


@router.post(PATH + "/{identity}/end")
async def end(request: Request, identity: int, viewer: Muter) -> Response:
    form = await request.form()
    async with request.app.state.pool.connection() as connection:
        rows = await (await connection.execute(QUERIES["quiets"], {"towns": towns_of(viewer)})).fetchall()
    if identity not in {row["id"] for row in rows}:
        raise HTTPException(404)
    result = await submit(
        request,
        CommandKind.UNQUIET,
        actor=viewer.name,
        viewer=viewer,
        identity=str(form.get("command", "")),
        args={"quiet": str(identity)},
    )
    return lead_back(request, PATH, result)


async def _own(request: Request, viewer: Viewer, what: str, code: str) -> None:
    """What lies outside the viewer's towns is not there."""
    towns = towns_of(viewer)
    if towns is None:
        return
    async with request.app.state.pool.connection() as connection:
        row = await (await connection.execute(QUERIES["town"], {"what": what, "code": code})).fetchone()
    if row is None or row["town_code"] not in towns:
        raise HTTPException(404)
