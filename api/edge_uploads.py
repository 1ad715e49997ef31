"""Pictures from the edge: evidence under its hash, and the newest blurred still of a camera."""

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Body, Header, HTTPException, Request, Response

from api.access import digest
from api.sql import QUERIES
from contracts.kinds import Withheld

router = APIRouter(prefix="/edge/v1")
MAX_BYTES = 5 * 1024 * 1024
JPEG = b"\xff\xd8\xff"
HASH = r"^[0-9a-f]{64}$"


@router.put("/evidence/{event_id}/{sha256}", status_code=201)
async def evidence(
    request: Request,
    event_id: UUID,
    sha256: str,
    authorization: Annotated[str, Header()],
    x_sunlit_device: Annotated[str, Header()],
    x_captured_at: Annotated[datetime, Header()],
) -> Response:
    """Keeps an original picture. 201 when it is new, 200 when it was here already."""
    device = await uploader(request, authorization, x_sunlit_device)
    content = await _jpeg(request)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise HTTPException(422, f"sha256: the body's is {found}, the address says {sha256}")
    keep(request.app.state.settings.api.evidence, sha256, content)
    async with request.app.state.pool.connection() as connection, connection.transaction():
        cursor = await connection.execute(
            QUERIES["evidence_new"],
            {
                "id": uuid4(),
                "event": event_id,
                "finding": None,
                "device": device["id"],
                "kind": "capture",
                "sha256": sha256,
                "bytes": len(content),
                "captured": x_captured_at,
                "source": device["code"],
            },
        )
        row = await cursor.fetchone()
        if row is None:
            return Response(status_code=200)
        await connection.execute(
            QUERIES["custody"],
            {
                "evidence": row["id"],
                "actor": device["code"],
                "action": "received",
                "address": request.client.host if request.client else "",
                "reason": "captured by a rule",
            },
        )
    return Response(status_code=201)


@router.put("/still/{device_code}", status_code=201)
async def still(
    request: Request,
    device_code: str,
    authorization: Annotated[str, Header()],
    x_captured_at: Annotated[datetime, Header()],
) -> Response:
    """Keeps the newest blurred still of a kitchen's camera; pictures from inside a car are never taken."""
    device = await uploader(request, authorization, device_code)
    if device["kitchen_id"] is None:
        raise HTTPException(422, f"device: {device_code!r} is not a kitchen's camera")
    content = await _jpeg(request)
    async with request.app.state.pool.connection() as connection:
        await connection.execute(
            QUERIES["still"],
            {
                "device": device["id"],
                "taken": x_captured_at,
                "sha256": hashlib.sha256(content).hexdigest(),
                "picture": content,
            },
        )
    return Response(status_code=201)


@router.put("/still/{device_code}/withheld", status_code=201)
async def withheld(
    request: Request,
    device_code: str,
    authorization: Annotated[str, Header()],
    x_captured_at: Annotated[datetime, Header()],
    why: Annotated[Withheld, Body(embed=True, alias="reason")],
) -> Response:
    """Keeps why there is no still now; the page says it instead of showing an older picture."""
    device = await uploader(request, authorization, device_code)
    async with request.app.state.pool.connection() as connection:
        values = {"device": device["id"], "at": x_captured_at, "reason": why.value}
        await connection.execute(QUERIES["still_withheld"], values)
    return Response(status_code=201)


def keep(folder: Path, sha256: str, content: bytes) -> Path:
    """Writes bytes under their hash: whole or not at all, and on the disk when this returns."""
    target = path_of(folder, sha256)
    if target.exists():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(f".{uuid4().hex}.part")
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    except OSError as error:
        raise HTTPException(507, f"evidence folder {folder}: cannot be written ({error.strerror})") from error
    return target


def path_of(folder: Path, sha256: str) -> Path:
    """Where the bytes of a hash lie."""
    return folder / sha256[:2] / f"{sha256}.jpg"


async def uploader(request: Request, authorization: str, code: str) -> dict[str, Any]:
    """The device that an agent brings something of. Raises HTTPException for a token that is not of its site."""
    scheme, _, token = authorization.partition(" ")
    async with request.app.state.pool.connection() as connection:
        values = {"device": code, "token": digest(token)}
        cursor = await connection.execute(QUERIES["uploader"], values)
        row: dict[str, Any] | None = await cursor.fetchone()
    if scheme.lower() != "bearer" or row is None:
        raise HTTPException(401, f"device: {code!r} may not send pictures with this token")
    return row


async def _jpeg(request: Request) -> bytes:
    content = await body_of(request, MAX_BYTES)
    if not content.startswith(JPEG):
        raise HTTPException(422, "body: not a JPEG picture")
    return content


async def body_of(request: Request, most: int) -> bytes:
    """The body, read no further than it may be long. Raises HTTPException."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > most:
            raise HTTPException(413, f"body: more than {most} bytes")
    return bytes(content)
