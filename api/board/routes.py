"""The board, its stream, its map and its wallboard, what has ended, and what would go wrong at the next alarm."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse
from markupsafe import Markup

from api.access import Viewer
from api.board.desk import QUERIES, Operator, asked_towns, limits, told, towns_of
from api.board.following import Place, follow
from api.board.frame import CSRF, wind
from api.board.live import Board, Look
from api.board.map import points
from api.board.missed import last_number
from api.board.view import grouped
from api.page import language_of, render
from api.stream import EventStream

router = APIRouter()
ON_THE_WALL = 60


@router.get("/board")
async def board(request: Request, viewer: Operator, said: str = "") -> HTMLResponse:
    return render(request, "board/board.html", said=said, **await _open(request, viewer))


@router.get("/board/stream")
async def stream(
    request: Request, viewer: Operator, v: str | None = None, after: str = "", away: bool = False
) -> EventStream:
    """Server-sent events; `Last-Event-ID` is the last entry that the page has seen, `v` the board that it shows."""
    header = last_number(request.headers.get("last-event-id"))
    seen = header if header is not None else last_number(after)
    place = Place(seen, away or header is not None, v)
    return EventStream(follow(request, viewer, _look(request, viewer), place))


@router.get("/board/still")
async def still(_: Operator) -> JSONResponse:
    """Whether somebody is signed in here still; asked by a page whose stream has ended."""
    return JSONResponse({"status": "ok"})


@router.get("/board/map.json")
async def map_points(request: Request, viewer: Operator) -> JSONResponse:
    """Open incidents, stations and crews as GeoJSON, most urgent last so that they lie on top."""
    shown: Board = request.app.state.board
    towns = towns_of(viewer)
    async with request.app.state.pool.connection() as connection:
        stations = await (await connection.execute(QUERIES["stations"], {"towns": asked_towns(viewer)})).fetchall()
    facts = await shown.facts(towns)
    made = points(language_of(request), _link(request), facts.rows, stations, datetime.now(UTC))
    return JSONResponse(made, media_type="application/geo+json")


@router.get("/board/wall")
async def wall(request: Request, viewer: Operator) -> HTMLResponse:
    """For a screen on the wall: no forms, read from five metres."""
    return _wound(request, "board/wall.html", **await _on_the_wall(request, viewer))


@router.get("/board/wall/part")
async def wall_part(request: Request, viewer: Operator) -> HTMLResponse:
    """The part of it that lives."""
    return _wound(request, "board/wall_part.html", **await _on_the_wall(request, viewer))


@router.get("/board/history")
async def history(request: Request, viewer: Operator, lift: str = "") -> HTMLResponse:
    asked = {"lift": lift.strip(), "towns": asked_towns(viewer)}
    async with request.app.state.pool.connection() as connection:
        rows = await (await connection.execute(QUERIES["closed"], asked)).fetchall()
    return render(request, "board/history.html", rows=rows, lift=lift)


@router.get("/board/mass/{number}")
async def mass(request: Request, number: str, viewer: Operator, said: str = "") -> HTMLResponse:
    """Several lifts at once: who of them comes first, and figures of their own."""
    return render(request, "board/mass.html", **await _mass(request, viewer, number), **told(request), said=said)


@router.get("/board/mass/{number}/open")
async def mass_part(request: Request, number: str, viewer: Operator) -> HTMLResponse:
    """The part of it that lives."""
    return render(request, "board/mass_open.html", **await _mass(request, viewer, number))


@router.get("/board/ready")
async def ready(request: Request, viewer: Operator) -> HTMLResponse:
    """What would go wrong at the next alarm, and can be put right before it."""
    asked = {"towns": asked_towns(viewer)}
    async with request.app.state.pool.connection() as connection:
        holes = await (await connection.execute(QUERIES["roster_holes"], asked)).fetchall()
        gaps = await (await connection.execute(QUERIES["coverage_gaps"], asked)).fetchall()
        unreachable = await (await connection.execute(QUERIES["unreachable"], asked)).fetchall()
    return render(request, "board/ready.html", holes=holes, gaps=gaps, unreachable=unreachable)


def _look(request: Request, viewer: Viewer) -> Look:
    return Look(language_of(request), "lang" in request.query_params, towns_of(viewer))


def _link(request: Request) -> str:
    return f"?lang={language_of(request)}" if "lang" in request.query_params else ""


async def _open(request: Request, viewer: Viewer) -> dict[str, Any]:
    await request.app.state.hub.look()
    after = told(request)
    shown: Board = request.app.state.board
    # Whoever has just done something sees what came of it.
    drawn = shown.regions if "said" in request.query_params else shown.soon
    version, regions = await drawn(_look(request, viewer))
    # The pieces are everybody's; the token in their forms is this viewer's.
    own = {name: Markup(html.replace(CSRF, viewer.csrf)) for name, html in regions.items()}
    return {**after, "version": version, "regions": own}


async def _on_the_wall(request: Request, viewer: Viewer) -> dict[str, Any]:
    await request.app.state.hub.look()
    after = told(request)
    facts = await request.app.state.board.facts(towns_of(viewer))
    return {**after, "rows": facts.order(ON_THE_WALL), "more": max(0, len(facts.rows) - ON_THE_WALL), "facts": facts}


def _wound(request: Request, template: str, **context: Any) -> HTMLResponse:
    """A page whose clocks are set."""
    answer = render(request, template, **context)
    html = wind(bytes(answer.body).decode(), datetime.now(UTC))
    headers = {name: answer.headers[name] for name in ("content-language", "vary")}
    return HTMLResponse(html, answer.status_code, headers=headers)


async def _mass(request: Request, viewer: Viewer, number: str) -> dict[str, Any]:
    towns = asked_towns(viewer)
    async with request.app.state.pool.connection() as connection:
        found = {"ids": [], "number": number}
        row = await (await connection.execute(QUERIES["masses"], found)).fetchone()
        if row is None:
            raise HTTPException(404)
        ids = {"mass": row["id"], "towns": towns}
        rows = await (await connection.execute(QUERIES["open_incidents"], {**limits(request), **ids})).fetchall()
        figures = await (await connection.execute(QUERIES["mass_figures"], ids)).fetchone()
        closed = await (await connection.execute(QUERIES["mass_closed"], ids)).fetchall()
    if towns is not None and not rows and not closed:
        raise HTTPException(404)
    return {"mass": row, "groups": grouped(rows, [], datetime.now(UTC)), "figures": figures, "closed": closed}
