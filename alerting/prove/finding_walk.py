"""PURE: every path of a finding with an owner and officers at their worst, until the last of its chain was told."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from alerting import finding, finding_desk
from alerting.finding import Finding, Step
from alerting.finding_policy import FindingPolicy, Party, Terms
from alerting.model import Refused
from alerting.prove.walk import span_words
from contracts.kinds import CommandKind, FindingState

BEGAN = datetime(2026, 1, 14, 4, tzinfo=UTC)
MOMENT = timedelta(seconds=1)
MOST_STEPS = 40
KEYS: Mapping[str, str] = {
    "put right": "rectify_s",
    "yellow": "yellow_s",
    "red": "red_s",
    "reminder": "remind_s",
    "review": "review_s",
    "look": "look_s",
}
"""the policy's key of a clock, by what it is due for"""
COLUMNS = {"pushed_at", "level", "reminders", "appealed_at", "confirmed_at"}
NOTHING = None
OWNER: Mapping[CommandKind, str] = {
    CommandKind.RECTIFY: "the owner says at the last moment that it is put right, and it is not",
    CommandKind.APPEAL: "the owner disputes it at the last moment",
}
OFFICER: Mapping[CommandKind, str] = {
    CommandKind.REJECT: "an officer sees at the last moment that it is not put right",
    CommandKind.APPEAL_REFUSE: "an officer refuses the dispute at the last moment",
}
MAY: Mapping[FindingState, CommandKind | tuple[CommandKind, ...]] = {
    FindingState.PUSHED: tuple(OWNER),
    FindingState.OVERDUE_YELLOW: tuple(OWNER),
    FindingState.RECTIFIED_CLAIMED: CommandKind.REJECT,
    FindingState.APPEALED: CommandKind.APPEAL_REFUSE,
}


class Trail(Struct, kw_only=True):
    """One path."""

    said: list[str]
    fired: set[str] = set()
    last_told_s: float | None = None
    """from the push until the last of the chain was told"""
    stopped: bool = False
    """no clock runs any more"""

    @property
    def words(self) -> str:
        return "; ".join(self.said)


def trails(policy: FindingPolicy, terms: Terms, limit_s: float, *, doubtful: bool = False) -> Iterator[Trail]:
    """Every path of a finding with these terms, each until `limit_s` after its push."""
    begin = finding.look if doubtful else finding.push
    step = begin(policy, terms, BEGAN, "found")
    begun = Finding(id=1, number="F1", state=step.state, version=0, kind=terms.kind, opened_at=BEGAN, share=terms.share)
    trail = Trail(said=[f"0:00 {step.action}"])
    yield from _go(policy, _stepped(begun, step), trail, BEGAN, BEGAN + timedelta(seconds=limit_s), policy.chain[-1])


def _go(
    policy: FindingPolicy, known: Finding, trail: Trail, now: datetime, end: datetime, last: Party
) -> Iterator[Trail]:
    for _ in range(MOST_STEPS):
        if known.due_at is None:
            trail.stopped = True
            break
        if known.due_at > end:
            break
        for kind in _choices(known) if known.due_at > now else ():
            at = max(now, known.due_at - MOMENT)
            judged = finding_desk.judge(known, kind, "because", "somebody", policy, at)
            if isinstance(judged, Refused):
                continue
            child = Trail(said=[*trail.said], fired={*trail.fired})
            _say(child, at, {**OWNER, **OFFICER}[kind])
            if not _told(child, judged, at, last):
                yield from _go(policy, _stepped(known, judged), child, at, end, last)
            else:
                yield child
        now = max(now, known.due_at)
        step = finding.overdue(known, policy, now)
        if step is None:
            trail.stopped = True
            break
        trail.fired.add(KEYS.get(known.due_reason, known.due_reason))
        _say(trail, now, f"{step.reason} ({KEYS.get(known.due_reason, known.due_reason)})")
        known = _stepped(known, step)
        if _told(trail, step, now, last):
            # One reminder more shows that it is said again.
            after = finding.overdue(known, policy, known.due_at) if known.due_at else None
            trail.fired |= {KEYS.get(known.due_reason, "")} if after else set()
            trail.stopped = after is None
            break
    yield trail


def _choices(known: Finding) -> tuple[CommandKind, ...]:
    may = MAY.get(known.state, ())
    return may if isinstance(may, tuple) else (may,)


def _told(trail: Trail, step: Step, now: datetime, last: Party) -> bool:
    if last in step.tell:
        trail.last_told_s = (now - BEGAN).total_seconds()
    return last in step.tell


def _say(trail: Trail, at: datetime, words: str) -> None:
    trail.said.append(f"{span_words((at - BEGAN).total_seconds())} {words}")


def _stepped(known: Finding, step: Step) -> Finding:
    changes: dict[str, Any] = {name: value for name, value in step.changes.items() if name in COLUMNS}
    return msgspec.structs.replace(known, state=step.state, due_at=step.due_at, due_reason=step.due_reason, **changes)
