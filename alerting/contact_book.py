"""The register of contact methods: added by the owner, verified by a code that comes back. Unverified ones are used."""

import secrets
from datetime import datetime

import msgspec
from msgspec import Struct

from alerting import addresses, codes, letters
from alerting.channels import Message, Outcome, Send, Verdict, reveal
from contracts.kinds import Channel
from runtime.db import Connection, Queries

QUERIES = Queries("alerting", "contact_book.sql")


class ContactError(ValueError):
    """What was asked for cannot be; the text names field, value and what was expected."""


PURPOSES = ("rescue", "both", "drill")
LAST_PRIORITY = 1000


class Entry(Struct, frozen=True, kw_only=True):
    """A contact method as it may be shown; the address is left out."""

    id: int
    organisation: str | None
    """code"""
    person: str | None
    """login"""
    channel: str
    shown: str
    language: str
    priority: int
    receipts: bool
    purpose: str
    active: bool
    verified_at: datetime | None


class NewContact(Struct, frozen=True, kw_only=True):
    """A contact method to be added: of an organisation (its code) or a person (their login)."""

    organisation: str | None
    person: str | None
    channel: str
    address: str
    language: str
    priority: int = 1
    receipts: bool = False
    purpose: str = "rescue"
    """`both` takes exercises, too; `drill` takes nothing else"""


def entries(connection: Connection, *, unverified: bool = False) -> list[Entry]:
    """All contact methods, or those in use that nobody has verified."""
    rows = connection.execute(QUERIES["entries"], {"unverified": unverified}).fetchall()
    return [
        msgspec.convert({**row, "shown": addresses.shown(row["channel"], row["address"])}, type=Entry) for row in rows
    ]


def add(connection: Connection, wanted: NewContact) -> int:
    """Adds a contact method; returns its number. Raises ContactError."""
    if (wanted.organisation is None) == (wanted.person is None):
        raise ContactError("owner: expected an organisation or a person, and not both")
    _check(wanted)
    owner = wanted.organisation or wanted.person
    table = "organisation" if wanted.organisation is not None else "person"
    found = connection.execute(QUERIES[f"{table}_by_code"], {"code": owner}).fetchone()
    if found is None:
        raise ContactError(f"{table}: {owner!r} is not in the register")
    row = connection.execute(
        QUERIES["add"],
        {
            "organisation": found["id"] if table == "organisation" else None,
            "person": found["id"] if table == "person" else None,
            "channel": wanted.channel,
            "address": wanted.address,
            "language": wanted.language,
            "priority": wanted.priority,
            "receipts": wanted.receipts,
            "purpose": wanted.purpose,
        },
    ).fetchone()
    assert row is not None
    return int(row["id"])


def _check(wanted: NewContact) -> None:
    """Raises ContactError. The address itself is never repeated: it may be a secret that was mistyped."""
    if wanted.channel not in set(Channel):
        raise ContactError(f"channel: {wanted.channel!r}, expected one of {', '.join(Channel)}")
    if wanted.language not in letters.LANGUAGES:
        raise ContactError(f"language: {wanted.language!r}, expected one of {', '.join(letters.LANGUAGES)}")
    if wanted.purpose not in PURPOSES:
        raise ContactError(f"purpose: {wanted.purpose!r}, expected one of {', '.join(PURPOSES)}")
    if not 1 <= wanted.priority <= LAST_PRIORITY:
        raise ContactError(f"priority: {wanted.priority}, expected 1 (first) to {LAST_PRIORITY}")
    try:
        address = reveal(wanted.address)
    except ValueError as error:
        raise ContactError(str(error)) from error
    if not _fits(wanted.channel, address):
        expected = {
            "email": "a mail address",
            "webhook": "an http or https address",
            "apprise": "an address that Apprise knows, such as wecombot://KEY",
        }
        raise ContactError(f"address: not shown here, expected {expected[wanted.channel]}, or file: and a path")


def _fits(channel: str, address: str) -> bool:
    if any(character in address for character in "\r\n\0"):
        return False
    if channel == "webhook" and any(character.isspace() for character in address):
        return False
    if channel == "email":
        name, at, domain = address.rpartition("@")
        return bool(at and name and domain) and not set(address) & set(" ,;<>")
    if channel == "webhook":
        return address.startswith(("http://", "https://")) and bool(addresses.gateway(channel, address).split()[1:])
    from alerting.channels.speaker import understood

    return understood(address)


def retire(connection: Connection, contact_id: int) -> None:
    """Takes a contact method out of use. Raises ContactError."""
    if connection.execute(QUERIES["retire"], {"id": contact_id}).rowcount != 1:
        raise ContactError(f"contact: {contact_id} is not in the register, or out of use already")


def channel_of(connection: Connection, contact_id: int) -> str:
    """Through which channel it is reached. Raises ContactError."""
    return _find(connection, contact_id)["channel"]


def send_code(connection: Connection, contact_id: int, send: Send, now: datetime) -> Outcome:
    """Sends a code through the method's own channel and keeps its hash. Raises ContactError.

    The hash is there before the letter is: a code that arrives can always be verified.
    """
    row = _find(connection, contact_id)
    kept = connection.execute(QUERIES["code"], {"id": contact_id}).fetchone()
    soon = codes.too_soon(msgspec.convert(kept, type=codes.Kept) if kept else None, now)
    if soon is not None:
        raise ContactError(f"contact {contact_id}: {soon}")
    try:
        address = reveal(row["address"])
    except ValueError as error:
        raise ContactError(f"contact {contact_id}: {error}") from error
    code, salt = f"{secrets.randbelow(10**codes.DIGITS):0{codes.DIGITS}}", secrets.token_hex(8)
    facts = {"code": code, "minutes": round(codes.LIFE.total_seconds() / 60)}
    letter = letters.render("contact_code", row["language"], facts)
    values = {"id": contact_id, "salt": salt, "sha256": codes.digest(code, salt), "now": now}
    connection.execute(QUERIES["keep_code"], {**values, "expires_at": now + codes.LIFE})
    dedupe = f"code-{contact_id}-{salt}"
    message = Message(address, letter.subject, letter.body, "contact_code", row["language"], dedupe)
    outcome = send(message)
    if outcome.verdict is Verdict.REFUSED:
        connection.execute(QUERIES["forget_code"], {"id": contact_id})
    return outcome._replace(detail=addresses.without(outcome.detail, address))


def verify(connection: Connection, contact_id: int, code: str, now: datetime) -> None:
    """Takes a code that came back. Raises ContactError; a wrong one is counted."""
    _find(connection, contact_id)
    with connection.transaction():
        kept = connection.execute(QUERIES["code_locked"], {"id": contact_id}).fetchone()
        fault = codes.fault(msgspec.convert(kept, type=codes.Kept) if kept else None, code, now)
        if fault is None:
            connection.execute(QUERIES["verified"], {"id": contact_id, "now": now})
            connection.execute(QUERIES["forget_code"], {"id": contact_id})
        else:
            connection.execute(QUERIES["wrong_code"], {"id": contact_id})
    if fault is not None:
        raise ContactError(f"contact {contact_id}: {fault}")


def _find(connection: Connection, contact_id: int) -> dict[str, str]:
    row = connection.execute(QUERIES["contact"], {"id": contact_id}).fetchone()
    if row is None:
        raise ContactError(f"contact: {contact_id} is not in the register, or out of use")
    return row
