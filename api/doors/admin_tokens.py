"""Administrators' page of programs' tokens."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import Viewer, viewer_of
from api.doors import people, token_book
from api.doors.acts import DoorFault, actor_of
from api.page import keep_language, render
from api.tokens import Scope
from contracts.kinds import Role

router = APIRouter(prefix="/admin/tokens")
Admin = Annotated[Viewer, Depends(viewer_of(Role.ADMIN))]


@router.get("")
async def tokens(request: Request, viewer: Admin, said: str = "") -> HTMLResponse:
    """Every token there was, those that work first; none of them with its secret."""
    return await _page(request, 200, said="revoked" if said == "revoked" else "")


@router.post("")
async def new(
    request: Request,
    viewer: Admin,
    name: Annotated[str, Form(max_length=200)],
    scope: Annotated[list[str], Form()] = [],  # noqa: B006 - fastapi copies it
    town: Annotated[list[str], Form()] = [],  # noqa: B006
    days: Annotated[int, Form()] = 365,
) -> Response:
    """Makes a token and shows it this once."""
    try:
        async with request.app.state.pool.connection() as connection:
            made = await token_book.new_token(connection, actor_of(viewer), name, scope, town, days)
    except DoorFault as fault:
        return await _page(request, 422, fault=fault.key)
    return await _page(request, 200, made=made, name=name)


@router.post("/{token}/revoke")
async def revoke(request: Request, viewer: Admin, token: Annotated[int, Path(ge=1, lt=2**62)]) -> Response:
    """Ends a token at once."""
    try:
        async with request.app.state.pool.connection() as connection:
            await token_book.revoke_token(connection, actor_of(viewer), token)
    except DoorFault as fault:
        return await _page(request, 422, fault=fault.key)
    return RedirectResponse(keep_language(request, "/admin/tokens?said=revoked"), 303)


async def _page(request: Request, status: int, **words: Any) -> HTMLResponse:
    async with request.app.state.pool.connection() as connection:
        rows = await token_book.tokens(connection)
        towns = await (await connection.execute(people.QUERIES["towns"])).fetchall()
    context = {"fault": "", "said": "", "made": "", "name": "", **words}
    return render(request, "admin/tokens.html", status, rows=rows, towns=towns, scopes=list(Scope), **context)
