"""PURE: an incident with everything that a command can depend on, and the command as a person gave it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import isfinite

from msgspec import Struct

from alerting.lift_policy import Plan
from alerting.model import Dispatch, Incident
from contracts.geometry import Point
from contracts.kinds import CommandKind


class Case(Struct, frozen=True, kw_only=True):
    """An incident with everything that a command can depend on."""

    incident: Incident
    dispatches: Sequence[Dispatch]
    plan: Plan
    lift_code: str
    where: Point
    organisation: int | None = None
    """the active organisation whose code the command names"""
    into: Incident | None = None
    """the incident whose number the command names"""
    other_open: str = ""
    """the number of another open incident of the same lift"""


class Order(Struct, frozen=True, kw_only=True):
    """A command as a person gave it."""

    kind: CommandKind
    reason: str = ""
    args: Mapping[str, object] = {}
    dispatch_id: int | None = None
    client_at: datetime | None = None
    by_operator: bool = False


def number_of(value: object) -> float | None:
    """A finite number, or None."""
    try:
        found = float(str(value))
    except ValueError:
        return None
    return found if isfinite(found) else None
