"""PURE: from a row of what happened to the document that is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from contracts.happenings import FINDING_KINDS, HEARD, INCIDENT_KINDS, SILENT, Device, Finding, Happening, Incident

SPACE = UUID("0b0f0d0a-6d1c-4f43-9a5e-29d1b1e7a0c4")
"""identities are made of the row, so that the same row can never be two happenings"""
SHAPES = {"incident": Incident, "finding": Finding, "silent": Device, "heard": Device}
ACTIONS: Mapping[str, list[str]] = {"incident": list(INCIDENT_KINDS), "finding": list(FINDING_KINDS)}


class Told(Struct, frozen=True):
    """A document, and what decides who gets it and in which order."""

    document: Happening
    source: str
    source_row: int
    subject: str

    @property
    def at(self) -> datetime:
        return self.document.at


def told(source: str, row: Mapping[str, Any]) -> Told:
    """The document of a row of `new_{source}`. Raises msgspec.ValidationError where the row does not fit."""
    shape = msgspec.convert(row, type=SHAPES[source], strict=False)
    named = {"incident": shape} if source == "incident" else {"finding": shape} if source == "finding" else {}
    document = Happening(
        id=uuid5(SPACE, f"{source} {row['source_row']}"),
        kind=_kind(source, row["action"]),
        at=row["happened_at"],
        town=row["town"],
        drill=bool(row.get("drill", False)),
        tier=_tier(row) if source == "incident" else None,
        **(named or {"device": shape}),
    )
    return Told(document, source, row["source_row"], str(row.get("number") or f"device {row['code']}"))


def _kind(source: str, action: str) -> str:
    if source == "incident":
        return INCIDENT_KINDS[action]
    return FINDING_KINDS[action] if source == "finding" else SILENT if source == "silent" else HEARD


def _tier(row: Mapping[str, Any]) -> int | None:
    """Of a crew its own, of a call the one that was called."""
    if row["crew_tier"] is not None:
        return int(row["crew_tier"])
    return int(row["called"]) if row["called"] and row["action"] in ("tier_called", "called_again") else None
