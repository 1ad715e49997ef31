"""What is a regulator's to see: the towns of the viewer, and a finding in them."""

from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request

from api.access import Viewer, viewer_of
from contracts.kinds import Role
from runtime.db import Queries

QUERIES = Queries("api.oversight")
Regulator = Annotated[Viewer, Depends(viewer_of(Role.REGULATOR, Role.ADMIN))]


def towns_of(viewer: Viewer) -> list[str] | None:
    """The towns that a viewer answers for; None: the whole city."""
    return None if viewer.has(Role.ADMIN) else viewer.towns(Role.REGULATOR)


async def finding_of(request: Request, number: str, viewer: Viewer) -> dict[str, Any]:
    """A finding of the viewer's towns. Raises HTTPException: another's is as one that does not exist."""
    async with request.app.state.pool.connection() as connection:
        values = {"number": number, "towns": towns_of(viewer)}
        row: dict[str, Any] | None = await (await connection.execute(QUERIES["finding"], values)).fetchone()
    if row is None:
        raise HTTPException(404)
    return row
