"""Links that are good once: the first admin makes an account, an invited person sets a password."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import same_origin
from api.doors import passes, passwords, people
from api.doors.acts import Actor, DoorFault
from api.doors.entry import QUERIES
from api.doors.passes import Kind, Pass
from api.doors.people import Narrowed, Newcomer
from api.page import keep_language, render
from contracts.kinds import Role
from runtime.db import AsyncConnection

router = APIRouter(prefix="/welcome")
Word = Annotated[str, Form(max_length=100)]
Password = Annotated[str, Form(max_length=passwords.LONGEST)]


@router.get("/{token}")
async def welcome(request: Request, token: str) -> HTMLResponse:
    """The form of a link. Looking at it uses nothing up: chat programs look at links, too."""
    async with request.app.state.pool.connection() as connection:
        known, person = await _known(connection, token)
    if known is None:
        return render(request, "account/welcome_over.html", 404)
    return _form(request, person, "")


@router.post("/{token}", dependencies=[Depends(same_origin)])
async def come(
    request: Request, token: str, password: Password, again: Password, login: Word = "", name: Word = ""
) -> Response:
    """Sets the password, or makes the first admin; the link is used up. Signing in comes next, codes and all."""
    async with request.app.state.pool.connection() as connection:
        known, person = await _known(connection, token)
        if known is None:
            return render(request, "account/welcome_over.html", 404)
        fault = passwords.fault_of(password, person["login"] if person else login.strip())
        if fault or password != again:
            return _form(request, person, fault or "account.password_differs", login, name)
        try:
            async with connection.transaction():
                if await passes.use(connection, _kind(known), token) is None:
                    raise HTTPException(404)
                if person is None:
                    await _first_admin(connection, Newcomer(login, name), password)
                else:
                    await people.set_password(connection, Actor(person["id"], person["login"]), person["id"], password)
        except DoorFault as error:
            return _form(request, person, error.key, login, name)
    return RedirectResponse(keep_language(request, "/login?said=welcome"), 303)


async def _first_admin(connection: AsyncConnection, newcomer: Newcomer, password: str) -> None:
    """Raises DoorFault when somebody else was first."""
    await connection.execute(people.QUERIES["lock_admins"])
    if await people.admin_there(connection):
        raise DoorFault("people.fault_admin_there", "admin: there is one already")
    actor = Actor(None, "first admin's link")
    person = await people.add(connection, actor, newcomer, passwords.HASHER.hash(password))
    await people.grant(connection, actor, person, Role.ADMIN, Narrowed())


async def _known(connection: AsyncConnection, token: str) -> tuple[Pass | None, dict[str, Any] | None]:
    """The pass of a link that is still good, and whose it is; nobody's: the first admin's."""
    invited = await passes.look(connection, Kind.INVITATION, token)
    if invited is not None:
        person = await (await connection.execute(QUERIES["person"], {"person": invited.person})).fetchone()
        return (invited, person) if person else (None, None)
    first = await passes.look(connection, Kind.FIRST_ADMIN, token)
    return (None, None) if first is None or await people.admin_there(connection) else (first, None)


def _kind(known: Pass) -> Kind:
    return Kind.FIRST_ADMIN if known.person is None else Kind.INVITATION


def _form(request: Request, person: dict[str, Any] | None, fault: str, login: str = "", name: str = "") -> HTMLResponse:
    status = 422 if fault else 200
    return render(request, "account/welcome.html", status, person=person, fault=fault, login=login, name=name)
