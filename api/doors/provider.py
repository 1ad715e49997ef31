"""A bureau's own identity provider (OpenID Connect): where it is, and who it says that somebody is."""

import secrets
import time
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from runtime.api_settings import OidcSettings

TIMEOUT_S, KEPT_S, LEEWAY_S = 5.0, 600.0, 60
# What is signed with a key that others can check; never none, and no shared secrets.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
METADATA = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderAway(RuntimeError):
    """The provider does not answer, or not as one does."""


class ProviderFault(RuntimeError):
    """What it says about somebody cannot be believed; the text says why."""


class Errand(Struct, frozen=True):
    """What is kept between sending somebody to the provider and their coming back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "Errand":
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))


class Provider:
    """One provider. What it says of itself is kept for ten minutes."""

    def __init__(self, settings: OidcSettings, back: str) -> None:
        self.settings, self.back = settings, back
        self._metadata: dict[str, Any] = {}
        self._until = 0.0

    async def address(self, errand: Errand) -> str:
        """Where somebody signs in. Raises ProviderAway."""
        metadata = await self._known()
        async with self._client() as client:
            address, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=errand.state,
                nonce=errand.nonce,
                code_verifier=errand.verifier,
            )
        return str(address)

    async def claims(self, code: str, errand: Errand) -> dict[str, Any]:
        """Who came back with a code, as the provider has signed it. Raises ProviderAway and ProviderFault."""
        from authlib.integrations.httpx_client import OAuthError

        metadata = await self._known()
        try:
            async with self._client() as client:
                token = await client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=errand.verifier,
                )
                answer = await client.request("GET", metadata["jwks_uri"], withhold_token=True)
                answer.raise_for_status()
                keys = KeySet.import_key_set(answer.json())
        except OAuthError as error:
            raise ProviderFault(f"code: {error}") from error
        except (httpx.HTTPError, ValueError, KeyError, JoseError) as error:
            raise ProviderAway(f"{self.settings.issuer}: {error!r}") from error
        return self._checked(str(token.get("id_token", "")), keys, errand)

    def _checked(self, token: str, keys: KeySet, errand: Errand) -> dict[str, Any]:
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": errand.nonce},
        )
        try:
            claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderFault(f"id_token: {error}") from error
        if claims.get("azp", self.settings.client_id) != self.settings.client_id:
            raise ProviderFault("id_token: azp: made for another client")
        return dict(claims)

    async def _known(self) -> dict[str, Any]:
        if time.monotonic() < self._until:
            return self._metadata
        address = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
                answer = await client.get(address)
                answer.raise_for_status()
                found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderAway(f"{self.settings.issuer}: {error!r}") from error
        if not isinstance(found, dict) or any(not isinstance(found.get(name), str) for name in METADATA):
            raise ProviderAway(f"{address}: expected {', '.join(METADATA)}")
        if found.get("issuer") != self.settings.issuer:
            raise ProviderAway(f"{address}: issuer: {found.get('issuer')!r}, expected {self.settings.issuer!r}")
        self._metadata, self._until = found, time.monotonic() + KEPT_S
        return found

    def _client(self) -> Any:
        from authlib.integrations.httpx_client import AsyncOAuth2Client

        return AsyncOAuth2Client(
            self.settings.client_id,
            self.settings.client_secret.get_secret_value() or None,
            scope=self.settings.scopes,
            redirect_uri=self.back,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
        )
