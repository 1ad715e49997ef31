"""PURE: in which order the board shows its incidents, and which of them belong together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

Row = Mapping[str, Any]


class Group(Struct, frozen=True):
    """One line of the board: an incident alone, or a mass incident with those of its lifts."""

    mass: Row | None
    rows: Sequence[Row]


def urgency(row: Row, now: datetime) -> tuple[float, ...]:
    """Smaller is more urgent: people inside before people out, nobody there before somebody there, danger first.

    Among equals the product of waiting time and people counts, so that five who wait for ten minutes come before one
    who waits for forty, and a lift that is known to be empty comes last. An exercise never stands before an emergency.
    """
    people = row["people_inside"]
    waiting = max(1.0, (now - row["alarm_at"]).total_seconds())
    return (
        float(row["released_at"] is not None),
        float(row["source"] == "drill"),
        float(row["arrived_at"] is not None),
        -float(len(row["hazards"] or ())),
        -waiting * (1 if people is None else people),
    )


def grouped(rows: Sequence[Row], masses: Sequence[Row], now: datetime) -> list[Group]:
    """The lines of the board, most urgent first; a mass incident stands where its most urgent lift would."""
    known = {mass["id"]: mass for mass in masses}
    members: dict[object, list[Row]] = {}
    order: list[object] = []
    for row in sorted(rows, key=lambda row: urgency(row, now)):
        key = ("mass", row["mass_id"]) if row["mass_id"] in known else ("one", row["id"])
        if key not in members:
            order.append(key)
        members.setdefault(key, []).append(row)
    return [Group(known.get(members[key][0]["mass_id"]), members[key]) for key in order]
