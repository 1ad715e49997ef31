"""Who is looking, and what is theirs to see. Default deny; a wrong role and a missing thing look the same."""

import hashlib
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from fastapi import HTTPException, Request
from msgspec import Struct

from api.sql import QUERIES
from contracts.kinds import Role

COOKIE = "sunlit_session"


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


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def viewer(request: Request) -> Viewer | None:
    """The person whose session the cookie names, if any; read once per request."""
    if hasattr(request.state, "viewer"):
        known: Viewer | None = request.state.viewer
        return known
    request.state.viewer = None
    token = request.cookies.get(COOKIE)
    if token:
        async with request.app.state.pool.connection() as connection:
            cursor = await connection.execute(QUERIES["session_get"], {"token": digest(token)})
            row = await cursor.fetchone()
            if row:
                cursor = await connection.execute(QUERIES["grants"], {"person": row["id"]})
                grants = tuple(
                    Grant(Role(grant["role"]), grant["town_code"], grant["organisation_id"], grant["kitchen_id"])
                    for grant in await cursor.fetchall()
                )
                request.state.viewer = Viewer(
                    row["id"], row["login"], row["name"], row["language"], row["csrf"], grants
                )
    found: Viewer | None = request.state.viewer
    return found


def viewer_of(*roles: Role) -> Callable[[Request], Awaitable[Viewer]]:
    """A dependency: a signed-in person with one of the roles. A form that changes something needs its token."""

    async def demand(request: Request) -> Viewer:
        found = await viewer(request)
        if found is None:
            if request.method == "GET" and "text/event-stream" not in request.headers.get("accept", ""):
                raise SignInNeeded(request.url.path)
            raise HTTPException(401, "sign in first")
        if not found.has(*roles):
            raise HTTPException(404)
        if request.method not in ("GET", "HEAD"):
            form = await request.form()
            if form.get("csrf") != found.csrf:
                raise HTTPException(403, "csrf: the form is not of this session; open the page again")
        return found

    return demand


def same_origin(request: Request) -> None:
    """A dependency for forms without a session: the browser must say that the form is ours, if it says anything."""
    origin = request.headers.get("origin")
    if origin and origin != "null" and origin.rpartition("//")[2] != request.headers.get("host"):
        raise HTTPException(403, f"origin: {origin!r} is another site")
