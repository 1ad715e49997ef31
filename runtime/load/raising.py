"""PURE: what the bench of an alarm's way tells the edge's process, and what that answers, one JSON object a line."""

from uuid import UUID

import msgspec

READY, GO = b"ready", b"go"
"""the edge is connected; the timetable begins"""


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """Which device raises an alarm when, in seconds after the beginning; `spool` is the agent's folder."""

    port: int
    site: str
    spool: str
    alarms: tuple[tuple[float, str], ...]


class Raised(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm: when its rule had decided, and when it was safe in the spool (Unix time, s)."""

    device: str
    event: UUID
    decided: float
    kept: float
