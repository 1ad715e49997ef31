"""Pictures and clips from the edge: evidence under its hash, also in parts, and a camera's newest blurred still."""

import asyncio
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Body, Depends, Header, HTTPException, Request, Response
from starlette.requests import ClientDisconnect

from api import partial
from api.access import digest
from api.sniff import found
from api.sql import QUERIES
from contracts.kinds import Withheld

router = APIRouter(prefix="/edge/v1")
MAX_BYTES = 5 * 1024 * 1024
"""of one body; what is larger comes in parts"""
JPEG = b"\xff\xd8\xff"
KINDS = {"image/jpeg": ("a JPEG picture", 0, JPEG, ".jpg"), "video/mp4": ("an MP4 clip", 4, b"ftyp", ".mp4")}


class Parcel:
    """What the address and the headers say of a piece of evidence."""

    def __init__(
        self,
        event_id: UUID,
        sha256: str,
        x_sunlit_device: Annotated[str, Header()],
        x_captured_at: Annotated[datetime, Header()],
        authorization: Annotated[str, Header()] = "",
        x_sunlit_clock_offset_ms: Annotated[int | None, Header(ge=-(2**53), le=2**53)] = None,
        content_type: Annotated[str, Header()] = "image/jpeg",
    ) -> None:
        if content_type not in KINDS:
            raise HTTPException(422, f"content-type: {content_type!r}, expected one of {', '.join(KINDS)}")
        if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
            raise HTTPException(422, f"sha256: {sha256[:80]!r}, expected 64 of 0-9 and a-f")
        self.event, self.sha256, self.media = event_id, sha256, content_type
        self.authorization, self.device = authorization, x_sunlit_device
        self.captured, self.offset_ms = x_captured_at, x_sunlit_clock_offset_ms


Wanted = Annotated[Parcel, Depends(Parcel)]


@router.get("/time")
async def now() -> Response:
    """The centre's clock, for a device that wants to know how far its own is from it. Says nothing else to anybody."""
    text = f'{{"now":"{datetime.now(UTC).isoformat()}"}}'
    return Response(text, media_type="application/json", headers={"Cache-Control": "no-store"})


@router.head("/evidence/{event_id}/{sha256}")
async def progress(request: Request, parcel: Wanted) -> Response:
    """How much of a piece of evidence is here: `Upload-Offset` bytes, `Upload-Complete` when it is all."""
    device = await uploader(request, parcel.authorization, parcel.device)
    async with request.app.state.pool.connection() as connection:
        values = {"event": parcel.event, "sha256": parcel.sha256}
        row = await (await connection.execute(QUERIES["evidence_here"], values)).fetchone()
    if row is not None:
        return Response(headers={"Upload-Offset": str(row["bytes"]), "Upload-Complete": "?1"})
    part = _part(request, device, parcel)
    return Response(headers={"Upload-Offset": str(await asyncio.to_thread(part.size)), "Upload-Complete": "?0"})


@router.put("/evidence/{event_id}/{sha256}", status_code=201)
async def evidence(request: Request, parcel: Wanted, content_range: Annotated[str | None, Header()] = None) -> Response:
    """Keeps an original. 201 when it is new, 200 when it was here already, 202 when a part is here and more to come."""
    device = await uploader(request, parcel.authorization, parcel.device)
    if content_range is not None:
        return await _keep_part(request, device, parcel, content_range)
    content = await _body(request, parcel.media)
    real = hashlib.sha256(content).hexdigest()
    if real != parcel.sha256:
        raise HTTPException(422, f"sha256: the body's is {real}, the address says {parcel.sha256}")
    keep(request.app.state.settings.api.evidence, parcel.sha256, content, parcel.media)
    return await _enter(request, device, parcel, len(content))


