"""Programs and what they may read: `Authorization: Bearer slt_...`, with scopes and perhaps towns."""

import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from enum import StrEnum
from ipaddress import ip_address, ip_network

from fastapi import HTTPException, Request
from msgspec import Struct

from api.access import digest
from runtime.db import Queries

QUERIES = Queries("api.doors", "tokens.sql")
MARK = "slt_"
LONGEST = 200
"""characters of a token that is looked at at all"""


class Scope(StrEnum):
    """What a program may read."""

    INCIDENTS = "incidents:read"
    FINDINGS = "findings:read"
    LIFTS = "lifts:read"
    KITCHENS = "kitchens:read"
    FIGURES = "figures:read"
    AUDIT = "audit:read"


class Caller(Struct, frozen=True):
    """A program with a good token."""

    token_id: int
    name: str
    scopes: frozenset[str]
    town_codes: tuple[str, ...] | None

    def towns(self) -> list[str] | None:
        """The towns that the token is narrowed to; None: all of them."""
        return None if self.town_codes is None else list(self.town_codes)


class Guesses:
    """Failures by address, in this process: after `most` within `span_s` seconds unknown tokens are not looked up.

    Tokens that were good from an address stay good there: one bad neighbour behind the same proxy stops nobody.
    """

    def __init__(self, most: int = 20, span_s: float = 60, addresses: int = 10_000) -> None:
        self.most, self.span_s, self.addresses = most, span_s, addresses
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()
        self._good: OrderedDict[tuple[str, str], None] = OrderedDict()

    def wait_s(self, address: str, token: str, now: float) -> float:
        """How long until a token from an address is looked up again; 0: now."""
        failed = self._failed.get(address)
        while failed and failed[0] <= now - self.span_s:
            failed.popleft()
        if not failed or len(failed) < self.most or (address, token) in self._good:
            return 0.0
        return failed[0] + self.span_s - now

    def failed(self, address: str, now: float) -> None:
        self._failed.setdefault(address, deque(maxlen=self.most)).append(now)
        self._failed.move_to_end(address)
        if len(self._failed) > self.addresses:
            self._failed.popitem(last=False)

    def good(self, address: str, token: str) -> None:
        self._good[address, token] = None
        self._good.move_to_end((address, token))
        if len(self._good) > self.addresses:
            self._good.popitem(last=False)


def token_of(*scopes: str) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency: a program whose token has all of these scopes. 401 without a good token, 403 for a scope it lacks.

    What is returned must still be narrowed by `Caller.towns()`.
    """
    wanted = tuple(Scope(scope) for scope in scopes)

    async def demand(request: Request) -> Caller:
        caller = await _caller(request)
        lacking = [scope.value for scope in wanted if scope.value not in caller.scopes]
        if lacking:
            challenge = f'Bearer realm="sunlit", error="insufficient_scope", scope="{" ".join(lacking)}"'
            detail = f"scope: this token lacks {', '.join(lacking)}"
            raise HTTPException(403, detail, {"WWW-Authenticate": challenge})
        return caller

    return demand


async def _caller(request: Request) -> Caller:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise _refused("token: missing, expected Authorization: Bearer slt_...")
    sha, address, now = digest(token.strip()[:LONGEST]), address_of(request), time.monotonic()
    guesses = _guesses(request)
    wait = guesses.wait_s(address, sha, now)
    if wait:
        said = "token: too many unknown ones from this address"
        raise HTTPException(429, said, {"Retry-After": str(int(wait) + 1)})
    async with request.app.state.pool.connection() as connection:
        row = await (await connection.execute(QUERIES["token_get"], {"token": sha})).fetchone()
        if row is None:
            guesses.failed(address, now)
            raise _refused("token: unknown, expired or revoked", "invalid_token")
        await connection.execute(QUERIES["token_used"], {"id": row["id"]})
    guesses.good(address, sha)
    towns = None if row["town_codes"] is None else tuple(row["town_codes"])
    return Caller(row["id"], row["name"], frozenset(row["scopes"]), towns)


def address_of(request: Request) -> str:
    """Where a request comes from; of an IPv6 address the network, because one person has all of it."""
    host = request.client.host if request.client else ""
    try:
        known = ip_address(host)
    except ValueError:
        return host
    return host if known.version == 4 else str(ip_network((host.partition("%")[0], 64), strict=False))


def _guesses(request: Request) -> Guesses:
    state = request.app.state
    if not hasattr(state, "token_guesses"):
        state.token_guesses = Guesses()
    found: Guesses = state.token_guesses
    return found


def _refused(detail: str, error: str = "") -> HTTPException:
    challenge = 'Bearer realm="sunlit"' + (f', error="{error}"' if error else "")
    return HTTPException(401, detail, {"WWW-Authenticate": challenge})
