"""PURE. Evidence over time for something that holds in a zone: what `stranger` and `crowding` share.

As for hats: `needed` of the last `looks` within `window_s` start an event, and as many looks without it end it.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from contracts.kinds import Phase, Rule
from contracts.vision import Box
from edge.config import VisionRules
from edge.rules import Decision


class Held(msgspec.Struct, frozen=True):
    """What a rule remembers of one zone."""

    looks: tuple[tuple[datetime, bool], ...] = ()
    open: datetime | None = None


class LastingState(msgspec.Struct, frozen=True):
    zones: Mapping[str, Held] = {}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What holds in a zone now: why, where, how sure."""

    reason: str
    box: Box | None = None
    confidence: float = 1.0
    details: Mapping[str, str | bool | int | float | None] = {}


def step(
    state: LastingState, rule: Rule, seen: Mapping[str, Finding | None], now: datetime, rules: VisionRules
) -> tuple[LastingState, list[Decision]]:
    """One look: for every zone by name the finding, or None where all is well."""
    zones, decisions = dict(state.zones), list[Decision]()
    for name, finding in seen.items():
        held = zones.get(name, Held())
        looks = (*held.looks, (now, finding is not None))[-rules.looks :]
        recent = [holds for at, holds in looks if (now - at).total_seconds() <= rules.window_s]
        since = held.open
        if since is None and finding is not None and sum(recent) >= rules.needed:
            since = next(at for at, holds in looks if holds)
            decisions.append(_started(rule, name, finding, since))
        elif since is not None and len(recent) - sum(recent) >= rules.needed and finding is None:
            decisions.append(
                Decision(rule=rule, phase=Phase.END, at=since, reason="no longer", subject=name or "zone", zone=name)
            )
            since = None
        zones[name] = Held(looks, since)
    return LastingState(zones), decisions


def _started(rule: Rule, zone: str, finding: Finding, since: datetime) -> Decision:
    return Decision(
        rule=rule,
        phase=Phase.START,
        at=since,
        reason=finding.reason,
        subject=zone or "zone",
        zone=zone,
        box=finding.box,
        confidence=finding.confidence,
        details=finding.details,
    )
