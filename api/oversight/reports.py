"""What the public has reported in the viewer's towns, and what was done about it."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse
from psycopg.types.json import Jsonb

from api.access import Viewer
from api.commands import Result, lead_back
from api.csv_file import csv_file
from api.oversight.scope import QUERIES as TOWNS
from api.oversight.scope import Regulator, towns_of
from api.page import render
from api.public import stamp
from api.sql import QUERIES as SHARED
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.oversight", "reports.sql")
PATH = "/oversight/reports"
STATES = ("received", "read", "answered", "rejected")
MARKS = STATES[1:]
NEED_WORDS = ("answered", "rejected")
KINDS = ("lift", "restaurant")
ON_A_PAGE, IN_A_FILE, NOTE = 50, 100_000, 1000
COLUMNS = (
    "number",
    "at",
    "state",
    "kind",
    "code",
    "name_zh",
    "name_en",
    "town_zh",
    "town_en",
    "changed_at",
    "changed_by",
)
"""of a file: without what people wrote and how to reach them"""


@router.get(PATH)
async def reports(
    request: Request,
    viewer: Regulator,
    state: str = "",
    town: str = "",
    kind: str = "",
    format: str = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """The list; its filter stands in the address, and the same address with `format=csv` is a file."""
    towns = towns_of(viewer)
    chosen = {"state": state if state in STATES else "", "kind": kind if kind in KINDS else "", "town": town}
    limit, skip = (IN_A_FILE, 0) if format == "csv" else (ON_A_PAGE, (page - 1) * ON_A_PAGE)
    async with request.app.state.pool.connection() as connection:
        values = {**chosen, "towns": towns, "limit": limit, "skip": skip}
        rows = await (await connection.execute(QUERIES["reports"], values)).fetchall()
        by_town = await (await connection.execute(TOWNS["town_names"], {"towns": towns})).fetchall()
    if format == "csv":
        return csv_file([{name: row[name] for name in COLUMNS} for row in rows], "reports.csv")
    of_all = rows[0]["of_all"] if rows else 0
    return render(
        request,
        "oversight/reports.html",
        rows=rows,
        of_all=of_all,
        page=page,
        pages=-(-of_all // ON_A_PAGE),
        states=STATES,
        kinds=KINDS,
        towns=by_town,
        written=stamp.written,
        state=chosen["state"],
        kind=chosen["kind"],
        town=town,
    )


@router.get(PATH + "/{number}")
async def report(request: Request, number: str, viewer: Regulator, said: str = "") -> HTMLResponse:
    """One report in full. What somebody wrote about themselves is seen here only."""
    row = await _report(request, number, viewer)
    return render(
        request, "oversight/report.html", row=row, marks=MARKS, said=said, written=stamp.written, note_most=NOTE
    )


@router.post(PATH + "/{number}/{mark}")
async def mark(request: Request, number: str, mark: str, viewer: Regulator) -> Response:
    """Says how far a report has come: read, answered or rejected, the last two with words. The audit knows who."""
    row = await _report(request, number, viewer)
    if mark not in MARKS:
        raise HTTPException(404)
    note = str((await request.form()).get("note", "")).replace("\0", "").strip()[:NOTE]
    back = f"{PATH}/{number}"
    if mark in NEED_WORDS and not note:
        return lead_back(request, back, Result(False, "note: '', expected what was done"))
    audit = {
        "person": viewer.person_id,
        "actor": viewer.login,
        "action": "report_marked",
        "object": row["number"],
        "reason": note,
        "details": Jsonb({"from": row["state"], "to": mark}),
    }
    async with request.app.state.pool.connection() as connection, connection.transaction():
        values = {"id": row["id"], "state": mark, "note": note, "actor": viewer.name}
        await connection.execute(QUERIES["mark"], values)
        await connection.execute(SHARED["audit"], audit)
    return lead_back(request, back, Result(True, "done"))


async def _report(request: Request, number: str, viewer: Viewer) -> dict[str, Any]:
    """Raises 404 for one of another town, as for one that is not there."""
    async with request.app.state.pool.connection() as connection:
        values = {"number": number, "towns": towns_of(viewer)}
        row: dict[str, Any] | None = await (await connection.execute(QUERIES["report"], values)).fetchone()
    if row is None:
        raise HTTPException(404)
    return row
