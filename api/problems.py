"""What goes wrong, in words: a page for people, problem details (RFC 9457) for programs."""

import logging
import re
import traceback
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.access import SignInNeeded, viewer
from api.page import render

log = logging.getLogger(__name__)
MEDIA = "application/problem+json"
PROGRAMS = ("/edge/", "/api/")
"""addresses that no person opens"""
KINDS = (400, 401, 403, 404, 408, 410, 411, 413, 415, 429, 500, 503)
"""what a person is told in words of its own"""
SECRET = re.compile(r"password|token|csrf|secret|authorization|cookie|code", re.IGNORECASE)
"""fields whose value is not said again"""
# The house says what is wrong as "field: 'value', expected what".
SAID = re.compile(r"^(?P<field>[\w, -]{1,60}): (?P<value>.*?), expected (?P<expected>.+)$", re.DOTALL)
EXCERPT = 80


def add_handlers(app: FastAPI) -> None:
    """Every fault that can leave a handler gets its words."""
    app.add_exception_handler(SignInNeeded, _to_sign_in)
    app.add_exception_handler(HTTPException, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(psycopg.DataError, _not_data)
    app.add_exception_handler(ClientDisconnect, _gone)
    for fault in (psycopg.OperationalError, PoolTimeout):
        app.add_exception_handler(fault, _database_away)


def answer(request: Request, status: int, detail: str, errors: list[dict[str, str]] | None = None) -> Response:
    """The answer to what went wrong. `detail` is for programs, and for people where only they can put it right."""
    if for_people(request):
        kind = status if status in KINDS else 400
        return render(request, "problem.html", status, kind=kind, detail=detail)
    title = HTTPStatus(status).phrase
    problem: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail or title}
    problem["instance"] = request.url.path
    if errors := errors or _errors_of(status, detail):
        problem["errors"] = errors
    return JSONResponse(problem, status, media_type=MEDIA)


def for_people(request: Request) -> bool:
    """Whether a person reads the answer."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(PROGRAMS)


def fault(request: Request, error: Exception) -> Response:
    """The answer to a fault of ours. The log gets its kind and its place, never its words: they may hold a value."""
    reference = uuid4().hex[:12]
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("fault %s: %s %s: %s\n%s", reference, request.method, _route(request), type(error).__name__, places)
    return answer(request, 500, f"reference: {reference}")


def _route(request: Request) -> str:
    """The pattern of an address: what stands in it can be a token or a name."""
    return getattr(request.scope.get("route"), "path", "an address without a route")


async def _to_sign_in(request: Request, needed: Exception) -> Response:
    assert isinstance(needed, SignInNeeded)
    return needed.answer(request)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if for_people(request):
        # Also where no page is: whoever is signed in sees the same as at an address that is another's.
        with suppress(psycopg.Error, PoolTimeout):
            await viewer(request)
    said = "" if error.detail == HTTPStatus(error.status_code).phrase else str(error.detail)
    made = answer(request, error.status_code, said)
    made.headers.update(error.headers or {})
    return made


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [_wrong(one) for one in error.errors()]
    # What the library says is English: a person gets the names of the fields.
    names = ", ".join(dict.fromkeys(str(one["loc"][-1]) for one in error.errors()))
    words = "; ".join(f"{one['field']}: {one['value']}, expected {one['expected']}" for one in errors)
    return answer(request, 422, names if for_people(request) else words, errors)


def _wrong(one: dict[str, Any]) -> dict[str, str]:
    field = ".".join(str(part) for part in one["loc"])
    missing = one["type"] == "missing"
    value = "missing" if missing else ("not shown" if SECRET.search(field) else _excerpt(one.get("input")))
    expected = "a value" if missing else str(one["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    return {"field": field, "value": value, "expected": expected}


def _excerpt(value: object) -> str:
    text = repr(value)
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"


def _errors_of(status: int, detail: str) -> list[dict[str, str]]:
    found = SAID.match(detail) if status in (400, 403, 409, 411, 413, 415, 422) else None
    return [found.groupdict()] if found else []


async def _not_data(request: Request, error: Exception) -> Response:
    """A value that no column takes, such as text with a NUL in an address or a form."""
    assert isinstance(error, psycopg.Error)
    log.warning("not data: %s at %s", error.sqlstate or type(error).__name__, _route(request))
    return answer(request, 422, "")


async def _gone(request: Request, _: Exception) -> Response:
    """Whoever sent this has hung up in the middle; nobody hears the answer."""
    return answer(request, 400, "body: cut off, expected all of it")


async def _database_away(request: Request, error: Exception) -> Response:
    log.warning("database is away: %s", " ".join(str(error).split()))
    return answer(request, 503, "database")
