"""What the pages of the rescue desk share: who may come in, whose towns are theirs, statements, how forms are read."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request

from api.access import Viewer, viewer_of
from contracts.kinds import Role
from runtime.db import Queries

QUERIES = Queries("api.board")
Operator = Annotated[Viewer, Depends(viewer_of(Role.OPERATOR, Role.ADMIN))]
Towns = tuple[str, ...] | None


def towns_of(viewer: Viewer) -> Towns:
    """The towns whose rescues are the viewer's; None: the whole city. A grant for an organisation gives no town."""
    if viewer.has(Role.ADMIN):
        return None
    towns = viewer.towns(Role.OPERATOR)
    return None if towns is None else tuple(sorted(towns))


def asked_towns(viewer: Viewer) -> list[str] | None:
    """The same as statements take it."""
    towns = towns_of(viewer)
    return None if towns is None else list(towns)


def theirs(viewer: Viewer, row: Mapping[str, Any] | None) -> dict[str, Any]:
    """A row that lies in the viewer's towns. Raises HTTPException: what lies elsewhere is not there."""
    towns = towns_of(viewer)
    if row is None or (towns is not None and row["town_code"] not in towns):
        raise HTTPException(404)
    return dict(row)


async def fields(request: Request) -> Mapping[str, Sequence[str]]:
    """The values of each field of a form; files are left out."""
    form = await request.form()
    return {name: [value for value in form.getlist(name) if isinstance(value, str)] for name in form}


def limits(request: Request) -> dict[str, Any]:
    """After how many seconds without a word a device counts as silent; which mass incident is meant (all), where."""
    chosen = request.app.state.settings.ingest
    limits = {"silent_s": chosen.silent_lift_s, "camera_silent_s": chosen.silent_camera_s}
    return {**limits, "mass": None, "towns": None, "only": None}


def told(request: Request) -> dict[str, Any]:
    """Up to which entry a page tells, so that its stream goes on from there."""
    return {"after": request.app.state.hub.newest}


async def rows_of(request: Request, name: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a named statement finds."""
    async with request.app.state.pool.connection() as connection:
        found: list[dict[str, Any]] = await (await connection.execute(QUERIES[name], asked)).fetchall()
    return found
