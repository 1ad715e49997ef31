"""Photos that people send: kept under their hash as they came, from the first moment in custody.

How evidence is shown: api.media.
"""

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile

from api.edge_uploads import MAX_BYTES, keep
from api.jpeg import JpegError, bare
from api.sniff import NotAPhoto, demand_photo
from api.sql import QUERIES

FORM_BYTES = 64 * 1024
"""what a form holds besides its photo"""


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


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
