"""PURE: what a report's form carries instead of a session, who sent it without saying who, and its number."""

import hashlib
import hmac
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""none that looks like another"""
LENGTH = 8
LEAST_S, LONGEST_S = 3.0, 12 * 3600.0
"""nobody writes a report faster, and a form that lay open longer is given anew"""


def stamp(salt: bytes, subject: str, at: float, nonce: str) -> str:
    """When a form was given out, so that only we can say it. `at` in seconds since 1970."""
    when = str(int(at))
    return f"{when}.{nonce}.{_mac(salt, 'form', subject, when, nonce)[:32]}"


def age_s(salts: Iterable[bytes], subject: str, given: str, now: float) -> float | None:
    """How long ago a form was given out; None: not by us, or not for this place."""
    when, _, rest = given.partition(".")
    nonce = rest.partition(".")[0]
    if not when.isascii() or not when.isdigit() or len(when) > 12:
        return None
    for salt in salts:
        if hmac.compare_digest(stamp(salt, subject, float(when), nonce).encode(), given.encode()):
            return now - float(when)
    return None


def sender(salt: bytes, address: str) -> str:
    """An address that nobody can read any more; of IPv6 the half that a household shares."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return _mac(salt, "sender", address)
    if isinstance(known, IPv6Address):
        return _mac(salt, "sender", known.exploded[:19])
    return _mac(salt, "sender", str(known))


def number(salt: bytes, given: str, *words: str) -> str:
    """A report's number: the same form with the same words, sent twice, is one report."""
    value, found = int(_mac(salt, "number", given, *words)[:24], 16), ""
    for _ in range(LENGTH):
        value, sign = divmod(value, len(SIGNS))
        found += SIGNS[sign]
    return found


def written(number: str) -> str:
    """As people write it: ABCD-EFGH."""
    return f"{number[:4]}-{number[4:]}"


def read(text: str) -> str | None:
    """A number as somebody typed it; None: it is none."""
    found = "".join(text.upper().replace("-", " ").split())
    return found if len(found) == LENGTH and all(sign in SIGNS for sign in found) else None


def _mac(salt: bytes, *parts: str) -> str:
    message = "\0".join(f"{len(part)}:{part}" for part in parts)
    return hmac.new(salt, message.encode(), hashlib.sha256).hexdigest()
