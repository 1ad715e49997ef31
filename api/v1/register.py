"""Lifts and kitchens for programs."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from api.tokens import Caller
from api.v1.asked import LIMIT, Limit, Short, Town, towns_of
from api.v1.door import MachineRoute, answer, calling, row, rows
from api.v1.models import Device, Kitchen, KitchenDetail, KitchenPage, Lift, LiftDetail, LiftPage
from api.v1.schema import answers
from api.v1.sql import QUERIES

router = APIRouter(prefix="/api/v1", route_class=MachineRoute)
LiftReader = Annotated[Caller, Depends(calling("lifts:read"))]
KitchenReader = Annotated[Caller, Depends(calling("kitchens:read"))]
AfterCode = Annotated[str, Query(max_length=64, description="`next` of the page before; without it the first page")]


@router.get("/lifts", response_class=Response, responses=answers(LiftPage), tags=["lifts"])
async def lifts(
    request: Request,
    caller: LiftReader,
    town: Town = "",
    place: Short = "",
    after: AfterCode = "",
    limit: Limit = LIMIT,
) -> Response:
    """The register of lifts, by code."""
    found = await _listed(request, "lifts", towns_of(caller, town), place, after, limit)
    page = msgspec.convert(found[:limit], type=list[Lift], strict=False)
    return answer(request, LiftPage(lifts=page, next=_following(found, limit)))


@router.get("/lifts/{code}", response_class=Response, responses=answers(LiftDetail, 404), tags=["lifts"])
async def lift(request: Request, caller: LiftReader, code: str) -> Response:
    """A lift with its devices and its open rescue."""
    found = await _one(request, "lifts", caller.towns(), code)
    async with request.app.state.pool.connection() as connection:
        values = {"id": found["id"], "lift": found["id"], "kitchen": None, "now": datetime.now(UTC)}
        more = await row(connection, QUERIES["lift_more"], values)
        devices = await rows(connection, QUERIES["devices"], values)
    whole = {**found, **more, "devices": msgspec.convert(devices, type=list[Device])}
    return answer(request, msgspec.convert(whole, type=LiftDetail, strict=False))


@router.get("/kitchens", response_class=Response, responses=answers(KitchenPage), tags=["kitchens"])
async def kitchens(
    request: Request,
    caller: KitchenReader,
    town: Town = "",
    place: Short = "",
    after: AfterCode = "",
    limit: Limit = LIMIT,
) -> Response:
    """The register of kitchens, by code."""
    found = await _listed(request, "kitchens", towns_of(caller, town), place, after, limit)
    page = msgspec.convert(found[:limit], type=list[Kitchen], strict=False)
    return answer(request, KitchenPage(kitchens=page, next=_following(found, limit)))


@router.get("/kitchens/{code}", response_class=Response, responses=answers(KitchenDetail, 404), tags=["kitchens"])
async def kitchen(request: Request, caller: KitchenReader, code: str) -> Response:
    """A kitchen with its devices. Grades and inspections are not recorded yet."""
    found = await _one(request, "kitchens", caller.towns(), code)
    async with request.app.state.pool.connection() as connection:
        values = {"id": found["id"], "lift": None, "kitchen": found["id"]}
        more = await row(connection, QUERIES["kitchen_more"], values)
        devices = await rows(connection, QUERIES["devices"], values)
    whole = {**found, **more, "devices": msgspec.convert(devices, type=list[Device])}
    return answer(request, msgspec.convert(whole, type=KitchenDetail, strict=False))


async def _listed(
    request: Request, what: str, towns: list[str] | None, place: str, after: str, limit: int
) -> list[dict[str, Any]]:
    values = {"after": after, "code": "", "towns": towns, "place": place, "limit": limit + 1}
    async with request.app.state.pool.connection() as connection:
        return await rows(connection, QUERIES[what], values)


async def _one(request: Request, what: str, towns: list[str] | None, code: str) -> dict[str, Any]:
    if not code:
        raise HTTPException(404)
    values = {"after": "", "code": code, "towns": towns, "place": "", "limit": 1}
    async with request.app.state.pool.connection() as connection:
        return await row(connection, QUERIES[what], values)


def _following(found: list[dict[str, Any]], limit: int) -> str | None:
    return str(found[limit - 1]["code"]) if len(found) > limit else None
