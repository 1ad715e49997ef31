"""PURE: what happened while a viewer was away, and what of it a person is told."""

from collections.abc import Mapping
from typing import Any

from api.i18n import hour, text
from api.reasons import reason

Row = Mapping[str, Any]
Towns = tuple[str, ...] | None
NEW = frozenset({"opened", "reopened"})
"""these ring"""
LOUD = frozenset({"tier_called", "emergency_called", "shortfall", "unreachable", "letter_failed", "crew_declined"})
TOLD = NEW | LOUD | {
    "crew_accepted", "crew_arrived", "released", "partly_released", "merged", "closed", "false_alarm",
    "self_released", "fault_not_trapped", "override_asked", "repeated",
}  # fmt: skip
MOST = 1000
"""entries that are read again for a viewer who was away; whoever missed more is told so"""


def last_number(header: str | None) -> int | None:
    """The last entry that a browser has seen, as its Last-Event-ID says; None: it says nothing that we sent."""
    return int(header) if header and header.isascii() and header.isdecimal() and len(header) < 19 else None


def in_towns(row: Row, towns: Towns) -> bool:
    """Whether what a row tells of lies in a viewer's towns."""
    return towns is None or row["town_code"] in towns


def entry_event(language: str, row: Row, missed: bool) -> dict[str, object]:
    """An entry of a timeline as the stream says it; `missed`: it happened while the viewer was away."""
    open_, shut, colon = ("（", "）", "：") if language == "zh" else (" (", ")", ": ")
    tier = f"{open_}{text(language, 'board.tier', n=row['tier'])}{shut}" if row["tier"] else ""
    what = f"{text(language, 'action.' + row['action'])}{tier} · {reason(language, row['reason'])}"
    return {
        "id": row["id"],
        "number": row["number"],
        "at": hour(row["at"]),
        "action": row["action"],
        "missed": missed,
        "new": row["action"] in NEW,
        "told": row["action"] in TOLD,
        "text": f"{row['lift_code']} {row[f'place_{language}']}{colon}{what}",
    }
