"""PURE: how long a try to sign in must wait after failures. Guessing gets slow; the true person waits little."""

from datetime import datetime, timedelta

from msgspec import Struct

FREE_TRIES, FIRST_LOCK_S, LONGEST_LOCK_S = 5, 15, 900
# From many addresses at one login, or from one address at many logins: slower, but with short waits, because others
# wait with the guesser.
LOGIN_FREE, ADDRESS_FREE, FIRST_WIDE_S, LONGEST_WIDE_S = 20, 30, 5, 60


class Failures(Struct, frozen=True, kw_only=True):
    """How often a try like this one has failed lately, and when last."""

    own: int = 0
    """at this login from this address, since the last success there"""
    own_last: datetime | None = None
    login: int = 0
    """at this login from anywhere"""
    login_last: datetime | None = None
    address: int = 0
    """from this address at any login"""
    address_last: datetime | None = None
    known: bool = False
    """this login has come in from this address before"""


def lock_s(failures: int) -> int:
    """How long after the last of `failures` own failures the next try must wait, in seconds."""
    return _wait_s(failures, FREE_TRIES, FIRST_LOCK_S, LONGEST_LOCK_S)


def locked_until(failed: Failures) -> datetime | None:
    """Until when a try is refused without being looked at; None: it is looked at. May lie in the past.

    Where a login has come in before, only its own failures there count: whoever guesses elsewhere shuts nobody out.
    """
    waits = [(failed.own_last, lock_s(failed.own))]
    if not failed.known:
        waits += [
            (failed.login_last, _wait_s(failed.login, LOGIN_FREE, FIRST_WIDE_S, LONGEST_WIDE_S)),
            (failed.address_last, _wait_s(failed.address, ADDRESS_FREE, FIRST_WIDE_S, LONGEST_WIDE_S)),
        ]
    return max((last + timedelta(seconds=wait) for last, wait in waits if last and wait), default=None)


def _wait_s(failures: int, free: int, first: int, longest: int) -> int:
    return 0 if failures < free else min(longest, first * 2 ** min(failures - free, 20))
