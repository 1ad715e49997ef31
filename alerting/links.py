"""Links in letters: short, each for one purpose, for a while.

A crew's link carries a random token; its row keeps the hash, the purpose and the expiry. A token signed with a secret
would need no row, but two services would have to hold the same secret (when they do not, every link in every letter is
dead, and nobody sees it before the first rescue), whoever steals it could open every rescue, and a single link could
not be taken back. 16 characters of 56 are 92 bits: nobody guesses one in its two days. There is no `-` or `_`, which
telephones cut off at the end of a link, and no 0, O, 1, l or I, so that it can be read out.
"""

import hashlib
import secrets
from typing import NamedTuple

ALPHABET = "23456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 16


class Token(NamedTuple):
    """`plain` goes into the letter, `sha256` into the row."""

    plain: str
    sha256: str


def digest(plain: str) -> str:
    """What is kept of a token; the api looks it up by the same."""
    return hashlib.sha256(plain.encode()).hexdigest()


def new_token() -> Token:
    """A token that nobody has had before."""
    plain = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return Token(plain, digest(plain))


def crew(public_url: str, token: Token) -> str:
    """Where a crew accepts and reports."""
    return f"{public_url.rstrip('/')}/c/{token.plain}"


def receipt(public_url: str, token: Token) -> str:
    """Where a gateway says whether a letter was delivered."""
    return f"{public_url.rstrip('/')}/receipts/{token.plain}"


def place(lat: float | None, lon: float | None, template: str) -> str:
    """The map of a place (WGS 84, to about a metre), or nothing where it is not known. See `[alerting] map_url`."""
    if lat is None or lon is None or not template:
        return ""
    return template.format(lat=f"{lat:.5f}", lon=f"{lon:.5f}")
