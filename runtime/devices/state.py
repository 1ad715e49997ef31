"""PURE: how it stands with a device's certificates, in one word and for how long."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from runtime.devices.acl import Credential, Device

SOON = timedelta(days=30)


class State(NamedTuple):
    """`word` is valid, expiring, expired, revoked, ended, through (another speaks for it) or none; `days` until the
    last certificate in use ends."""

    word: str
    days: int | None = None


def state(device: Device, credentials: Sequence[Credential], now: datetime) -> State:
    """Of one device; `credentials` are its own."""
    serving = [one for one in credentials if one.serves(now)]
    if serving:
        left = max(min(one.not_after, one.ends_at or one.not_after) for one in serving) - now
        return State("expiring" if left < SOON else "valid", math.floor(left / timedelta(days=1)))
    if not credentials:
        return State("through" if device.agent else "none")
    last = credentials[-1]
    if last.revoked_at is not None:
        return State("revoked")
    return State("expired" if last.not_after <= now else "ended")


def words(device: Device, found: State) -> str:
    """The state as people read it in a table."""
    if found.word == "through":
        return f"through {device.agent}"
    if found.days is None:
        return found.word
    return f"{found.word}, {found.days} days"


def as_json(device: Device, credentials: Sequence[Credential], now: datetime) -> dict[str, Any]:
    """A device with everything that the register knows of its certificates; times in ISO 8601."""
    found = state(device, credentials, now)
    certificates = [
        {
            "user": one.user,
            **{name: _plain(value) for name, value in one._asdict().items() if name != "device"},
            "serves": one.serves(now),
        }
        for one in credentials
    ]
    return {**device._asdict(), "certificate": found.word, "days": found.days, "certificates": certificates}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
