"""One page behind a link: the next step is one big button. It works without an account and without a script.

Looking changes nothing: chat programs open links before anybody reads them. Only a pressed button is a tap.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.datastructures import FormData, UploadFile

from api.access import digest, same_origin
from api.assets import ROOT
from api.commands import Result, lead_back, submit
from api.crew.taps import CREW, pressed_at, tap_args, told_hazards
from api.evidence import keep_photo, refuse_large
from api.nearby import organisations
from api.page import HEADERS, render
from api.rescue_words import CAUSES, HAZARDS, METHODS
from api.sql import QUERIES as SHARED
from contracts.kinds import CommandKind
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.crew")
STEPS = ("accept", "en_route", "arrived", "released")
NEXT = dict(zip(("offered", "accepted", "en_route", "arrived"), STEPS, strict=True))
DECLINES = ("busy", "too_far", "no_vehicle", "other")
MINUTES = (5, 10, 15, 20, 30, 45, 60)
NEAR, MOST_PHOTOS = 6, 12
# The camera reads the lift's QR sign; no other page asks for it.
PERMISSIONS = {"Permissions-Policy": HEADERS["Permissions-Policy"].replace("camera=()", "camera=(self)")}
Origin = Depends(same_origin)


@router.get("/c/offline.js")
async def offline_worker() -> FileResponse:
    """The script that shows a crew its page again where there is no network; it may act below /c/ only."""
    return FileResponse(ROOT / "static" / "js" / "crew-offline.js", media_type="text/javascript")


@router.get("/c/{token}")
async def page(request: Request, token: str, said: str = "") -> HTMLResponse:
    row = await dispatch_of(request, token)
    if row["expired"]:
        return render(request, "crew/expired.html", 410, hotline=request.app.state.settings.api.hotline)
    async with request.app.state.pool.connection() as connection:
        ids = {"incident": row["incident_id"], "dispatch": row["id"]}
        others = await (await connection.execute(QUERIES["others"], ids)).fetchall()
        asked = await (await connection.execute(QUERIES["asks"], ids)).fetchone()
        photos = await (await connection.execute(SHARED["evidence_of_incident"], ids)).fetchall()
        known = {row["organisation_id"], *(other["organisation_id"] for other in others)}
        near = await organisations(connection, (row["lat"], row["lon"]), known, NEAR)
    shown = render(
        request,
        "crew/crew.html",
        row=row,
        token=token,
        steps=STEPS,
        following=NEXT.get(row["state"]),
        declines=DECLINES,
        minutes=MINUTES,
        others=others,
        asked=asked,
        photos=len(photos),
        near=near,
        causes=CAUSES,
        methods=METHODS,
        hazards=HAZARDS,
        version=_version(row),
        **_ways(request, row),
        said=said,
    )
    shown.headers.update(PERMISSIONS)
    return shown


@router.get("/c/{token}/now")
async def now(request: Request, token: str) -> JSONResponse:
    """Whether anything has changed since the page was made: a page in a pocket asks now and then."""
    row = await _open(request, token)
    return JSONResponse({"version": _version(row)})


@router.post("/c/{token}/photo", dependencies=[Origin, Depends(refuse_large)])
async def photo(request: Request, token: str) -> Response:
    """A photo of the rescue: evidence of the incident, for operators and regulators only."""
    row = await _open(request, token)
    if row["arrived_at"] is None:
        raise HTTPException(422, "photo: expected after the arrival")
    async with request.app.state.pool.connection() as connection:
        ids = {"incident": row["incident_id"]}
        kept = await (await connection.execute(SHARED["evidence_of_incident"], ids)).fetchall()
    if len(kept) >= MOST_PHOTOS:
        raise HTTPException(429, f"photo: this rescue has {MOST_PHOTOS} already")
    form = await request.form()
    sent = form.get("photo")
    if not isinstance(sent, UploadFile) or not sent.size:
        raise HTTPException(422, "photo: '', expected a picture")
    await keep_photo(request, sent, kind="rescue", actor=str(row["crew_zh"]), incident=row["incident_id"])
    return _answer(request, token, Result(True, "done"))


@router.post("/c/{token}/{kind}", dependencies=[Origin])
async def tap(request: Request, token: str, kind: CommandKind) -> Response:
    """A tap; one that was kept while there was no network says in `waited_s` how long ago it was made."""
    if kind not in CREW:
        raise HTTPException(404)
    row, form = await _open(request, token), await request.form()
    identity = str(form.get("command", ""))
    told = [hazard for hazard in form.getlist("hazards") if isinstance(hazard, str)]
    result = Result(False, "hazards: '', expected at least one")
    if told and kind in (CommandKind.FACTS, CommandKind.RELEASED):
        # It belongs to the incident, not to the crew: who else is called follows from it.
        result = await submit(
            request,
            CommandKind.FACTS,
            actor=str(row["crew_zh"]),
            identity=identity and str(uuid5(NAMESPACE_OID, identity)),
            incident=row["incident_id"],
            args=told_hazards(told, row["hazards"]),
        )
    if kind is not CommandKind.FACTS:
        result = await submit(
            request,
            kind,
            actor=str(row["crew_zh"]),
            identity=identity,
            incident=row["incident_id"],
            dispatch=row["id"],
            reason=str(form.get("reason", "")).strip(),
            args=tap_args(kind, _texts(form)),
            client_at=pressed_at(str(form.get("waited_s", "")), datetime.now(UTC)),
        )
    return _answer(request, token, result)


def _answer(request: Request, token: str, result: Result) -> Response:
    answer = lead_back(request, f"/c/{token}", result)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"ok": result.ok, "page": answer.headers["location"]})
    return answer


def _texts(form: FormData) -> Mapping[str, str]:
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}


async def dispatch_of(request: Request, token: str) -> dict[str, Any]:
    async with request.app.state.pool.connection() as connection:
        cursor = await connection.execute(QUERIES["dispatch_by_link"], {"link": digest(token)})
        row: dict[str, Any] | None = await cursor.fetchone()
    if row is None:
        raise HTTPException(404)
    return row


async def _open(request: Request, token: str) -> dict[str, Any]:
    row = await dispatch_of(request, token)
    if row["expired"]:
        raise HTTPException(410, "this link has expired; the newest message has one that works")
    return row


def _version(row: Mapping[str, Any]) -> str:
    return f"{row['version']}-{row['state']}-{row['eta_at'] or ''}"


def _ways(request: Request, row: Mapping[str, Any]) -> dict[str, Any]:
    """How the crew finds the lift and whom it can telephone."""
    settings = request.app.state.settings
    map_url = settings.alerting.map_url.format(lat=row["lat"], lon=row["lon"])
    late = row["eta_at"] is not None and datetime.now(UTC) > row["eta_at"] + timedelta(minutes=2)
    # A map program opens by itself; a web page with a map is a second way where one is set.
    return {"map_url": map_url if map_url.startswith("http") else "", "hotline": settings.api.hotline, "late": late}
