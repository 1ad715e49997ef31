"""The one guard of the owner's pages: every address goes through `own_kitchens`, `kitchen_for` or `finding_for`.

Another's kitchen, camera or finding is not there, whatever part of an address names it.
"""

import re
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request

from api.access import Viewer, viewer_of
from contracts.kinds import Role
from runtime.db import Queries

QUERIES = Queries("api.kitchen")
Owner = Annotated[Viewer, Depends(viewer_of(Role.OWNER))]
Row = dict[str, Any]


def mine(viewer: Viewer) -> dict[str, list[int]]:
    """What narrows a statement to the viewer's own: organisations, and single kitchens."""
    return {"organisations": viewer.organisations(Role.OWNER), "kitchens": viewer.kitchens(Role.OWNER)}


async def rows_of(request: Request, name: str, values: dict[str, Any], of: Queries = QUERIES) -> list[Row]:
    """The rows of a named statement."""
    async with request.app.state.pool.connection() as connection:
        rows: list[Row] = await (await connection.execute(of[name], values)).fetchall()
    return rows


async def own_kitchens(request: Request, viewer: Owner) -> list[Row]:
    """A dependency: all kitchens in use of this person."""
    return await rows_of(request, "kitchens", {**mine(viewer), "code": None})


async def kitchen_for(request: Request, code: str, viewer: Owner) -> Row:
    """A dependency: the kitchen of the address, for its owner."""
    found = await rows_of(request, "kitchens", {**mine(viewer), "code": code})
    if not found:
        raise HTTPException(404)
    return found[0]


async def finding_for(request: Request, number: str, viewer: Owner) -> Row:
    """A dependency: the finding of the address, for the owner of its kitchen, once it was told."""
    found = await rows_of(request, "finding", {**mine(viewer), "number": number})
    if not found:
        raise HTTPException(404)
    return found[0]


def file_name(kitchen: Row) -> str:
    """A kitchen's code as a part of a file's name, whatever the register's codes look like."""
    return re.sub(r"[^A-Za-z0-9-]", "_", kitchen["code"])


OwnKitchens = Annotated[list[Row], Depends(own_kitchens)]
AKitchen = Annotated[Row, Depends(kitchen_for)]
AFinding = Annotated[Row, Depends(finding_for)]
