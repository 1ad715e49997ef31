"""Unblurred pictures: kept under their hash, shown only to whom they concern, every look logged and in custody."""

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from fastapi import HTTPException, Request
from fastapi.responses import FileResponse, Response
from psycopg.types.json import Jsonb
from starlette.datastructures import UploadFile

from api.access import Viewer
from api.edge_uploads import MAX_BYTES, keep, path_of
from api.jpeg import JpegError, bare
from api.sniff import NotAPhoto, demand_photo
from api.sql import QUERIES

FORM_BYTES = 64 * 1024
"""what a form holds besides its photo"""


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
        await _looked(request, connection, viewer, row, f"finding {finding}", reason)
    path = path_of(request.app.state.settings.api.evidence, row["sha256"])
    if not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


async def rescue_photo(request: Request, viewer: Viewer, incident: int, photo: object, reason: str) -> Response:
    """A crew's photo of an incident, without what its phone wrote into it; the original stays as it came.

    The caller has made sure that the viewer may see the incident.
    """
    async with request.app.state.pool.connection() as connection, connection.transaction():
        values = {"incident": incident}
        rows = await (await connection.execute(QUERIES["evidence_of_incident"], values)).fetchall()
        row = next((row for row in rows if row["id"] == photo), None)
        if row is None:
            raise HTTPException(404)
        await _looked(request, connection, viewer, row, f"incident {incident}", reason)
    path = path_of(request.app.state.settings.api.evidence, row["sha256"])
    if not path.is_file():
        raise HTTPException(404)
    shown = bare(await asyncio.to_thread(path.read_bytes))
    return Response(shown, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


def refuse_large(request: Request) -> None:
    """A dependency: a form with a photo says how long it is, and is not read when that is too long."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise HTTPException(411, "content-length: '', expected how long the form is")
    if int(length) > MAX_BYTES + FORM_BYTES:
        raise HTTPException(413, _expected())


async def keep_photo(
    request: Request,
    photo: UploadFile,
    *,
    kind: str,
    actor: str,
    finding: int | None = None,
    incident: int | None = None,
) -> bool:
    """Keeps a photo that a person sent, and says whether it is new. Raises HTTPException for what is no JPEG."""
    content = await photo.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise HTTPException(413, _expected())
    try:
        await asyncio.to_thread(demand_photo, content)
        bare(content)
    except NotAPhoto as fault:
        raise HTTPException(422, f"{_expected()}; {fault}") from fault
    except JpegError as fault:
        raise HTTPException(422, f"{_expected()}; this one {fault}") from fault
    sha256 = hashlib.sha256(content).hexdigest()
    await asyncio.to_thread(keep, request.app.state.settings.api.evidence, sha256, content)
    values: dict[str, Any] = {
        "id": uuid4(),
        "event": None,
        "finding": finding,
        "incident": incident,
        "device": None,
        "kind": kind,
        "media": "image/jpeg",
        "sha256": sha256,
        "bytes": len(content),
        "captured": datetime.now(UTC),
        "clock_offset_ms": None,
        "source": actor,
    }
    async with request.app.state.pool.connection() as connection, connection.transaction():
        made = await (await connection.execute(QUERIES["evidence_new"], values)).fetchone()
        if made is None:
            return False
        custody = {"evidence": made["id"], "actor": actor, "action": "received", "reason": f"photo, {kind}"}
        await connection.execute(QUERIES["custody"], {**custody, "address": _address(request)})
    return True


def _expected() -> str:
    return f"photo: expected a JPEG picture of at most {MAX_BYTES // 1024 // 1024} MB"


async def _looked(
    request: Request, connection: Any, viewer: Viewer, row: dict[str, Any], what: str, reason: str
) -> None:
    custody = {"evidence": row["id"], "actor": viewer.login, "action": "viewed", "reason": reason}
    await connection.execute(QUERIES["custody"], {**custody, "address": _address(request)})
    await connection.execute(
        QUERIES["audit"],
        {
            "person": viewer.person_id,
            "actor": viewer.login,
            "action": "evidence_viewed",
            "object": what,
            "reason": reason,
            "details": Jsonb({"sha256": row["sha256"]}),
        },
    )


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
