"""Who is looking, and what is theirs to see. Default deny; a wrong role and a missing thing look the same."""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

from fastapi import HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from msgspec import Struct
from starlette.datastructures import MutableHeaders

from api.doors import cookie
from api.sql import QUERIES
from contracts.kinds import Role
from runtime.db import AsyncConnection

COOKIE = cookie.COOKIE


class Grant(Struct, frozen=True):
    """A role, for everything or narrowed to a town, an organisation, or one kitchen of an organisation."""

    role: Role
    town_code: str | None = None
    organisation_id: int | None = None
    kitchen_id: int | None = None


class Viewer(Struct, frozen=True):
    """A signed-in person."""

    person_id: int
    login: str
    name: str
    language: str
    csrf: str
    grants: tuple[Grant, ...]
    session: int = 0

    def has(self, *roles: Role) -> bool:
        return any(grant.role in roles for grant in self.grants)

    def organisations(self, role: Role) -> list[int]:
        """The organisations that a role is narrowed to and holds for as a whole; see `kitchens`."""
        return [
            grant.organisation_id
            for grant in self.grants
            if grant.role is role and grant.organisation_id and grant.kitchen_id is None
        ]

    def kitchens(self, role: Role) -> list[int]:
        """The single kitchens that a role is narrowed to, besides those of `organisations`.

        In SQL: `owner_org_id = ANY(%(organisations)s) OR id = ANY(%(kitchens)s)`.
        """
        return [grant.kitchen_id for grant in self.grants if grant.role is role and grant.kitchen_id]

    def owns(self, organisation_id: int | None, kitchen_id: int | None) -> bool:
        """Whether a kitchen of an organisation is the viewer's own, as one of theirs or as the whole of theirs."""
        return any(
            grant.role is Role.OWNER
            and grant.organisation_id is not None
            and grant.organisation_id == organisation_id
            and grant.kitchen_id in (None, kitchen_id)
            for grant in self.grants
        )

    def towns(self, role: Role) -> list[str] | None:
        """The towns that a role is narrowed to; None: all of them. What is narrowed otherwise holds for no town."""
        towns = [grant.town_code for grant in self.grants if grant.role is role and grant.organisation_id is None]
        return None if any(town is None for town in towns) else [town for town in towns if town]


class SignInNeeded(Exception):
    """Nobody is signed in; the page leads to the sign-in and back."""

    def __init__(self, back: str) -> None:
        super().__init__(back)
        self.address = f"/login?back={quote(back)}"

    def answer(self, request: Request) -> Response:
        """A part of a page that is fetched alone leads the whole page there: no form is drawn into a board."""
        if request.headers.get("hx-request"):
            return Response(status_code=401, headers={"HX-Redirect": self.address})
        return RedirectResponse(self.address, 303)


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def viewer(request: Request) -> Viewer | None:
    """The person whose session the cookie names, if any; read once per request."""
    if not hasattr(request.state, "viewer"):
        request.state.viewer = None
        token = cookie.token_of_cookie(request)
        if token:
            async with request.app.state.pool.connection() as connection:
                request.state.viewer = await _viewer(request, connection, digest(token))
    found: Viewer | None = request.state.viewer
    return found


async def still_signed_in(request: Request) -> Viewer | None:
    """The same read anew, for answers that go on for long: rights may have been taken away since."""
    del request.state.viewer
    return await viewer(request)


async def _viewer(request: Request, connection: AsyncConnection, token: str) -> Viewer | None:
    idle = request.app.state.settings.api.idle_minutes
    row = await (await connection.execute(QUERIES["session_get"], {"token": token, "idle": idle})).fetchone()
    if row is None:
        return None
    if row["stale"]:
        await connection.execute(QUERIES["session_seen"], {"session": row["session"]})
    if row["came_back"]:
        await connection.execute(QUERIES["session_came_back"], {"session": row["session"], "token": token})
    if row["renew"] and _opens_a_page(request):
        new = secrets.token_urlsafe(32)
        values = {"session": row["session"], "token": token, "new": digest(new)}
        if await (await connection.execute(QUERIES["session_renew"], values)).fetchone():
            request.state.new_token = new
    cursor = await connection.execute(QUERIES["grants"], {"person": row["id"]})
    grants = tuple(
        Grant(Role(grant["role"]), grant["town_code"], grant["organisation_id"], grant["kitchen_id"])
        for grant in await cursor.fetchall()
    )
    return Viewer(row["id"], row["login"], row["name"], row["language"], row["csrf"], grants, row["session"])


def _opens_a_page(request: Request) -> bool:
    """Whether the answer is a page that can still bring a cookie; a stream that has begun cannot."""
    mode = request.headers.get("sec-fetch-mode")
    whole = mode == "navigate" if mode else "text/html" in request.headers.get("accept", "")
    return whole and request.method == "GET"


def hand_over(request: Request, headers: MutableHeaders) -> None:
    """Gives the browser the new token of a session whose rights have changed."""
    new = getattr(request.state, "new_token", None)
    if new is not None and cookie.name_of(request) not in headers.get("set-cookie", ""):
        carrier = Response()
        cookie.put(request, carrier, new, request.app.state.settings.api.session_hours * 3600)
        headers.append("Set-Cookie", carrier.headers["set-cookie"])


def viewer_of(*roles: Role) -> Callable[[Request], Awaitable[Viewer]]:
    """A dependency: a signed-in person with one of the roles. A form that changes something needs its token."""

    async def demand(request: Request) -> Viewer:
        found = await _signed_in(request)
        if not found.has(*roles):
            raise HTTPException(404)
        await _check_form(request, found)
        return found

    return demand


async def anybody_signed_in(request: Request) -> Viewer:
    """A dependency: a signed-in person, whatever they may do; for what concerns nobody but themselves."""
    found = await _signed_in(request)
    await _check_form(request, found)
    return found


async def _signed_in(request: Request) -> Viewer:
    found = await viewer(request)
    if found is not None:
        return found
    if request.method == "GET" and "text/event-stream" not in request.headers.get("accept", ""):
        raise SignInNeeded(_address(request))
    raise HTTPException(401, "sign in first")


async def _check_form(request: Request, found: Viewer) -> None:
    if request.method in ("GET", "HEAD"):
        return
    said = (await request.form()).get("csrf")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), found.csrf.encode()):
        raise HTTPException(403, "csrf: the form is not of this session; open the page again")


def _address(request: Request) -> str:
    """Where a person wanted to go; of a part of a page, the page."""
    return urlsplit(request.headers.get("hx-current-url", "")).path or request.url.path


def same_origin(request: Request) -> None:
    """A dependency for forms without a session: the browser must say that the form is ours, if it says anything.

    A page in a sealed frame calls itself "null": that is another site, too.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise HTTPException(403, f"sec-fetch-site: {site!r}: the form is of another site")
        return
    origin = request.headers.get("origin")
    if origin and origin.rpartition("//")[2] != request.headers.get("host"):
        raise HTTPException(403, f"origin: {origin!r} is another site")
