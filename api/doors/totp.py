"""PURE: codes of half a minute (RFC 6238), their picture, and codes for the day the telephone is lost."""

import hmac
import secrets

import pyotp
import segno

STEP_S, AROUND = 30, (0, -1, 1)
CODES, GROUPS = 10, 4
# No signs that look alike.
SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"


def new_secret() -> str:
    """A secret for an app of codes."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, now: float) -> int | None:
    """The half minute that a code of six digits belongs to, the one before and after included; None: it is wrong."""
    tidy = "".join(code.split())
    if len(tidy) != 6 or not tidy.isascii() or not tidy.isdigit():
        return None
    current, found = int(now) // STEP_S, None
    for away in AROUND:
        right = pyotp.TOTP(secret).at((current + away) * STEP_S)
        if hmac.compare_digest(right, tidy):
            found = current + away
    return found


def picture(secret: str, login: str, issuer: str) -> str:
    """What an app of codes scans, as a data: address of an SVG."""
    address = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)
    return segno.make(address, error="m").svg_data_uri(scale=5, border=3)


def recovery_codes() -> list[str]:
    """Ten codes that are good once each, 79 bits long."""
    return ["-".join("".join(secrets.choice(SIGNS) for _ in range(4)) for _ in range(GROUPS)) for _ in range(CODES)]


def tidy_recovery(code: str) -> str:
    """A recovery code as it was given out, however it was typed."""
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))
