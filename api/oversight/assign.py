"""Who looks after a finding: a row of the pages' own, append-only. The desk tells and waits as it would without."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, Response

from api.commands import Result, lead_back
from api.oversight.queue import inside, queue_of
from api.oversight.scope import Regulator, finding_of
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.oversight", "assign.sql")


async def officers_of(request: Request, town: str) -> list[dict[str, Any]]:
    """The people who may be asked to look after a finding of a town."""
    async with request.app.state.pool.connection() as connection:
        rows: list[dict[str, Any]] = await (await connection.execute(QUERIES["officers"], {"town": town})).fetchall()
        return rows


@router.post("/oversight/finding/{number}/assign")
async def assign(
    request: Request,
    number: str,
    viewer: Regulator,
    officer: Annotated[str, Form(max_length=20)] = "",
    note: Annotated[str, Form(max_length=1000)] = "",
    back: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """To an officer of its town, or to nobody any more."""
    row = await finding_of(request, number, viewer)
    if row["closed_at"] is not None:
        raise HTTPException(422, "officer: the finding is closed, expected one that is open")
    known = {str(one["id"]): one["id"] for one in await officers_of(request, row["town_code"])}
    if officer and officer not in known:
        raise HTTPException(422, f"officer: {officer[:20]!r}, expected a regulator of the finding's town")
    values = {
        "finding": row["id"],
        "officer": known[officer] if officer else None,
        "by": viewer.person_id,
        "note": note.strip(),
    }
    async with request.app.state.pool.connection() as connection:
        await connection.execute(QUERIES["assign"], values)
    return lead_back(request, inside(back) or f"/oversight/finding/{number}", Result(True, ""), **queue_of(request))
