"""The door of programs: who calls, how often, and answers that need not be sent twice."""

import hashlib
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any

import msgspec
from fastapi import HTTPException, Request, Response, Security
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from msgspec import Struct

from api.tokens import Caller, token_of
from api.v1.counting import count
from api.v1.limit import Bucket, take
from api.v1.schema import FAULTS
from runtime.db import AsyncConnection

ENCODER = msgspec.json.Encoder()
TOKEN = HTTPBearer(scheme_name="token", description="made by `sunlit token new`", auto_error=False)
"""for the document of the API; what a token may do is `token_of`'s to say"""


class MachineRoute(APIRoute):
    """A route whose calls are counted, whatever comes of them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        follow = super().get_route_handler()

        async def handle(request: Request) -> Response:
            status = 500
            try:
                made = await follow(request)
                status = made.status_code
                return made
            except HTTPException as fault:
                status = fault.status_code
                raise
            except RequestValidationError:
                status = 422
                raise
            finally:
                count(request, self.path, status)

        return handle


def calling(*scopes: str) -> Callable[..., Awaitable[Caller]]:
    """A dependency: a program whose token has these scopes and that has not called too often."""
    demand = token_of(*scopes)

    async def called(request: Request, _: Annotated[object, Security(TOKEN)]) -> Caller:
        caller = await demand(request)
        request.state.caller = caller
        per_minute = request.app.state.settings.api.calls_per_minute
        if per_minute:
            now = time.monotonic()
            buckets: dict[int, Bucket] = _kept(request, "call_buckets")
            wait = take(buckets.setdefault(caller.token_id, Bucket(per_minute, now)), per_minute, now)
            if wait:
                raise HTTPException(429, FAULTS[429], {"Retry-After": str(int(wait) + 1)})
        return caller

    return called


def _kept(request: Request, name: str) -> Any:
    """What this process keeps of calls; there are as many buckets as tokens."""
    state = request.app.state
    if not hasattr(state, name):
        setattr(state, name, {})
    return getattr(state, name)


def answer(request: Request, what: Struct) -> Response:
    """A good answer, or 304 where the caller has it already."""
    body = ENCODER.encode(what)
    return raw(request, body)


def raw(request: Request, body: bytes) -> Response:
    """The same of JSON that is encoded already."""
    mark = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": mark, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if mark in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def wrong(field: str, value: object, expected: str) -> HTTPException:
    """422 that names field, value and what was expected."""
    return HTTPException(422, f"{field}: {str(value)!r}, expected {expected}")


async def rows(connection: AsyncConnection, statement: Any, values: dict[str, Any]) -> list[dict[str, Any]]:
    """All rows of a statement."""
    return list(await (await connection.execute(statement, values)).fetchall())


async def row(connection: AsyncConnection, statement: Any, values: dict[str, Any]) -> dict[str, Any]:
    """The only row of a statement. Raises HTTPException (404)."""
    found = await (await connection.execute(statement, values)).fetchone()
    if found is None:
        raise HTTPException(404)
    return dict(found)
