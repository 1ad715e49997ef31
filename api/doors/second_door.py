"""Between password and session: the code of the second factor, or setting one up where a role demands it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import same_origin
from api.doors import attempts, cookie, passes, second
from api.doors.acts import Actor, note
from api.doors.attempts import Try
from api.doors.entry import QUERIES, come_in, home_of, inside, login_form, open_session, roles_of
from api.doors.passes import Kind
from api.page import keep_language, render
from contracts.kinds import Role
from runtime.db import AsyncConnection

router = APIRouter()
PAGE = {Kind.SECOND_FACTOR: "/login/code", Kind.ENROL: "/login/enrol"}
Code = Annotated[str, Form(max_length=40)]


async def after_password(
    request: Request, connection: AsyncConnection, tried: Try, person: dict[str, Any], back: str
) -> Response:
    """Opens the session of somebody whose password was right, or asks for what is still wanted."""
    demanded = await demanded_of(request, connection, person["id"])
    if not person["second_factor"] and not demanded:
        await attempts.good(connection, tried)
        return await come_in(request, connection, person, back)
    # Half of the way is no success: it must not wipe out failed codes.
    await attempts.void(connection, tried)
    kind = Kind.SECOND_FACTOR if person["second_factor"] else Kind.ENROL
    token = await passes.make(connection, kind, person["id"], back=inside(back))
    answer = RedirectResponse(keep_language(request, PAGE[kind]), 303)
    cookie.put(request, answer, token, passes.MINUTES[kind] * 60, cookie.PASS_COOKIE)
    return answer


async def demanded_of(request: Request, connection: AsyncConnection, person: int) -> bool:
    """Whether a person's roles demand a second factor."""
    roles = await roles_of(connection, person)
    return any(Role(role) in roles for role in request.app.state.settings.api.second_factor_for)


@router.get("/login/code")
async def code_page(request: Request) -> Response:
    person, _ = await _person(request, Kind.SECOND_FACTOR)
    return render(request, "account/code.html", fault="", until=None) if person else _again(request)


@router.post("/login/code", dependencies=[Depends(same_origin)])
async def code(request: Request, code: Code) -> Response:
    """A code of six digits or a recovery code; wrong ones count like wrong passwords."""
    person, back = await _person(request, Kind.SECOND_FACTOR)
    if person is None:
        return _again(request)
    async with request.app.state.pool.connection() as connection:
        tried = await attempts.begin(connection, request, person["login"])
        if tried.until:
            return render(request, "account/code.html", 429, fault="login.locked", until=tried.until)
        if not await second.good(connection, person["id"], code):
            return render(request, "account/code.html", 401, fault="account.code_wrong", until=None)
        if await passes.use(connection, Kind.SECOND_FACTOR, _token(request)) is None:
            return _again(request)
        await attempts.good(connection, tried)
        return await come_in(request, connection, person, back)


@router.get("/login/enrol")
async def enrol_page(request: Request) -> Response:
    person, _ = await _person(request, Kind.ENROL)
    return await _enrol(request, person, second.begin) if person else _again(request)


@router.post("/login/enrol", dependencies=[Depends(same_origin)])
async def enrol(request: Request, code: Code) -> Response:
    """The first code turns the second factor on and opens the session; the recovery codes are shown once."""
    person, back = await _person(request, Kind.ENROL)
    if person is None:
        return _again(request)
    async with request.app.state.pool.connection() as connection:
        tried = await attempts.begin(connection, request, person["login"])
        if tried.until:
            return login_form(request, 429, back, fault="login.locked", until=tried.until)
        codes = await second.confirm(connection, person["id"], code)
        if codes is not None and await passes.use(connection, Kind.ENROL, _token(request)):
            await attempts.good(connection, tried)
            await note(connection, Actor(person["id"], person["login"]), "second_factor_on", f"person {person['id']}")
            on = back or home_of(await roles_of(connection, person["id"]))
            answer = render(request, "account/codes.html", codes=codes, on=on)
            await open_session(request, connection, person["id"], answer)
            return answer
    return await _enrol(request, person, second.pending, "account.code_wrong", 401)


async def _enrol(
    request: Request, person: dict[str, Any], find: second.Find, fault: str = "", status: int = 200
) -> Response:
    async with request.app.state.pool.connection() as connection:
        made = await find(connection, person["id"], person["login"])
    if made is None:
        return _again(request)
    return render(request, "account/enrol.html", status, made=made, action="/login/enrol", fault=fault, demanded=True)


async def _person(request: Request, kind: Kind) -> tuple[dict[str, Any] | None, str]:
    """Whose pass the browser holds, if they may still come in, and where they wanted to go."""
    async with request.app.state.pool.connection() as connection:
        known = await passes.look(connection, kind, _token(request))
        if known is None:
            return None, ""
        row = await (await connection.execute(QUERIES["person"], {"person": known.person})).fetchone()
    return row, str(known.details.get("back", ""))


def _token(request: Request) -> str:
    return cookie.token_of_cookie(request, cookie.PASS_COOKIE)


def _again(request: Request) -> HTMLResponse:
    """The time between password and code is over."""
    return login_form(request, 401, "", fault="login.too_late")
