"""PURE: codes that show that a contact method reaches whom it should."""

import hashlib
import hmac
from datetime import datetime, timedelta

from msgspec import Struct

LIFE = timedelta(minutes=10)
TRIES = 5
PAUSE = timedelta(seconds=60)
"""between two codes through one contact method"""
DIGITS = 6


class Kept(Struct, frozen=True, kw_only=True):
    """What is kept of a code that was sent."""

    salt: str
    sha256: str
    sent_at: datetime
    expires_at: datetime
    tries: int = 0


def digest(code: str, salt: str) -> str:
    """What is kept in place of a code."""
    return hashlib.sha256(f"{salt}:{code}".encode()).hexdigest()


def too_soon(kept: Kept | None, now: datetime) -> str | None:
    """Why no other code may be sent yet, if so. After a step back of the clock one may."""
    if kept is None or kept.sent_at > now or now - kept.sent_at >= PAUSE:
        return None
    return f"a code was sent {(now - kept.sent_at).seconds} s ago; the next one after {PAUSE.seconds} s"


def fault(kept: Kept | None, code: str, now: datetime) -> str | None:
    """Why a code that came back does not count; None: it is the one."""
    if kept is None:
        return "no code was sent; `sunlit contact send-code` sends one"
    if now > kept.expires_at:
        return f"the code held until {kept.expires_at:%H:%M:%S} UTC; send another one"
    if kept.tries >= TRIES:
        return f"{TRIES} wrong codes; send another one"
    if not hmac.compare_digest(digest(code.strip(), kept.salt), kept.sha256):
        return f"not the code; {TRIES - kept.tries - 1} tries left"
    return None
