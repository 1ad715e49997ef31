"""Whether an event is an exercise: only what was asked for is one, whatever an event calls itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from alerting.contacts import Contact
from alerting.drills.receivers import chosen
from alerting.sql import QUERIES
from runtime.db import Connection


class Asked(Struct, frozen=True):
    """An exercise that somebody has begun. `until`: later its event means nothing any more."""

    name: str
    receivers: str
    until: datetime


def asked(connection: Connection, event_id: object, lift: object) -> Asked | None:
    """The exercise that an event of a lift belongs to; None: it is real."""
    row = connection.execute(QUERIES["drill_asked"], {"event": event_id, "lift": lift}).fetchone()
    return Asked(**row) if row is not None else None


def meant(connection: Connection, contacts: Sequence[Contact], incident: Mapping[str, Any], own: bool) -> list[Contact]:
    """Those ways that a letter of an exercise takes. `own`: whose they are maintains the lift."""
    ids = [contact.id for contact in contacts]
    purposes = {row["id"]: row["purpose"] for row in connection.execute(QUERIES["purposes"], {"ids": ids}).fetchall()}
    exercise = asked(connection, incident["event_id"], incident["lift_id"])
    # Of an exercise whose row is gone only those hear who are there for exercises.
    return chosen(contacts, purposes, exercise.receivers if exercise is not None else "marked", own)
