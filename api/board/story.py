"""PURE: an incident's story as a person reads it: what repeats is said once, and who was told stands in one list."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

Row = Mapping[str, Any]
ROUTINE = frozenset({"called_again", "comfort", "comfort_missing", "repeated", "delivered", "reminder"})
"""what repeats by itself; several of one kind in a row are one line"""


class Line(Struct, frozen=True):
    """An entry of the timeline, or several alike: how many, and when the last of them was."""

    entry: Row
    count: int
    last_at: datetime


class Told(Struct, frozen=True):
    """Somebody was told something, `count` times in the same way with the same end; or was on the telephone."""

    at: datetime
    last_at: datetime
    count: int
    letter: Row | None
    """None: a call that the operator noted"""
    call: Row | None


def folded(timeline: Sequence[Row]) -> list[Line]:
    """The timeline with its routine folded: between two things that matter each kind of routine is one line."""
    lines: list[Line] = []
    stretch: dict[tuple[str, str], int] = {}
    for entry in timeline:
        if entry["action"] not in ROUTINE:
            stretch.clear()
            lines.append(Line(entry, 1, entry["at"]))
            continue
        key = (entry["action"], entry["reason"])
        if key in stretch:
            old = lines[stretch[key]]
            lines[stretch[key]] = Line(old.entry, old.count + 1, entry["at"])
        else:
            stretch[key] = len(lines)
            lines.append(Line(entry, 1, entry["at"]))
    return lines


def in_english(timeline: Sequence[Row], crews: Sequence[Row]) -> list[Row]:
    """The timeline with the English names of those who were called: its reasons are kept with the Chinese ones."""
    names = {crew["name_zh"]: crew["name_en"] for crew in crews}
    said: list[Row] = []
    for entry in timeline:
        reason = entry["reason"]
        # What a person wrote stays as it is.
        for chinese in sorted(names, key=len, reverse=True) if entry["actor"] == "sunlit" else ():
            reason = reason.replace(chinese, names[chinese])
        said.append({**entry, "reason": reason})
    return said


def told(letters: Sequence[Row], timeline: Sequence[Row]) -> list[Told]:
    """Who was told by which means, and the calls that were noted, by the time of the first."""
    found: dict[tuple[object, ...], Told] = {}
    for letter in letters:
        key = (
            *(letter[name] for name in ("to_zh", "channel", "shown", "stage", "state")),
            letter["delivered_at"] is None,
        )
        at, before = letter["delivered_at"] or letter["sent_at"] or letter["created_at"], found.get(key)
        found[key] = Told(before.at if before else at, at, (before.count if before else 0) + 1, letter, None)
    calls = [Told(entry["at"], entry["at"], 1, None, entry) for entry in timeline if entry["action"] == "call"]
    return sorted([*found.values(), *calls], key=lambda one: one.at)
