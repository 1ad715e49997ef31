"""What one shift hands to the next: what is open, taken as it is, and words. The next one confirms having read it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from psycopg.types.json import Jsonb

from api.access import Viewer
from api.board.desk import QUERIES, Operator, asked_towns, fields, told, towns_of
from api.board.live import Facts
from api.commands import Result, lead_back
from api.page import render
from api.sql import QUERIES as SHARED

router = APIRouter()
PATH = "/board/handover"
MOST_OPEN, LONGEST, SHOWN = 300, 4000, 30
FROZEN = ("number", "lift_code", "place_zh", "place_en", "state", "tier", "people_inside", "alarm_at", "released_at")


@router.get(PATH)
async def notes(request: Request, viewer: Operator, said: str = "") -> HTMLResponse:
    """The form for a note, and the notes before it."""
    asked = {"towns": asked_towns(viewer), "limit": SHOWN, "person": viewer.person_id}
    async with request.app.state.pool.connection() as connection:
        past = await (await connection.execute(QUERIES["hand_overs"], asked)).fetchall()
        others = await (await connection.execute(QUERIES["other_operators"], asked)).fetchall()
    now = frozen(await request.app.state.board.facts(towns_of(viewer)))
    return render(
        request, "board/handover.html", **told(request), notes=past, others=others, open_now=now, said=said, note=None
    )


@router.get(PATH + "/{identity}")
async def note(request: Request, identity: int, viewer: Operator) -> HTMLResponse:
    """One note with what was open then."""
    row = await _note(request, viewer, identity)
    return render(request, "board/handover_note.html", **told(request), note=row)


@router.post(PATH)
async def write(request: Request, viewer: Operator) -> Response:
    """Takes what is open now and keeps it with the words."""
    form = {name: "".join(values).strip() for name, values in (await fields(request)).items()}
    words, to = form.get("note", ""), form.get("to", "")
    if len(words) > LONGEST:
        return lead_back(request, PATH, Result(False, f"note: {len(words)} characters, expected at most {LONGEST}"))
    await request.app.state.hub.look()
    facts = await request.app.state.board.facts(towns_of(viewer))
    asked = {"towns": asked_towns(viewer), "person": viewer.person_id}
    async with request.app.state.pool.connection() as connection:
        others = await (await connection.execute(QUERIES["other_operators"], asked)).fetchall()
        chosen = next((other for other in others if str(other["id"]) == to), None)
        row = {
            **asked,
            "name": viewer.name,
            "to": chosen["id"] if chosen else None,
            "to_name": chosen["name"] if chosen else "",
            "note": words,
            "open": Jsonb(frozen(facts)),
        }
        await connection.execute(QUERIES["hand_over_new"], row)
    return lead_back(request, PATH, Result(True, "done"))


@router.post(PATH + "/{identity}/confirm")
async def confirm(request: Request, identity: int, viewer: Operator) -> Response:
    """Somebody else than the writer has read it."""
    row = await _note(request, viewer, identity)
    if row["from_person_id"] == viewer.person_id:
        return lead_back(request, PATH, Result(False, "confirm: by its writer, expected somebody else"))
    audit = {
        "person": viewer.person_id,
        "actor": viewer.login,
        "action": "hand_over_read",
        "object": str(identity),
        "reason": "",
        "details": Jsonb({}),
    }
    async with request.app.state.pool.connection() as connection:
        asked = {"id": identity, "person": viewer.person_id, "name": viewer.name}
        done = await connection.execute(QUERIES["hand_over_read"], asked)
        if done.rowcount:
            await connection.execute(SHARED["audit"], audit)
    return lead_back(request, "/board", Result(True, "done"))


def frozen(facts: Facts) -> Sequence[dict[str, Any]]:
    """PURE. What is open, most urgent first, as it is kept with a note."""
    return [
        {name: value.isoformat() if isinstance(value := row[name], datetime) else value for name in FROZEN}
        for row in facts.order(MOST_OPEN)
    ]


async def _note(request: Request, viewer: Viewer, identity: int) -> dict[str, Any]:
    asked = {"id": min(identity, 2**62), "towns": asked_towns(viewer)}
    async with request.app.state.pool.connection() as connection:
        row: dict[str, Any] | None = await (await connection.execute(QUERIES["hand_over"], asked)).fetchone()
    if row is None:
        raise HTTPException(404)
    return row
