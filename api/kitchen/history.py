"""All findings of a kitchen: filtered and ordered by the address, and as a file."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from api.i18n import LOCAL
from api.kitchen.asked import ON_A_PAGE, RULES, STATES, BadAsk, ask
from api.kitchen.own import AKitchen, OwnKitchens, file_name, rows_of
from api.page import language_of, render
from api.sheets import read, sheet
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.kitchen", "history.sql")
HEADS = (
    *("number", "rule", "class", "state", "zone", "camera", "camera_zh", "camera_en", "opened_at", "put_right_by"),
    *("put_right_at", "verified_at", "closed_at", "repeats", "confidence", "note"),
)


@router.get("/kitchen/{code}/history")
async def history(request: Request, kitchen: AKitchen, own: OwnKitchens) -> Response:
    try:
        asked = ask(request.query_params)
    except BadAsk as fault:
        raise HTTPException(422, str(fault)) from fault
    values = {**asked.values, "kitchen": kitchen["id"]}
    if asked.format:
        rows_of_file = read(request.app.state.file_pool, QUERIES["history"], values)
        return await sheet(asked.format, f"findings-{file_name(kitchen)}", HEADS, rows_of_file, cells)
    rows = await rows_of(request, "history", values, QUERIES)
    path, chosen = f"/kitchen/{kitchen['code']}/history", request.query_params.get("lang", "")

    def address(**changes: object) -> str:
        return asked.address(path, language_of(request) if chosen else "", **changes)

    return render(
        request,
        "kitchen/history.html",
        kitchen=kitchen,
        own=own,
        rows=rows[:ON_A_PAGE],
        more=len(rows) > ON_A_PAGE,
        asked=asked,
        address=address,
        rules=RULES,
        states=STATES,
        devices=await rows_of(request, "devices", {"kitchen": kitchen["id"]}, QUERIES),
    )


def cells(row: Mapping[str, Any]) -> list[Any]:
    """A row of a file: times by the city's clock, as spreadsheets know them."""
    return [
        value.astimezone(LOCAL).replace(tzinfo=None) if isinstance(value := row[head], datetime) else value
        for head in HEADS
    ]
