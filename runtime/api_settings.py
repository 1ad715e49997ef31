"""The settings of the pages: `[api]`."""

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator


class ClimateLimit(BaseModel):
    """Between what a place's temperature has to stay, in degrees C, as its chart shows it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at_most_c: float | None = Field(default=None, ge=-60, le=400)
    below_c: float | None = Field(default=None, ge=-60, le=400)
    above_c: float | None = Field(default=None, ge=-60, le=400)

    def missed(self, value: float) -> bool:
        """Whether a temperature is outside."""
        return (
            (self.at_most_c is not None and value > self.at_most_c)
            or (self.below_c is not None and value >= self.below_c)
            or (self.above_c is not None and value <= self.above_c)
        )

    @property
    def lines(self) -> list[float]:
        """Where its lines stand."""
        return [value for value in (self.at_most_c, self.below_c, self.above_c) if value is not None]


LIMITS = {
    "special_room": ClimateLimit(at_most_c=25),
    "hot_holding": ClimateLimit(above_c=60),
    "cold_holding": ClimateLimit(below_c=10),
}


class ApiSettings(BaseModel):
    """The pages: where they listen, what they keep, and what they say of the city."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8600, ge=1, le=65535)
    evidence: Path = Path(".sunlit/evidence")
    live: Path = Path(".sunlit/live")
    """video of open leases, deleted with them"""
    live_max_mb: int = Field(default=2048, ge=16)
    clip_max_mb: int = Field(default=64, ge=1, le=4096)
    """the largest clip that an agent may send"""
    hosts: tuple[str, ...] = ()
    """the names under which the pages are asked for; a request for any other is refused; empty: any"""
    secure_cookies: bool = False
    """the pages are reached by https only: cookies are sent no other way and bound to this very host"""
    session_hours: int = Field(default=12, ge=1, le=72)
    """after which everybody signs in again"""
    idle_minutes: int = Field(default=120, ge=5, le=1440)
    """so long a session lives without being used; a board that is open uses it"""
    second_factor_for: tuple[Literal["admin", "operator", "owner", "regulator"], ...] = ()
    """roles that sign in by password only with a code beside it"""
    demo: bool = False
    """the city is invented, and every page says so"""
    hotline: str = "96333"
    """the telephone of the rescue desk, shown to crews"""
    calls_per_minute: int = Field(default=600, ge=0)
    """of one token at /api/v1, in each process; 0: no limit"""
    complaints: str = "12315"
    """where people complain about a kitchen; stands on its notice"""
    recording_days: int = Field(default=30, ge=0, le=3650)
    """how long recordings stay in a kitchen, as its notice says; the edges have it in `[segments] days`. 0: none"""
    climate_limits: dict[str, ClimateLimit] = LIMITS
    """by the zone of a sensor, as charts show them; findings follow the edges' `[rules.climate]`"""
    public_url: str = ""
    """where the public finds the pages, such as https://lifts.example, for QR signs; empty: where one is asked for"""
    map_tiles: str = ""
    """pictures of the map under lifts and stations, such as https://tiles.example/{z}/{x}/{y}.png; empty: none"""
    map_credit: str = ""
    """whose map it is, shown in its corner"""

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        parts = urlsplit(address)
        named = parts.scheme in ("http", "https") and re.fullmatch(r"[\w.:-]+", parts.netloc)
        if address and (not named or parts.query or parts.fragment):
            raise ValueError(f"{address!r}, expected http(s)://host, or nothing")
        return address.rstrip("/")

    @field_validator("map_tiles")
    @classmethod
    def _is_an_address_of_tiles(cls, address: str) -> str:
        parts = urlsplit(address)
        named = all(part in address for part in ("{z}", "{x}", "{y}"))
        if address and not (named and parts.scheme in ("http", "https") and re.fullmatch(r"[\w.:-]+", parts.netloc)):
            raise ValueError(f"{address!r}, expected http(s)://host/... with {{z}}, {{x}} and {{y}}, or nothing")
        return address


class OidcSettings(BaseModel):
    """A bureau's own identity provider, through which people sign in besides the password: `[oidc]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = ""
    """as the provider calls itself, such as https://id.example; empty: none"""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    scopes: str = "openid profile"
    login_claim: str = "preferred_username"
    """the claim that is a person's login here; asked once, from then on the provider's subject counts"""
    groups_claim: str = ""
    """the claim that names groups, for `groups`"""
    groups: dict[str, Literal["admin", "operator", "regulator"]] = {}
    """which group makes somebody new what, for all towns; without one nobody new comes in"""
    label_zh: str = "单位统一身份登录"
    label_en: str = "Sign in with your organisation"

    @field_validator("issuer")
    @classmethod
    def _encrypted(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        near = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if issuer and not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and near))):
            raise ValueError("expected https://..., as the provider calls itself, or nothing")
        return issuer

    @model_validator(mode="after")
    def _whole(self) -> "OidcSettings":
        if self.issuer and not self.client_id:
            raise ValueError("client_id: missing, expected beside issuer")
        if self.groups and not self.groups_claim:
            raise ValueError("groups_claim: missing, expected beside groups")
        return self
