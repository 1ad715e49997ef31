"""Unblurred pictures: shown only to whom they concern, every look logged and in the custody chain."""

from fastapi import HTTPException, Request
from fastapi.responses import FileResponse
from psycopg.types.json import Jsonb

from api.access import Viewer
from api.edge_uploads import path_of
from api.sql import QUERIES


async def picture(
    request: Request, viewer: Viewer, finding: int, event: object, kind: str, reason: str
) -> FileResponse:
    """The picture of a finding; the caller has made sure that the viewer may see the finding."""
    async with request.app.state.pool.connection() as connection, connection.transaction():
        values = {"event": event, "finding": finding}
        rows = await (await connection.execute(QUERIES["evidence_of_finding"], values)).fetchall()
        row = next((row for row in rows if row["kind"] == kind), None)
        if row is None:
            raise HTTPException(404)
        address = request.client.host if request.client else ""
        await connection.execute(
            QUERIES["custody"],
            {"evidence": row["id"], "actor": viewer.login, "action": "viewed", "address": address, "reason": reason},
        )
        await connection.execute(
            QUERIES["audit"],
            {
                "person": viewer.person_id,
                "actor": viewer.login,
                "action": "evidence_viewed",
                "object": f"finding {finding}",
                "reason": reason,
                "details": Jsonb({"sha256": row["sha256"]}),
            },
        )
    path = path_of(request.app.state.settings.api.evidence, row["sha256"])
    if not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})
