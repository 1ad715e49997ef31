"""The one guard of all video: every route that shows anything goes through `camera_for` or `lease_for`.

The video itself lies under addresses that are sealed for one viewer and one lease as well.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, HTTPException, Request
from msgspec import Struct

from api.access import Viewer, viewer_of
from api.live.rights import Camera, camera_of, right_of
from api.media.key import key_of
from api.media.mint import over
from api.media.sealed import unseal
from contracts.kinds import Role
from runtime.db import Queries

QUERIES = Queries("api.live")
Looker = Annotated[Viewer, Depends(viewer_of(Role.OWNER, Role.REGULATOR, Role.OPERATOR))]


class Look(Struct, frozen=True):
    """A person, a camera, and as what the one may look through the other."""

    viewer: Viewer
    camera: Camera
    role: Role


class Lease(Struct, frozen=True):
    """An own lease whose right still holds; `row` as the database has it."""

    look: Look
    row: dict[str, Any]

    @property
    def id(self) -> UUID:
        found: UUID = self.row["id"]
        return found

    @property
    def video(self) -> UUID:
        """Under which name its video is kept: the stream's, which others may look at too, or its own."""
        found: UUID = self.row["video"]
        return found

    @property
    def code(self) -> str:
        """Short enough to be read off a picture, and found in the audit."""
        return self.id.hex[:8]

    @property
    def live(self) -> bool:
        return bool(self.row["mode"] == "live")

    @property
    def over(self) -> bool:
        return self.row["closed_at"] is not None or bool(self.row["until"] <= self.row["now"])


async def camera_for(request: Request, code: str, viewer: Looker) -> Look:
    """A dependency: the camera of the address, for those who may look now. Another's is not there."""
    return await _look(request, code, viewer)


async def lease_for(request: Request, lease: UUID, viewer: Looker) -> Lease:
    """A dependency: a lease of this very person, with the right looked at again: what was allowed may be no more."""
    async with request.app.state.pool.connection() as connection:
        row = await (await connection.execute(QUERIES["lease"], {"id": lease})).fetchone()
    if row is None or row["person_id"] != viewer.person_id:
        raise HTTPException(404)
    return Lease(await _look(request, row["code"], viewer), row)


async def open_lease(lease: Annotated[Lease, Depends(lease_for)]) -> Lease:
    """A dependency: the same while it lasts."""
    if lease.over:
        raise HTTPException(410, "lease: it is over; open the camera again")
    return lease


async def shown_lease(request: Request, lease: Annotated[Lease, Depends(open_lease)], sealed: str) -> Lease:
    """A dependency: the same, under an address that was sealed for it."""
    leave = unseal(key_of(request.app), sealed)
    mine = (lease.look.viewer.person_id, "lease", lease.id.hex)
    if leave is None or (leave.person, leave.kind, leave.what) != mine:
        raise HTTPException(404)
    if over(leave):
        raise HTTPException(410, "lease: it is over; open the camera again")
    return lease


async def _look(request: Request, code: str, viewer: Viewer) -> Look:
    async with request.app.state.pool.connection() as connection:
        row = await (await connection.execute(QUERIES["cameras"], {"code": code})).fetchone()
    camera = camera_of(row) if row is not None else None
    role = right_of(viewer, camera) if camera is not None else None
    if camera is None or role is None:
        raise HTTPException(404)
    return Look(viewer, camera, role)


ACamera = Annotated[Look, Depends(camera_for)]
ALease = Annotated[Lease, Depends(lease_for)]
AnOpenLease = Annotated[Lease, Depends(open_lease)]
AShownLease = Annotated[Lease, Depends(shown_lease)]
