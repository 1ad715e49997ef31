"""The settings of the pages: `[api]`."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator


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
    demo: bool = False
    """the city is invented, and every page says so"""
    hotline: str = "96333"
    """the telephone of the rescue desk, shown to crews"""
    calls_per_minute: int = Field(default=600, ge=0)
    """of one token at /api/v1, in each process; 0: no limit"""
    map_tiles: str = ""
    """pictures of the map under lifts and stations, such as https://tiles.example/{z}/{x}/{y}.png; empty: none"""
    map_credit: str = ""
    """whose map it is, shown in its corner"""

    @field_validator("map_tiles")
    @classmethod
    def _is_an_address_of_tiles(cls, address: str) -> str:
        parts = urlsplit(address)
        named = all(part in address for part in ("{z}", "{x}", "{y}"))
        if address and not (named and parts.scheme in ("http", "https") and re.fullmatch(r"[\w.:-]+", parts.netloc)):
            raise ValueError(f"{address!r}, expected http(s)://host/... with {{z}}, {{x}} and {{y}}, or nothing")
        return address
