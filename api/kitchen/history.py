"""All findings of a kitchen: filtered and ordered by the address, and as a file."""

from fastapi import APIRouter, HTTPException, Request, Response

from api.csv_file import csv_file
from api.kitchen.asked import ON_A_PAGE, RULES, STATES, BadAsk, ask
from api.kitchen.own import AKitchen, OwnKitchens, rows_of
from api.page import language_of, render
from api.xlsx_file import xlsx_file
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.kitchen", "history.sql")


@router.get("/kitchen/{code}/history")
async def history(request: Request, kitchen: AKitchen, own: OwnKitchens) -> Response:
    try:
        asked = ask(request.query_params)
    except BadAsk as fault:
        raise HTTPException(422, str(fault)) from fault
    rows = await rows_of(request, "history", {**asked.values, "kitchen": kitchen["id"]}, QUERIES)
    name = f"findings-{kitchen['code']}"
    if asked.format == "csv":
        return csv_file(rows, f"{name}.csv")
    if asked.format == "xlsx":
        return xlsx_file(rows, f"{name}.xlsx", kitchen["code"])
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
