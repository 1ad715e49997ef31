"""Saved views: the address of a list under a name, one's own or shared with the own bureau, one of them the first."""

from typing import Annotated, Any
from urllib.parse import parse_qsl

import psycopg
from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from api.access import Viewer
from api.oversight.listing import Asked, Listing, ask
from api.oversight.lists import FINDINGS, INCIDENTS, KITCHENS, LIFTS
from api.oversight.scope import Regulator
from api.oversight.selection import BadSelection
from runtime.db import Queries

router = APIRouter()
QUERIES = Queries("api.oversight", "views.sql")
LISTS = {listing.name: listing for listing in (FINDINGS, KITCHENS, LIFTS, INCIDENTS)}
MOST = 50
"""views of one person"""
Checked = Annotated[str, Form(max_length=5)]


async def views_of(request: Request, viewer: Viewer, of: Listing) -> list[dict[str, Any]]:
    """What a person may choose from."""
    async with request.app.state.pool.connection() as connection:
        values = {"person": viewer.person_id, "list": of.name}
        rows: list[dict[str, Any]] = await (await connection.execute(QUERIES["views"], values)).fetchall()
        return rows


async def first_view(request: Request, viewer: Viewer, of: Listing) -> str:
    """The query with which a list opens when its address asks for nothing; empty: with none."""
    async with request.app.state.pool.connection() as connection:
        values = {"person": viewer.person_id, "list": of.name}
        row = await (await connection.execute(QUERIES["view_default"], values)).fetchone()
    return str(row["query"]) if row else ""


@router.post("/oversight/views")
async def save(
    request: Request,
    viewer: Regulator,
    list: Annotated[str, Form(max_length=20)],
    name: Annotated[str, Form(max_length=80)],
    query: Annotated[str, Form(max_length=1000)] = "",
    shared: Checked = "",
    default: Checked = "",
) -> Response:
    """Keeps what a list shows now."""
    if list not in LISTS:
        raise HTTPException(422, f"list: {list!r}, expected one of {', '.join(LISTS)}")
    asked = _asked(LISTS[list], query)
    owner = {"person": viewer.person_id, "list": list}
    values = {**owner, "name": _name(name), "query": asked.query(), "shared": bool(shared), "default": bool(default)}
    async with request.app.state.pool.connection() as connection, connection.transaction():
        known = await (await connection.execute(QUERIES["view_count"], owner)).fetchone()
        if known["n"] >= MOST:
            raise HTTPException(422, f"name: you have {known['n']} views, expected at most {MOST}; delete one first")
        if default:
            await connection.execute(QUERIES["view_no_default"], owner)
        await connection.execute(QUERIES["view_new"], values)
    return RedirectResponse(_back(request, asked), 303)


@router.post("/oversight/views/{view}/{change}")
async def alter(
    request: Request,
    view: int,
    change: str,
    viewer: Regulator,
    name: Annotated[str, Form(max_length=80)] = "",
    shared: Checked = "",
    default: Checked = "",
) -> Response:
    """Renames, shares, makes the first, or deletes one's own view."""
    if change not in ("change", "delete"):
        raise HTTPException(404)
    values = {"id": view, "person": viewer.person_id}
    async with request.app.state.pool.connection() as connection, connection.transaction():
        row = await (await connection.execute(QUERIES["view_own"], values)).fetchone()
        if row is None:
            raise HTTPException(404)
        if change == "delete":
            await connection.execute(QUERIES["view_delete"], values)
        else:
            if default:
                await connection.execute(QUERIES["view_no_default"], {**values, "list": row["list"]})
            changed = {**values, "name": _name(name), "shared": bool(shared), "default": bool(default)}
            try:
                await connection.execute(QUERIES["view_change"], changed)
            except psycopg.errors.UniqueViolation as error:
                raise HTTPException(422, f"name: {name!r} is another view's, expected a new name") from error
    return RedirectResponse(_back(request, _asked(LISTS[row["list"]], "")), 303)


def _asked(of: Listing, query: str) -> Asked:
    try:
        return ask(of, dict(parse_qsl(query)))
    except BadSelection as error:
        raise HTTPException(422, str(error)) from error


def _name(name: str) -> str:
    if not name.strip():
        raise HTTPException(422, "name: '', expected a name for the view")
    return name.strip()


def _back(request: Request, asked: Asked) -> str:
    """To the list; where it asks for nothing it says so, so that the first view does not come instead."""
    address = asked._replace(language=request.query_params.get("lang", "")).address()
    return address if asked.query() else f"{address}{'&' if '?' in address else '?'}view=none"
