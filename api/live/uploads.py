"""Video from the edge for an open lease: kept in its folder, refused for any other."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Request, Response

from api.edge_uploads import body_of, uploader
from api.live.guard import QUERIES
from api.live.leases import store_of
from api.live.store import Store

router = APIRouter(prefix="/edge/v1/live/{lease}")
SEGMENT_BYTES, INIT_BYTES, CLIP_BYTES, DONE_BYTES = 24 * 1024 * 1024, 64 * 1024, 128 * 1024 * 1024, 4096
BOX = b"ftyp"
Number = Annotated[int, Path(ge=0, le=99_999_999)]
InitNumber = Annotated[int, Path(ge=0, le=9999)]


async def wanted(
    request: Request,
    lease: UUID,
    x_sunlit_device: Annotated[str, Header()],
    authorization: Annotated[str, Header()] = "",
) -> dict[str, Any]:
    """The stream of this very device, or the open lease of its recording. 410 tells the edge to stop."""
    device = await uploader(request, authorization, x_sunlit_device)
    async with request.app.state.pool.connection() as connection:
        row: dict[str, Any] | None = await (await connection.execute(QUERIES["video_wanted"], {"id": lease})).fetchone()
    if row is None or row["device_id"] != device["id"]:
        raise HTTPException(404, f"lease: {lease} is not one of {x_sunlit_device}")
    if row["over"]:
        raise HTTPException(410, f"lease: {lease} is over")
    return row


Wanted = Annotated[dict[str, Any], Depends(wanted)]


@router.put("/init/{number}", status_code=201)
async def init(request: Request, row: Wanted, number: InitNumber) -> Response:
    """The head of the segments that name it."""
    content = await body_of(request, INIT_BYTES)
    if content[4:8] != BOX:
        raise HTTPException(422, "body: not the head of an MP4")
    return await _keep(request, lambda store: store.put_init(row["id"], number, content))


@router.put("/segment/{number}", status_code=201)
async def segment(
    request: Request,
    row: Wanted,
    number: Number,
    x_segment_start: Annotated[datetime, Header()],
    x_segment_seconds: Annotated[float, Header(gt=0, le=120)],
    x_segment_init: Annotated[int, Header(ge=0, le=9999)],
) -> Response:
    """One segment; its times are the edge's, its number is only a name."""
    if x_segment_start.tzinfo is None or x_segment_start.timestamp() < 0:
        raise HTTPException(422, f"x-segment-start: {x_segment_start.isoformat()}, expected a time with its zone")
    content = await body_of(request, SEGMENT_BYTES)
    start_ms = round(x_segment_start.timestamp() * 1000)
    ms, live = max(1, round(x_segment_seconds * 1000)), row["mode"] == "live"
    return await _keep(
        request, lambda store: store.put_piece(row["id"], start_ms, ms, x_segment_init, content, live=live)
    )


@router.put("/clip", status_code=201)
async def clip(request: Request, row: Wanted) -> Response:
    """A whole MP4 of a lease that asked for one."""
    if row["mode"] != "clip":
        raise HTTPException(422, f"lease: {row['mode']}, expected one that asked for a clip")
    content = await body_of(request, CLIP_BYTES)
    if content[4:8] != BOX:
        raise HTTPException(422, "body: not an MP4")
    return await _keep(request, lambda store: store.put_clip(row["id"], content))


@router.put("/done", status_code=201)
async def done(request: Request, row: Wanted) -> Response:
    """The edge sends no more; the body says why."""
    content = await body_of(request, DONE_BYTES)
    return await _keep(request, lambda store: store.put_done(row["id"], content.decode("utf-8", errors="replace")))


async def _keep(request: Request, put: Callable[[Store], None]) -> Response:
    try:
        await asyncio.to_thread(put, store_of(request.app))
    except LookupError as error:
        raise HTTPException(409, str(error)) from error
    except OSError as error:
        raise HTTPException(507, f"live folder: cannot be written ({error.strerror})") from error
    return Response(status_code=201)
