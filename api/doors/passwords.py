"""Passwords: argon2, one time for known and unknown logins, and which new ones are too easy."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher()
# Verified against when there is no such person, so that both take the same time.
NOBODY = HASHER.hash(secrets.token_hex(8))
SHORTEST, LONGEST, FEWEST_LETTERS = 12, 500, 5
# Of those that are long enough, what people choose first.
WORDS = (
    "password1234 password12345 passwordpassword password!234 123456789012 1234567890123 123456789123 123123123123"
    " qwertyuiop12 qwertyuiop123 qwertyuiopasdf 1qaz2wsx3edc 1q2w3e4r5t6y q1w2e3r4t5y6 abcd12345678 abcdefghijkl"
    " administrator admin1234567 admin@123456 iloveyou1234 letmein12345 welcome12345 changeme1234 woaini1314520"
    " woaini123456 sunlitsunlit sunlit123456 sunlit96333 liangtang123"
)
COMMON = frozenset(WORDS.split())


def verify(kept: str | None, password: str) -> bool:
    """Whether a password is the one that was kept; slow on purpose, and as slow when none was kept."""
    try:
        return HASHER.verify(kept or NOBODY, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(kept: str) -> bool:
    """Whether a kept hash was made with weaker parameters than today's."""
    return HASHER.check_needs_rehash(kept)


def fault_of(password: str, login: str) -> str | None:
    """Why a new password is refused, as the key of its text; None: it will do."""
    if len(password) < SHORTEST:
        return "account.password_short"
    if len(password) > LONGEST:
        return "account.password_long"
    plain = password.casefold()
    if plain in COMMON or len(set(plain)) < FEWEST_LETTERS:
        return "account.password_common"
    if len(login) > 2 and plain.replace(login.casefold(), "").strip("0123456789 ._-@!") == "":
        return "account.password_login"
    return None
