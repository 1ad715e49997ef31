"""What the pages of the rescue desk share: who may come in, their statements, how forms are read."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Depends, Request

from api.access import Viewer, viewer_of
from contracts.kinds import Role
from runtime.db import Queries

QUERIES = Queries("api.board")
Operator = Annotated[Viewer, Depends(viewer_of(Role.OPERATOR, Role.ADMIN))]


async def fields(request: Request) -> Mapping[str, Sequence[str]]:
    """The values of each field of a form; files are left out."""
    form = await request.form()
    return {name: [value for value in form.getlist(name) if isinstance(value, str)] for name in form}


def limits(request: Request) -> dict[str, float | None]:
    """After how many seconds without a word a device counts as silent; which mass incident is meant (all)."""
    chosen = request.app.state.settings.ingest
    return {"silent_s": chosen.silent_lift_s, "camera_silent_s": chosen.silent_camera_s, "mass": None}