async def _keep_part(request: Request, device: dict[str, Any], parcel: Parcel, content_range: str) -> Response:
    """Writes what comes as it comes: after a broken connection the next part begins where this one ended."""
    wanted = partial.parse(content_range, request.app.state.settings.api.clip_max_mb * 1024 * 1024)
    part = _part(request, device, parcel)
    try:
        async with part.writing(wanted) as write:
            async for chunk in request.stream():
                await write(chunk)
    except ClientDisconnect:
        # Nobody hears this answer; what came is kept, and the edge will ask how much that is.
        return Response(status_code=400)
    size = await asyncio.to_thread(part.size)
    if size < wanted.total:
        return Response(status_code=202, headers={"Upload-Offset": str(size)})
    target = path_of(request.app.state.settings.api.evidence, parcel.sha256, parcel.media)
    words, at, mark, _ = KINDS[parcel.media]
    await asyncio.to_thread(part.complete, target, parcel.sha256, words, at, mark)
    return await _enter(request, device, parcel, wanted.total)


async def _enter(request: Request, device: dict[str, Any], parcel: Parcel, size: int) -> Response:
    async with request.app.state.pool.connection() as connection, connection.transaction():
        cursor = await connection.execute(
            QUERIES["evidence_new"],
            {
                "id": uuid4(),
                "event": parcel.event,
                "finding": None,
                "incident": None,
                "device": device["id"],
                "kind": "capture",
                "media": parcel.media,
                "sha256": parcel.sha256,
                "bytes": size,
                "captured": parcel.captured,
                "clock_offset_ms": parcel.offset_ms,
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


def _part(request: Request, device: dict[str, Any], parcel: Parcel) -> partial.Part:
    folder = request.app.state.settings.api.evidence / "partial"
    return partial.Part(folder, f"{device['id']}-{parcel.event}-{parcel.sha256}")


async def named(request: Request, device_code: str, authorization: Annotated[str, Header()] = "") -> dict[str, Any]:
    """A dependency: the device of the address, for the agent of its site."""
    return await uploader(request, authorization, device_code)


Named = Annotated[dict[str, Any], Depends(named)]


@router.put("/still/{device_code}", status_code=201)
async def still(request: Request, device: Named, x_captured_at: Annotated[datetime, Header()]) -> Response:
    """Keeps the newest blurred still of a kitchen's camera; pictures from inside a car are never taken."""
    if device["kitchen_id"] is None:
        raise HTTPException(422, f"device: {device['code']!r} is not a kitchen's camera")
    content = await _body(request)
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
    device: Named,
    x_captured_at: Annotated[datetime, Header()],
    why: Annotated[Withheld, Body(embed=True, alias="reason")],
) -> Response:
    """Keeps why there is no still now; the page says it instead of showing an older picture."""
    async with request.app.state.pool.connection() as connection:
        values = {"device": device["id"], "at": x_captured_at, "reason": why.value}
        await connection.execute(QUERIES["still_withheld"], values)
    return Response(status_code=201)


def keep(folder: Path, sha256: str, content: bytes, media: str = "image/jpeg") -> Path:
    """Writes bytes under their hash: whole or not at all, and on the disk when this returns."""
    target = path_of(folder, sha256, media)
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


def path_of(folder: Path, sha256: str, media: str = "image/jpeg") -> Path:
    """Where the bytes of a hash lie."""
    return folder / sha256[:2] / f"{sha256}{KINDS[media][-1]}"


async def uploader(request: Request, authorization: str, code: str) -> dict[str, Any]:
    """The device that an agent brings something of. Raises HTTPException for a token that is not of its site."""
    scheme, _, token = authorization.partition(" ")
    async with request.app.state.pool.connection() as connection:
        values = {"device": code, "token": digest(token)}
        cursor = await connection.execute(QUERIES["uploader"], values)
        row: dict[str, Any] | None = await cursor.fetchone()
    if scheme.lower() != "bearer" or row is None:
        words = f"device: {code!r} may not send pictures with this token"
        raise HTTPException(401, words, headers={"WWW-Authenticate": "Bearer"})
    return row


async def _body(request: Request, media: str = "image/jpeg") -> bytes:
    content = await body_of(request, MAX_BYTES)
    words, at, mark, _ = KINDS[media]
    if content[at : at + len(mark)] != mark:
        raise HTTPException(422, f"body: not {words}, found {found(content)}")
    return content


async def body_of(request: Request, most: int) -> bytes:
    """The body, read no further than it may be long. Raises HTTPException."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > most:
            raise HTTPException(413, f"body: more than {most} bytes")
    return bytes(content)
