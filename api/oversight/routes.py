"""The regulator's pages, narrowed to the towns of the viewer."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.access import Viewer, viewer_of
from api.charts import bars, histogram
from api.commands import lead_back, submit
from api.csv_file import csv_file
from api.intervals import poisson, wilson
from api.media.mint import asked, shown
from api.page import language_of, render, with_player
from api.sql import QUERIES as SHARED
from contracts.kinds import CommandKind, Role
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.oversight")
Regulator = Annotated[Viewer, Depends(viewer_of(Role.REGULATOR, Role.ADMIN))]
COMMANDS = (
    CommandKind.VERIFY,
    CommandKind.REJECT,
    CommandKind.CONFIRM,
    CommandKind.APPEAL_ACCEPT,
    CommandKind.APPEAL_REFUSE,
    CommandKind.CASE,
)
SUBJECTS = ("kitchen", "lift")
STATES = (
    "detected",
    "under_review",
    "muted",
    "pushed",
    "rectified_claimed",
    "overdue_yellow",
    "overdue_red",
    "appealed",
    "case",
    "closed",
    "rejected",
)
ARRIVAL_EDGES = (0, 5, 10, 15, 20, 30)
GOAL_OPEN = 80.0
SHOWN_OF_EACH, ON_A_PAGE, IN_A_FILE = 8, 100, 100_000


def towns_of(viewer: Viewer) -> list[str] | None:
    """The towns that a viewer answers for; None: the whole city."""
    return None if viewer.has(Role.ADMIN) else viewer.towns(Role.REGULATOR)


@router.get("/oversight")
async def oversight(request: Request, viewer: Regulator) -> HTMLResponse:
    towns = {"towns": towns_of(viewer)}
    async with request.app.state.pool.connection() as connection:
        to_do = await (await connection.execute(QUERIES["to_do"], {**towns, "each": SHOWN_OF_EACH})).fetchall()
        by_town = await (await connection.execute(QUERIES["towns"], towns)).fetchall()
        incidents = await (await connection.execute(QUERIES["incidents"], {**towns, "limit": 20})).fetchall()
        arrivals = await (await connection.execute(QUERIES["arrivals"], towns)).fetchall()
        rectified = await (await connection.execute(QUERIES["rectified"], towns)).fetchone()
        risky = await (await connection.execute(QUERIES["risky"], towns)).fetchall()
    language = language_of(request)
    lifts, trapped = (sum(row[name] for row in by_town) for name in ("lifts", "trapped"))
    kitchens, shown = (sum(row[name] for row in by_town) for name in ("kitchens", "open_kitchens"))
    minutes = [float(row["minutes"]) for row in arrivals]
    return render(
        request,
        "oversight/oversight.html",
        to_do=to_do,
        late=max((row["of_kind"] for row in to_do if row["late"]), default=0),
        waiting=max((row["of_kind"] for row in to_do if not row["late"]), default=0),
        incidents=incidents,
        risky=risky,
        by_town=by_town,
        lifts=lifts,
        trapped=trapped,
        rate=1000 * trapped / lifts if lifts else None,
        rate_range=[1000 * bound / lifts for bound in poisson(trapped)] if lifts else None,
        kitchens=kitchens,
        shown=shown,
        open_range=wilson(shown, kitchens),
        rectified=rectified,
        rectified_range=wilson(rectified["in_time"], rectified["total"]),
        minutes=minutes,
        arrivals=histogram(minutes, ARRIVAL_EDGES, "minutes to arrival", "min"),
        open_chart=bars(
            [
                (row[f"name_{language}"], round(100 * row["open_kitchens"] / row["kitchens"], 1))
                for row in by_town
                if row["kitchens"]
            ],
            "open kitchens by town, %",
            GOAL_OPEN,
            100,
        ),
    )


@router.get("/oversight/findings")
async def findings_list(
    request: Request,
    viewer: Regulator,
    state: str = "",
    town: str = "",
    subject: str = "",
    format: str = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """The queue; its filter stands in the address, and the same address with `format=csv` exports it."""
    towns = towns_of(viewer)
    # One row more than a page tells whether there is another page.
    limit, skip = (IN_A_FILE, 0) if format == "csv" else (ON_A_PAGE + 1, (page - 1) * ON_A_PAGE)
    wanted = state if state in STATES else ""
    of = subject if subject in SUBJECTS else ""
    values = {"towns": towns, "state": wanted, "town": town, "subject": of, "limit": limit, "skip": skip}
    async with request.app.state.pool.connection() as connection:
        rows = await (await connection.execute(QUERIES["findings"], values)).fetchall()
        by_town = await (await connection.execute(QUERIES["town_names"], {"towns": towns})).fetchall()
    if format == "csv":
        return csv_file(rows, "findings.csv")
    return render(
        request,
        "oversight/findings.html",
        rows=rows[:ON_A_PAGE],
        more=len(rows) > ON_A_PAGE,
        page=page,
        states=STATES,
        towns=by_town,
        state=state,
        town=town,
        subject=of,
    )


@router.get("/oversight/finding/{number}")
async def finding(request: Request, number: str, viewer: Regulator, said: str = "", look: str = "") -> HTMLResponse:
    row = await _finding(request, number, viewer)
    async with request.app.state.pool.connection() as connection:
        history = await (await connection.execute(QUERIES["history"], {"finding": row["id"]})).fetchall()
        values = {"event": row["event_id"], "finding": row["id"]}
        evidence = await (await connection.execute(SHARED["evidence_of_finding"], values)).fetchall()
    given = await asked(request, viewer, f"finding {number}", look)
    role = Role.REGULATOR if viewer.has(Role.REGULATOR) else Role.ADMIN
    pictures = shown(request, viewer, role, ("finding", number), evidence, given) if given else []
    page = render(
        request,
        "oversight/finding.html",
        row=row,
        history=history,
        evidence=evidence,
        pictures=pictures,
        given=given,
        asked=bool(look),
        said=said,
    )
    return with_player(request, page)


@router.post("/oversight/finding/{number}/{kind}")
async def order(request: Request, number: str, kind: CommandKind, viewer: Regulator) -> Response:
    row = await _finding(request, number, viewer)
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
    return lead_back(request, f"/oversight/finding/{number}", result)


async def _finding(request: Request, number: str, viewer: Viewer) -> dict[str, Any]:
    async with request.app.state.pool.connection() as connection:
        values = {"number": number, "towns": towns_of(viewer)}
        row: dict[str, Any] | None = await (await connection.execute(QUERIES["finding"], values)).fetchone()
    if row is None:
        raise HTTPException(404)
    return row
