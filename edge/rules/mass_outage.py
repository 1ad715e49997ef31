"""PURE. Several lifts of one agent without mains within minutes: a hint of an outage, the centre decides."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from contracts.kinds import Phase, Rule
from edge.config import LiftRules
from edge.rules import Decision


class OutageState(msgspec.Struct, frozen=True):
    began: datetime | None = None


def step(
    state: OutageState, lost: Mapping[str, datetime], now: datetime, rules: LiftRules
) -> tuple[OutageState, list[Decision]]:
    """`lost`: since when each lift that is without mains now has been so. Ends when no lift is without any more."""
    recent = {lift: at for lift, at in lost.items() if (now - at).total_seconds() <= rules.mass_window_s}
    if state.began is None and len(recent) >= rules.mass_lifts:
        began = min(recent.values())
        return OutageState(began), [_said(Phase.START, began, f"{len(recent)} lifts lost the mains", recent)]
    if state.began is not None and not lost:
        return OutageState(), [_said(Phase.END, state.began, "all lifts have mains again", {})]
    return state, []


def _said(phase: Phase, at: datetime, reason: str, lifts: Mapping[str, datetime]) -> Decision:
    return Decision(
        rule=Rule.MASS_OUTAGE,
        phase=phase,
        at=at,
        reason=reason,
        subject="mains",
        details={"lifts": ", ".join(sorted(lifts))[:500], "count": len(lifts)},
    )
