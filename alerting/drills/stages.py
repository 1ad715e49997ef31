"""PURE: what was seen of an exercise, and whether that is enough."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from alerting.drills import STAGES, Drill


class Stage(Struct, frozen=True):
    """One stage: when it was seen, and how long (s) after the beginning. None: not seen."""

    name: str
    must: bool
    at: datetime | None
    after_s: float | None


class Result(Struct, frozen=True, kw_only=True):
    """What came of an exercise."""

    name: str
    lift: str
    passed: bool
    stages: Sequence[Stage]
    incident: str | None = None
    letters: int = 0
    failed: int = 0
    note: str = ""


def stages_of(drill: Drill, row: Mapping[str, Any]) -> list[Stage]:
    """The stages in their order, from a row of times by name."""
    asked = row["asked"]
    found = []
    for name in STAGES:
        at: datetime | None = row.get(name)
        after = None if at is None or asked is None else round((at - asked).total_seconds(), 2)
        found.append(Stage(name, name in drill.must, at, after))
    return found


def missing(drill: Drill, row: Mapping[str, Any]) -> list[str]:
    """The stages that must be seen and have not been."""
    return [name for name in drill.must if row.get(name) is None]
