"""Which other systems are told what: added, listed, tried, given a new secret, begun again."""

import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from msgspec import Struct

from alerting import addresses
from alerting.channels.post import Answer
from alerting.hooks.deliver import Sender
from contracts.happenings import KINDS, TEST, Happening, encode
from runtime.db import Connection, Queries

QUERIES = Queries("alerting.hooks", "book.sql")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
SHORTEST = 24
"""characters of a secret"""
HOURS = (1, 720)


class HookError(ValueError):
    """What was asked for cannot be; the text names field, value and what was expected."""


class NewHook(Struct, frozen=True, kw_only=True):
    """A webhook that is to be registered; `kinds` and `towns` None: all of them."""

    name: str
    url: str
    secret: str = ""
    """empty: one is made"""
    kinds: Sequence[str] | None = None
    towns: Sequence[str] | None = None
    drills: bool = False


def add(connection: Connection, wanted: NewHook, author: str, private: bool) -> str:
    """Registers it and returns its secret; it is told what happens from now on. Raises HookError."""
    _check(connection, wanted, private)
    secret = wanted.secret or secrets.token_urlsafe(32)
    with connection.transaction():
        values = {
            "name": wanted.name,
            "url": wanted.url,
            "shown": addresses.shown("webhook", wanted.url),
            "secret": secret,
            "kinds": list(wanted.kinds) if wanted.kinds else None,
            "towns": list(wanted.towns) if wanted.towns else None,
            "drills": wanted.drills,
            "author": author,
        }
        if connection.execute(QUERIES["add"], values).fetchone() is None:
            raise HookError(f"name: {wanted.name!r}, expected one that is not in use")
        _note(connection, wanted.name, "webhook_added", author, str(values["shown"]))
    return secret


def _check(connection: Connection, wanted: NewHook, private: bool) -> None:
    if NAME.fullmatch(wanted.name) is None:
        raise HookError(f"name: {wanted.name!r}, expected a-z, 0-9 and '-', 2 to 63 characters")
    if addresses.file_of(wanted.url) is None:
        _check_url(wanted.url, private)
    if wanted.secret and addresses.file_of(wanted.secret) is None and len(wanted.secret) < SHORTEST:
        raise HookError(f"secret: {len(wanted.secret)} characters, expected at least {SHORTEST}")
    for kind in wanted.kinds or ():
        if kind not in KINDS:
            raise HookError(f"kinds: {kind!r}, expected some of {', '.join(KINDS)}")
    known = [row["code"] for row in connection.execute(QUERIES["towns"]).fetchall()]
    for town in wanted.towns or ():
        if town not in known:
            raise HookError(f"towns: {town!r}, expected some of {', '.join(known)}")


def _check_url(url: str, private: bool) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    schemes = ("https", "http") if private else ("https",)
    if parts.scheme not in schemes or not host or parts.username or parts.password or parts.fragment:
        raise HookError(f"url: {url!r}, expected {' or '.join(schemes)}://host/path without name and password")


def entries(connection: Connection) -> list[dict[str, Any]]:
    """All of them, with how they answer; no secret and no whole address."""
    return connection.execute(QUERIES["list"]).fetchall()


def try_out(connection: Connection, name: str, sender: Sender, now: datetime) -> Answer:
    """Posts a document of kind `webhook.test` at once. Raises HookError."""
    row = _get(connection, name)
    document = Happening(id=uuid4(), kind=TEST, at=now, town=None)
    return sender.send(row, encode(document).decode(), document.id, 0, TEST)


def set_active(connection: Connection, name: str, active: bool, author: str, reason: str) -> None:
    """Takes one out of use, or back. Back, it goes on where it stood, also after it was stopped. Raises HookError."""
    _get(connection, name)
    with connection.transaction():
        if active:
            connection.execute(QUERIES["begin_again"], {"name": name, "after": None})
        elif not connection.execute(QUERIES["set_active"], {"name": name, "active": False}).rowcount:
            raise HookError(f"webhook {name}: out of use already")
        _note(connection, name, "webhook_enabled" if active else "webhook_disabled", author, reason)


def replay(connection: Connection, name: str, start: datetime | int, author: str) -> int:
    """Tells everything again behind a cursor, or since a moment; returns the cursor. Raises HookError."""
    _get(connection, name)
    after = start
    if isinstance(start, datetime):
        found = connection.execute(QUERIES["seq_before"], {"at": start.astimezone(UTC)}).fetchone()
        after = found["seq"] if found else 0
    with connection.transaction():
        row = connection.execute(QUERIES["begin_again"], {"name": name, "after": after}).fetchone()
        assert row is not None
        _note(connection, name, "webhook_replayed", author, f"after {row['from_seq']}")
    return int(row["from_seq"])


def rotate(connection: Connection, name: str, secret: str, hours: int, author: str) -> tuple[str, datetime]:
    """A new secret; the old one signs beside it for some hours. Returns it, and until when. Raises HookError."""
    _get(connection, name)
    if not HOURS[0] <= hours <= HOURS[1]:
        raise HookError(f"hours: {hours}, expected {HOURS[0]} to {HOURS[1]}")
    if secret and addresses.file_of(secret) is None and len(secret) < SHORTEST:
        raise HookError(f"secret: {len(secret)} characters, expected at least {SHORTEST}")
    fresh = secret or secrets.token_urlsafe(32)
    with connection.transaction():
        row = connection.execute(QUERIES["rotate"], {"name": name, "hours": hours, "secret": fresh}).fetchone()
        assert row is not None
        _note(connection, name, "webhook_rotated", author, f"old secret until {row['old_until']:%Y-%m-%d %H:%M} UTC")
    return fresh, row["old_until"]


def _get(connection: Connection, name: str) -> dict[str, Any]:
    row: dict[str, Any] | None = connection.execute(QUERIES["get"], {"name": name}).fetchone()
    if row is None:
        raise HookError(f"webhook {name!r}: unknown; `sunlit webhook list`")
    return row


def _note(connection: Connection, name: str, action: str, author: str, reason: str) -> None:
    connection.execute(QUERIES["audit"], {"actor": author, "action": action, "name": name, "reason": reason})
