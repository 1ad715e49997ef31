"""A regulator's page of one finding: what was seen, who looks after it, and what a person makes of it."""

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from api.commands import lead_back, submit
from api.media.mint import asked, shown
from api.oversight.assign import QUERIES as ASSIGN
from api.oversight.assign import officers_of
from api.oversight.queue import inside, queue_at, queue_of
from api.oversight.scope import QUERIES, Regulator, finding_of
from api.page import render, with_player
from api.sql import QUERIES as SHARED
from contracts.kinds import CommandKind, Role

router = APIRouter()
COMMANDS = (
    CommandKind.VERIFY,
    CommandKind.REJECT,
    CommandKind.CONFIRM,
    CommandKind.APPEAL_ACCEPT,
    CommandKind.APPEAL_REFUSE,
    CommandKind.CASE,
)


@router.get("/oversight/finding/{number}")
async def finding(request: Request, number: str, viewer: Regulator, said: str = "", look: str = "") -> HTMLResponse:
    row = await finding_of(request, number, viewer)
    async with request.app.state.pool.connection() as connection:
        history = await (await connection.execute(QUERIES["history"], {"finding": row["id"]})).fetchall()
        values = {"event": row["event_id"], "finding": row["id"]}
        evidence = await (await connection.execute(SHARED["evidence_of_finding"], values)).fetchall()
        assigned = await (await connection.execute(ASSIGN["assigned"], {"finding": row["id"]})).fetchone()
        history += await (await connection.execute(ASSIGN["assignments"], {"finding": row["id"]})).fetchall()
    given = await asked(request, viewer, f"finding {number}", look)
    role = Role.REGULATOR if viewer.has(Role.REGULATOR) else Role.ADMIN
    pictures = shown(request, viewer, role, ("finding", number), evidence, given) if given else []
    page = render(
        request,
        "oversight/finding.html",
        row=row,
        history=sorted(history, key=lambda entry: entry["at"]),
        evidence=evidence,
        pictures=pictures,
        given=given,
        asked=bool(look),
        assigned=assigned,
        officers=[] if row["closed_at"] else await officers_of(request, row["town_code"]),
        queue=await queue_at(request, viewer, number),
        said=said,
    )
    return with_player(request, page)


@router.post("/oversight/finding/{number}/{kind}")
async def order(request: Request, number: str, kind: CommandKind, viewer: Regulator) -> Response:
    row = await finding_of(request, number, viewer)
    # A maintenance unit has no page of its own: what it says is entered here.
    if kind not in COMMANDS and not (kind is CommandKind.RECTIFY and row["lift_id"] is not None):
        raise HTTPException(404)
    form = await request.form()
    result = await submit(
        request,
        kind,
        actor=viewer.name,
        viewer=viewer,
        identity=str(form.get("command", "")),
        finding=row["id"],
        reason=str(form.get("reason", "")),
    )
    back = inside(str(form.get("back", ""))) or f"/oversight/finding/{number}"
    return lead_back(request, back, result, **queue_of(request))
