"""The page of one incident, what an operator can ask for, and the photos that its crews took."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import psycopg
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import Viewer, viewer_of
from api.board.desk import QUERIES, Operator, fields, limits, theirs, told, towns_of
from api.board.orders import FOR_A_CREW, ORDERS, PRESETS, REASON_NEEDED, WHOMS, crew_args, order_args
from api.board.story import folded, in_english
from api.board.story import told as told_of
from api.board.strips import HEIGHT, WIDTH, strips, x_of
from api.commands import Result, lead_back, submit
from api.i18n import LANGUAGES, text
from api.media.mint import asked, shown
from api.media.routes import evidence_for
from api.nearby import organisations
from api.page import language_of, render, with_player
from api.rescue_words import CAUSES, HAZARDS, METHODS
from api.sql import QUERIES as SHARED
from contracts.kinds import CommandKind, Role

router = APIRouter()
BEFORE, AFTER = timedelta(minutes=8), timedelta(minutes=2)
FURTHEST = timedelta(days=3650)
"""a clock further off has no samples worth looking for"""
NEAR, OTHERS = 12, 40
GONE = ("declined", "stood_down", "released")
Looker = Annotated[Viewer, Depends(viewer_of(Role.OPERATOR, Role.ADMIN, Role.REGULATOR))]


@router.get("/board/incident/{number}")
async def incident(request: Request, number: str, viewer: Operator, said: str = "") -> HTMLResponse:
    after = told(request)
    row = theirs(viewer, await _incident(request, number))
    story = await _story(request, row, viewer)
    async with request.app.state.pool.connection() as connection:
        ids = {"incident": row["id"], "lift": row["lift_id"]}
        cameras = await _cameras(connection, viewer, row)
        photos = await (await connection.execute(SHARED["evidence_of_incident"], ids)).fetchall()
        asked = {crew["organisation_id"] for crew in story["crews"]}
        near = await organisations(connection, (row["lat"], row["lon"]), asked, NEAR)
        stop = min(datetime.now(UTC), row["alarm_at"] + AFTER)
        span = {"lift": row["lift_id"], "start": row["alarm_at"] - BEFORE, "stop": stop, "ahead": _ahead(row)}
        samples = await (await connection.execute(QUERIES["samples"], span)).fetchall()
    page = render(
        request,
        "board/incident.html",
        **story,
        **after,
        said=said,
        cameras=cameras,
        photos=photos,
        near=near,
        strips=strips(samples, span["start"], stop),
        strips_from=span["start"],
        strips_to=stop,
        alarm_x=x_of(row["alarm_at"], span["start"], stop),
        width=WIDTH,
        height=HEIGHT,
        causes=CAUSES,
        methods=METHODS,
        hazards=HAZARDS,
        whoms=WHOMS,
        presets=[text(language, f"comfort.{preset}") for language in LANGUAGES for preset in PRESETS],
    )
    return with_player(request, page) if cameras else page


@router.get("/board/incident/{number}/live")
async def live_part(request: Request, number: str, viewer: Operator) -> HTMLResponse:
    """The parts of the page that change by themselves; what somebody types stays."""
    row = theirs(viewer, await _incident(request, number))
    return render(request, "board/incident_live.html", **await _story(request, row, viewer))


@router.post("/board/incident/{number}/{kind}")
async def order(request: Request, number: str, kind: CommandKind, viewer: Operator) -> Response:
    """One of an operator's commands on an incident."""
    if kind not in ORDERS:
        raise HTTPException(404)
    row, form = theirs(viewer, await _incident(request, number)), await fields(request)
    return await _give(request, row, kind, viewer, form, order_args(kind, form), None)


@router.post("/board/incident/{number}/crew/{dispatch}/{kind}")
async def for_a_crew(request: Request, number: str, dispatch: int, kind: CommandKind, viewer: Operator) -> Response:
    """What a crew said on the telephone, or an operator's word that it has arrived."""
    if kind not in FOR_A_CREW:
        raise HTTPException(404)
    row, form = theirs(viewer, await _incident(request, number)), await fields(request)
    return await _give(request, row, kind, viewer, form, crew_args(kind, form), dispatch)


