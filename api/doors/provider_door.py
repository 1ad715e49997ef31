"""To the bureau's identity provider and back. Passwords stay: when the provider is away, people still come in."""

import hmac
import logging
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from msgspec import to_builtins

from api.doors import cookie, passes, people
from api.doors.acts import Actor, DoorFault, note
from api.doors.entry import QUERIES, come_in, inside, login_form
from api.doors.passes import Kind
from api.doors.people import Narrowed, Newcomer
from api.doors.provider import Errand, Provider, ProviderAway, ProviderFault
from contracts.kinds import Role
from runtime.db import AsyncConnection

log = logging.getLogger(__name__)
router = APIRouter(prefix="/login/provider")
BACK = "/login/provider/back"


def provider_of(request: Request) -> Provider:
    """The provider of the settings. Raises HTTPException where there is none."""
    state = request.app.state
    if not state.settings.oidc.issuer:
        raise HTTPException(404)
    if not hasattr(state, "provider"):
        state.provider = Provider(state.settings.oidc, f"{state.settings.alerting.public_url}{BACK}")
    found: Provider = state.provider
    return found


@router.get("")
async def go(request: Request, back: str = "") -> Response:
    """Sends somebody to the provider; only the browser that went may come back."""
    provider, errand = provider_of(request), Errand.new()
    try:
        address = await provider.address(errand)
    except ProviderAway as away:
        return _away(request, away, back)
    async with request.app.state.pool.connection() as connection:
        token = await passes.make(connection, Kind.PROVIDER, None, back=inside(back[:500]), **to_builtins(errand))
    answer = RedirectResponse(address, 303)
    cookie.put(request, answer, token, passes.MINUTES[Kind.PROVIDER] * 60, cookie.PASS_COOKIE)
    return answer


@router.get("/back")
async def come_back(request: Request, state: str = "", code: str = "", error: str = "", iss: str = "") -> Response:
    """Opens the session of somebody whom the provider knows, and the register, too."""
    provider = provider_of(request)
    async with request.app.state.pool.connection() as connection:
        known = await passes.use(connection, Kind.PROVIDER, cookie.token_of_cookie(request, cookie.PASS_COOKIE))
    if known is None or not hmac.compare_digest(state.encode(), str(known.details["state"]).encode()):
        return login_form(request, 401, "", fault="login.too_late")
    back = str(known.details["back"])
    if error or not code or (iss and iss != provider.settings.issuer):
        log.info("identity provider: refused")
        return login_form(request, 403, back, fault="login.provider_refused")
    errand = Errand(*(str(known.details[name]) for name in ("state", "nonce", "verifier")))
    try:
        claims = await provider.claims(code, errand)
    except ProviderAway as away:
        return _away(request, away, back)
    except ProviderFault as fault:
        log.warning("identity provider: %s", fault)
        return login_form(request, 403, back, fault="login.provider_fault")
    async with request.app.state.pool.connection() as connection:
        person = await _person(connection, provider, claims)
        if person is None:
            log.info("identity provider: somebody whom the register does not know")
            return login_form(request, 403, back, fault="login.provider_unknown")
        return await come_in(request, connection, person, back)


async def _person(connection: AsyncConnection, provider: Provider, claims: dict[str, Any]) -> dict[str, Any] | None:
    """Whom the claims name: bound to this very subject, or by the login at the first time, or new by their groups."""
    settings = provider.settings
    who = {"issuer": settings.issuer, "subject": str(claims["sub"])}
    bound = await (await connection.execute(QUERIES["person_by_subject"], who)).fetchone()
    if bound is not None:
        return bound if bound["active"] else None
    login = claims.get(settings.login_claim)
    unsure = settings.login_claim == "email" and claims.get("email_verified") is not True
    if not isinstance(login, str) or not login or unsure:
        return None
    async with connection.transaction():
        row = await (await connection.execute(QUERIES["person_to_bind"], {"login": login})).fetchone()
        if row is None:
            row = await _newcomer(connection, provider, login, claims)
        elif not row["active"] or row["oidc_subject"] is not None:
            return None
        if row is not None:
            await connection.execute(QUERIES["bind"], {**who, "person": row["id"]})
            await note(connection, Actor(row["id"], login), "provider_bound", f"person {row['id']}", **who)
    return row


async def _newcomer(
    connection: AsyncConnection, provider: Provider, login: str, claims: dict[str, Any]
) -> dict[str, Any] | None:
    """Somebody new, where the settings say which groups have which role; nobody otherwise."""
    said = claims.get(provider.settings.groups_claim) if provider.settings.groups_claim else None
    groups = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    roles = sorted({provider.settings.groups[group] for group in groups if group in provider.settings.groups})
    if not roles:
        return None
    actor = Actor(None, f"identity provider {provider.settings.issuer}")
    try:
        person = await people.add(connection, actor, Newcomer(login, str(claims.get("name") or login)[:100]))
        for role in roles:
            await people.grant(connection, actor, person, Role(role), Narrowed())
    except DoorFault as fault:
        log.warning("identity provider: somebody new cannot be added: %s", fault.key)
        return None
    return {"id": person}


def _away(request: Request, away: ProviderAway, back: str) -> Response:
    log.warning("identity provider is away: %s", away)
    return login_form(request, 503, back, fault="login.provider_away")
