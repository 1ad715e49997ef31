"""Reports from the public: no account, no cookie, a number to follow it up by; written under the api's role.

An address is kept as a salted hash for a day, so that a flood ends; the salt is thrown away a day later.
"""

import secrets
import time
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access import same_origin
from api.page import render
from api.public import stamp
from api.public.places import place_of
from runtime.db import AsyncConnection, Queries

router = APIRouter()
QUERIES = Queries("api.public", "reports.sql")
MOST = {"sender_hour": 3, "sender_day": 10, "subject_hour": 20, "city_hour": 500}
"""reports that are taken, by what they have in common"""
WORDS, CONTACT = 2000, 200


class Refused(Exception):
    """A report that is not taken as it is; `key` is the text that says why."""

    def __init__(self, key: str, status: int) -> None:
        super().__init__(key)
        self.key, self.status = key, status


@router.get("/lift/{code}/report")
@router.get("/restaurant/{code}/report")
async def form(request: Request, code: str) -> HTMLResponse:
    """The form; each one is of its own moment and never kept."""
    return await _form(request, code)


@router.post("/lift/{code}/report", dependencies=[Depends(same_origin)])
@router.post("/restaurant/{code}/report", dependencies=[Depends(same_origin)])
async def report(
    request: Request,
    code: str,
    body: Annotated[str, Form()] = "",
    contact: Annotated[str, Form()] = "",
    given: Annotated[str, Form()] = "",
    website: Annotated[str, Form()] = "",
) -> Response:
    """A report about a lift or a restaurant, without an account. `website` is for machines: people do not see it."""
    said = {"body": _clean(body), "contact": _clean(contact)[:CONTACT]}
    try:
        number = await _take(request, code, said, given, website)
    except Refused as refusal:
        return await _form(request, code, said, refusal)
    lang = f"&lang={request.query_params['lang']}" if "lang" in request.query_params else ""
    return RedirectResponse(f"/report/{stamp.written(number)}?said=done{lang}", 303)


@router.get("/report")
async def follow_up(request: Request, number: str = "") -> HTMLResponse:
    """Where a number is typed."""
    return await _state(request, number)


@router.get("/report/{number}")
async def state(request: Request, number: str, said: str = "") -> HTMLResponse:
    """How far a report has come: its state, and nothing of what it says."""
    return await _state(request, number, said)


async def _state(request: Request, typed: str, said: str = "") -> HTMLResponse:
    number, row = stamp.read(typed), None
    if number is not None:
        async with request.app.state.pool.connection() as connection:
            row = await (await connection.execute(QUERIES["known"], {"number": number})).fetchone()
    shown = stamp.written(number) if number and row else typed.strip()[:20]
    status = 404 if typed and row is None else 200
    return render(request, "public/report.html", status, row=row, number=shown, said=said)


async def _form(
    request: Request, code: str, said: Mapping[str, str] | None = None, refusal: Refused | None = None
) -> HTMLResponse:
    kind = _kind(request)
    row = await place_of(request, kind, code)
    async with request.app.state.pool.connection() as connection:
        salt = (await _salts(connection))[0]
    return render(
        request,
        "public/report_form.html",
        refusal.status if refusal else 200,
        row=row,
        kind=kind,
        said=said or {"body": "", "contact": ""},
        given=stamp.stamp(salt, f"{kind}/{code}", time.time(), secrets.token_hex(6)),
        refusal=refusal.key if refusal else "",
        most=WORDS,
        hotline=request.app.state.settings.api.hotline,
    )


async def _take(request: Request, code: str, said: Mapping[str, str], given: str, website: str) -> str:
    """Keeps a report and returns its number. Raises Refused, or 404."""
    kind = _kind(request)
    subject = f"{kind}/{code}"
    if website:
        raise Refused("report.refused_machine", 422)
    if not said["body"]:
        raise Refused("report.refused_empty", 422)
    if len(said["body"]) > WORDS:
        raise Refused("report.refused_long", 422)
    async with request.app.state.pool.connection() as connection:
        salts = await _salts(connection)
        waited = stamp.age_s(salts, subject, given, time.time())
        if waited is None or waited > stamp.LONGEST_S:
            raise Refused("report.refused_old", 422)
        if waited < stamp.LEAST_S:
            raise Refused("report.refused_fast", 422)
        sender = stamp.sender(salts[0], request.client.host if request.client else "")
        number = stamp.number(salts[0], given, said["body"], said["contact"])
        async with connection.transaction():
            # Side by side more would pass than are allowed.
            await connection.execute(QUERIES["one_after_another"])
            await connection.execute(QUERIES["forget"])
            known = await (await connection.execute(QUERIES["known"], {"number": number})).fetchone()
            if known is not None:
                return number
            await _admit(connection, {"sender": sender, "subject": subject})
            values = {**said, "kind": kind, "code": code, "number": number}
            row = await (await connection.execute(QUERIES["report"], values)).fetchone()
            if row is None:
                raise HTTPException(404)
    return number


async def _admit(connection: AsyncConnection, who: Mapping[str, str]) -> None:
    seen: dict[str, Any] | None = await (await connection.execute(QUERIES["seen"], who)).fetchone()
    if seen is None or any(seen[name] >= most for name, most in MOST.items()):
        raise Refused("report.refused_many", 429)
    await connection.execute(QUERIES["admit"], who)


async def _salts(connection: AsyncConnection) -> list[bytes]:
    """Today's first, made by whoever needs it first."""
    await connection.execute(QUERIES["make_salt"], {"salt": secrets.token_bytes(32)})
    return [bytes(row["salt"]) for row in await (await connection.execute(QUERIES["salts"])).fetchall()]


def _kind(request: Request) -> str:
    return "lift" if request.url.path.startswith("/lift/") else "restaurant"


def _clean(text: str) -> str:
    """Words as they can be kept; a line's end is one sign however the browser writes it."""
    return text.replace("\0", "").replace("\r\n", "\n").strip()