@router.get("/rescue/{number}/photo/{photo}")
async def photo(request: Request, number: str, photo: UUID, viewer: Looker, look: str = "") -> RedirectResponse:
    """Leads to a crew's photo: for operators, and for regulators of the town who have said why (POST /media/look)."""
    roles = [role for role in (Role.ADMIN, Role.OPERATOR, Role.REGULATOR) if viewer.has(role)]
    role, row = await evidence_for(request, viewer, roles, "rescue", number)
    given = await asked(request, viewer, f"rescue {number}", look)
    if role is Role.REGULATOR and given is None:
        raise HTTPException(403, "reason: '', expected the reason for looking at a photo of a rescue")
    async with request.app.state.pool.connection() as connection:
        photos = await (await connection.execute(SHARED["evidence_of_incident"], {"incident": row["id"]})).fetchall()
    found = [item for item in photos if item["id"] == photo]
    if not found:
        raise HTTPException(404)
    return RedirectResponse(shown(request, viewer, role, ("rescue", number), found, given)[0].href, 303)


async def _give(
    request: Request,
    row: Mapping[str, Any],
    kind: CommandKind,
    viewer: Viewer,
    form: Mapping[str, Any],
    args: Mapping[str, object],
    dispatch: int | None,
) -> Response:
    # Who acts on the board stays on the board.
    page = "/board" if form.get("back") == ["board"] else f"/board/incident/{row['number']}"
    reason = "".join(form.get("reason", ())).strip()
    if kind in REASON_NEEDED and not reason:
        return lead_back(request, page, Result(False, "reason: '', expected why"))
    result = await submit(
        request,
        kind,
        actor=viewer.name,
        viewer=viewer,
        identity="".join(form.get("command", ())),
        incident=row["id"],
        dispatch=dispatch,
        reason=reason,
        args=args,
    )
    return lead_back(request, page, result)


async def _cameras(connection: psycopg.AsyncConnection[Any], viewer: Viewer, row: Mapping[str, Any]) -> list[Any]:
    """The cameras of the car, for whoever may look: while the incident is open, and an operator only."""
    if row["closed_at"] is not None or not viewer.has(Role.OPERATOR):
        return []
    return await (await connection.execute(QUERIES["cameras"], {"lift": row["lift_id"]})).fetchall()


async def _incident(request: Request, number: str) -> dict[str, Any]:
    async with request.app.state.pool.connection() as connection:
        row: dict[str, Any] | None = await (
            await connection.execute(QUERIES["incident"], {"number": number})
        ).fetchone()
    if row is None:
        raise HTTPException(404)
    return row


async def _story(request: Request, row: Mapping[str, Any], viewer: Viewer) -> dict[str, Any]:
    """What is known of an incident, from top to bottom."""
    ids = {"incident": row["id"], "lift": row["lift_id"]}
    async with request.app.state.pool.connection() as connection:
        timeline = await (await connection.execute(QUERIES["timeline"], ids)).fetchall()
        crews = await (await connection.execute(QUERIES["crews"], ids)).fetchall()
        asks = await (await connection.execute(QUERIES["arrival_asks"], ids)).fetchall()
        letters = await (await connection.execute(QUERIES["letters"], ids)).fetchall()
        spoken = await (await connection.execute(QUERIES["spoken"], ids)).fetchall()
        merged = await (await connection.execute(QUERIES["merged_here"], ids)).fetchall()
        ear = await (await connection.execute(QUERIES["heard"], {**ids, **limits(request)})).fetchone()
    rows = (await request.app.state.board.facts(towns_of(viewer))).order(OTHERS + 1)
    ahead = abs(_ahead(row))
    others = [other for other in rows if other["id"] != row["id"]]
    return {
        "row": row,
        "ear": ear,
        "apart": ahead if ahead > request.app.state.settings.ingest.clock_skew_s else 0,
        "story": folded(in_english(timeline, crews) if language_of(request) == "en" else timeline),
        "crews": crews,
        "active": [crew for crew in crews if crew["state"] not in GONE],
        "asks": {ask["dispatch_id"]: ask for ask in asks},
        "told": told_of(letters, timeline),
        "spoken": spoken,
        "merged": merged,
        # Those of the same house first: that is where an incident is merged into.
        "others": sorted(others[:OTHERS], key=lambda other: other["lat"] != row["lat"] or other["lon"] != row["lon"]),
        "urgent": others[:6],
    }


def _ahead(row: Mapping[str, Any]) -> float:
    """How far (s) the device's clock was ahead of the centre's when it told of the alarm."""
    if row["event_at"] is None or abs(row["event_at"] - row["alarm_at"]) > FURTHEST:
        return 0.0
    return float((row["event_at"] - row["alarm_at"]).total_seconds())
