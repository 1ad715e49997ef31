"""Administrators' page of people: who may come in, and as what."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import Viewer, viewer_of
from api.doors import people
from api.doors.acts import DoorFault, actor_of
from api.doors.people import Narrowed, Newcomer
from api.page import keep_language, render
from contracts.kinds import Role

router = APIRouter(prefix="/admin/people")
Admin = Annotated[Viewer, Depends(viewer_of(Role.ADMIN))]
Word = Annotated[str, Form(max_length=100)]
Number = Annotated[int, Path(ge=1, lt=2**62)]
SAID = ("granted", "revoked", "disabled", "enabled", "codes_reset")


@router.get("")
async def everybody(request: Request, viewer: Admin, q: str = "") -> HTMLResponse:
    """People by a word of their login, name or organisation."""
    return await _list(request, q[:100])


@router.post("")
async def add(
    request: Request, viewer: Admin, login: Word, name: Word, organisation: Word = "", language: Word = "zh"
) -> Response:
    """Adds a person, and shows the link with which they set a password."""
    newcomer = Newcomer(login, name, language, organisation.strip())
    try:
        async with request.app.state.pool.connection() as connection:
            person = await people.add(connection, actor_of(viewer), newcomer)
            path = await people.invite(connection, actor_of(viewer), person)
    except DoorFault as fault:
        return await _list(request, "", fault=fault.key, newcomer=newcomer)
    return await _one(request, person, invitation=_address(request, path))


@router.get("/{person}")
async def one(request: Request, person: Number, viewer: Admin, said: str = "") -> HTMLResponse:
    return await _one(request, person, said=said if said in SAID else "")


@router.post("/{person}/grant")
async def grant(
    request: Request,
    person: Number,
    viewer: Admin,
    role: Annotated[Role, Form()],
    town: Word = "",
    organisation: Word = "",
    kitchen: Word = "",
) -> Response:
    """Gives a role, perhaps narrowed; it holds from the person's next click."""
    to = Narrowed(town.strip(), organisation.strip(), kitchen.strip())
    await _one_row(request, person)
    try:
        async with request.app.state.pool.connection() as connection:
            await people.grant(connection, actor_of(viewer), person, role, to)
    except DoorFault as fault:
        return await _one(request, person, fault=fault.key, wanted=(role, to))
    return _back(request, person, "granted")


@router.post("/{person}/revoke")
async def revoke(
    request: Request, person: Number, viewer: Admin, grant: Annotated[int, Form(ge=1, lt=2**62)]
) -> Response:
    """Takes a role away at once; the last admin keeps theirs."""
    try:
        async with request.app.state.pool.connection() as connection:
            await people.revoke(connection, actor_of(viewer), person, grant)
    except DoorFault as fault:
        return await _one(request, person, fault=fault.key)
    return _back(request, person, "revoked")


@router.post("/{person}/active")
async def set_active(request: Request, person: Number, viewer: Admin, active: Annotated[bool, Form()]) -> Response:
    """Sends a person away, or lets them in again."""
    await _one_row(request, person)
    try:
        async with request.app.state.pool.connection() as connection:
            await people.set_active(connection, actor_of(viewer), person, active)
    except DoorFault as fault:
        return await _one(request, person, fault=fault.key)
    return _back(request, person, "enabled" if active else "disabled")


@router.post("/{person}/codes")
async def reset_codes(request: Request, person: Number, viewer: Admin) -> Response:
    """Takes away the second factor of somebody who has lost it."""
    try:
        async with request.app.state.pool.connection() as connection:
            await people.reset_codes(connection, actor_of(viewer), person)
    except DoorFault as fault:
        return await _one(request, person, fault=fault.key)
    return _back(request, person, "codes_reset")


@router.post("/{person}/invite")
async def invite(request: Request, person: Number, viewer: Admin) -> Response:
    """Shows a link with which the person sets a password, once."""
    row = await _one_row(request, person)
    if not row["active"]:
        return await _one(request, person, fault="people.fault_away")
    async with request.app.state.pool.connection() as connection:
        path = await people.invite(connection, actor_of(viewer), person)
    return await _one(request, person, invitation=_address(request, path))


def _address(request: Request, path: str) -> str:
    return f"{request.app.state.settings.alerting.public_url}{path}"


def _back(request: Request, person: int, said: str) -> RedirectResponse:
    return RedirectResponse(keep_language(request, f"/admin/people/{person}?said={said}"), 303)


async def _list(request: Request, q: str, **words: Any) -> HTMLResponse:
    async with request.app.state.pool.connection() as connection:
        rows = await people.people(connection, q)
    context = {"fault": "", "newcomer": None, **words}
    status = 422 if context["fault"] else 200
    return render(request, "admin/people.html", status, rows=rows, q=q, most=people.MOST, **context)


async def _one_row(request: Request, person: int) -> dict[str, Any]:
    async with request.app.state.pool.connection() as connection:
        rows = await people.people(connection, person=person)
    if not rows:
        raise HTTPException(404)
    return rows[0]


async def _one(request: Request, person: int, **words: Any) -> HTMLResponse:
    row = await _one_row(request, person)
    async with request.app.state.pool.connection() as connection:
        grants = await people.grants_of(connection, person)
        towns = await (await connection.execute(people.QUERIES["towns"])).fetchall()
    context = {"fault": "", "said": "", "invitation": "", "wanted": None, **words}
    status = 422 if context["fault"] else 200
    return render(
        request, "admin/person.html", status, row=row, grants=grants, towns=towns, roles=list(Role), **context
    )
