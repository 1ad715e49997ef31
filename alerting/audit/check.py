"""PURE: what is wrong, from what was looked at. Spans are by the database's clock, which the rows were written by."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from alerting.audit.facts import Agents, Backlog, Facts, Kind, Trouble
from alerting.audit.services import links, services
from runtime.audit_settings import AuditSettings

HICCUP_S = 10.0
"""a database that restarts is away for less"""
TWICE_S = 12.0
"""what one look may see wrong by chance must be seen again"""
VOICE_S = 60.0
FULL_DISK_SHARE = 0.01
NEEDS: Mapping[str, tuple[Kind, ...]] = {
    "same_way": (Kind.SAME_WAY,),
    "beats": (Kind.SERVICE, Kind.SHARE, Kind.INSTANCES, Kind.BROKER, Kind.BEHIND),
    "agents": (Kind.AGENTS,),
    "alarm_path": (Kind.ALARM_PATH,),
    "outbox": (Kind.OUTBOX,),
    "letters": (Kind.LETTERS,),
    "incidents": (Kind.INCIDENTS,),
    "clockless": (Kind.CLOCKLESS,),
    "events": (Kind.EVENTS,),
    "commands": (Kind.COMMANDS,),
    "orders": (Kind.ORDERS,),
    "drills": (Kind.DRILLS,),
    "findings": (Kind.FINDINGS,),
}
"""which fact each judgement needs"""


def check(facts: Facts, limits: AuditSettings, now: datetime) -> list[Trouble]:
    """Everything that is wrong at `now` (the auditor's clock), gravest first."""
    found = [*_own(facts, limits)]
    if facts.database_at is None:
        found.append(_away(facts, now))
    else:
        found += [*_database(facts, limits, facts.database_at), *_desk(facts, limits, facts.database_at)]
    return sorted(found, key=lambda trouble: (not trouble.grave, trouble.since))


def unknown(facts: Facts, limits: AuditSettings) -> frozenset[Kind]:
    """What cannot be judged, or not yet: whatever stood before goes on standing."""
    missing = [fact for fact in NEEDS if getattr(facts, fact) is None]
    blind = {kind for fact in missing for kind in NEEDS[fact]}
    if facts.database_at is None:
        blind |= {Kind.CLOCK, Kind.READ_ONLY, Kind.BLIND}
    if facts.started_at is not None:
        looked_s = (facts.asked_at - facts.started_at).total_seconds()
        spans = [(kind, limit) for kind, _, limit in _queues(facts, limits)]
        spans += [(kind, limits.service_s) for kind in NEEDS["beats"]]
        blind |= {kind for kind, limit in spans if looked_s <= limit}
    return frozenset(blind)


def _own(facts: Facts, limits: AuditSettings) -> Iterator[Trouble]:
    for disk in facts.disks:
        if disk.free is None or disk.free < limits.disk_free_share:
            percent = "?" if disk.free is None else f"{100 * disk.free:.1f}"
            grave = disk.free is not None and disk.free < FULL_DISK_SHARE
            details = {"path": disk.path, "percent": percent}
            yield Trouble(kind=Kind.DISK, subject=disk.path, since=facts.asked_at, grave=grave, details=details)
    failing = [voice for voice in facts.voices if voice.failing_since is not None]
    for voice in failing:
        # With all of them gone nobody hears it; its row and the silence of the outer ping tell.
        yield Trouble(
            kind=Kind.VOICE,
            subject=voice.name,
            since=voice.failing_since or facts.asked_at,
            grave=len(failing) == len(facts.voices),
            hold_s=VOICE_S,
            details={"voice": voice.name, "reason": voice.reason},
        )
    for name in facts.same_way or ():
        details = {"voice": name}
        yield Trouble(kind=Kind.SAME_WAY, subject=name, since=facts.asked_at, grave=False, details=details)


def _away(facts: Facts, now: datetime) -> Trouble:
    since = facts.reached_at or facts.started_at or now
    return Trouble(kind=Kind.DATABASE, since=since, hold_s=HICCUP_S, details={"reason": facts.fault})


def _database(facts: Facts, limits: AuditSettings, at: datetime) -> Iterator[Trouble]:
    if facts.unwritable:
        yield Trouble(kind=Kind.READ_ONLY, since=at, hold_s=TWICE_S, details={"reason": facts.unwritable})
    off = (at - facts.asked_at).total_seconds()
    if abs(off) > limits.clock_s:
        details = {"seconds": f"{off:+.1f}"}
        yield Trouble(kind=Kind.CLOCK, since=at, grave=False, hold_s=TWICE_S, details=details)
    for what, reason in facts.faults.items():
        yield Trouble(kind=Kind.BLIND, subject=what, since=at, hold_s=TWICE_S, details={"what": what, "reason": reason})


def _desk(facts: Facts, limits: AuditSettings, at: datetime) -> Iterator[Trouble]:
    if facts.beats is not None:
        yield from services(facts.beats, limits, at, _quiet_from(facts, at))
        yield from links(facts.beats, limits, at)
    if facts.agents is not None:
        yield from _agents(facts.agents, limits, at)
    if facts.alarm_path is not None and facts.alarm_path.count:
        yield _backlog(Kind.ALARM_PATH, facts.alarm_path, at, grave=False)
    if facts.drills is not None and facts.drills.count:
        yield _backlog(Kind.DRILLS, facts.drills, at, grave=False)
    for kind, backlog, seconds in _queues(facts, limits):
        if backlog is not None and backlog.oldest is not None:
            waited = at - max(backlog.oldest, _quiet_from(facts, at) or backlog.oldest)
            if backlog.count and waited > timedelta(seconds=seconds):
                yield _backlog(kind, backlog, at, grave=kind is not Kind.FINDINGS)
    if facts.letters is not None and facts.letters.count:
        yield _backlog(Kind.LETTERS, facts.letters, at)
    if facts.clockless is not None and facts.clockless.count:
        # Between two statements of one transaction nobody can see it; twice in a row is no chance.
        yield _backlog(Kind.CLOCKLESS, facts.clockless, at, hold_s=TWICE_S)


def _queues(facts: Facts, limits: AuditSettings) -> Sequence[tuple[Kind, Backlog | None, float]]:
    return (
        (Kind.INCIDENTS, facts.incidents, limits.due_s),
        (Kind.EVENTS, facts.events, limits.handled_s),
        (Kind.COMMANDS, facts.commands, limits.handled_s),
        (Kind.OUTBOX, facts.outbox, limits.outbox_s),
        (Kind.ORDERS, facts.orders, limits.handled_s),
        (Kind.FINDINGS, facts.findings, limits.finding_s),
    )


def _quiet_from(facts: Facts, at: datetime) -> datetime | None:
    """When the auditor began, by the database's clock: after a stop of everything each has its time to begin."""
    if facts.started_at is None:
        return None
    return at - (facts.asked_at - facts.started_at)


def _agents(agents: Agents, limits: AuditSettings, at: datetime) -> Iterator[Trouble]:
    """One trouble however many: a city's network that fails is one thing."""
    if not agents.silent:
        return
    grave = agents.rescues > 0 or agents.silent > agents.of * limits.agents_grave_share
    details = {
        "n": agents.silent,
        "of": agents.of,
        "lifts": agents.lifts,
        "rescues": agents.rescues,
        "worst": agents.worst,
        "minutes": _minutes(at, agents.since),
    }
    yield Trouble(kind=Kind.AGENTS, since=agents.since or at, grave=grave, weight=agents.silent, details=details)


def _backlog(kind: Kind, backlog: Backlog, at: datetime, *, grave: bool = True, hold_s: float = 0) -> Trouble:
    some = ", ".join(backlog.some) + (" …" if backlog.count > len(backlog.some) else "")
    seconds = 0 if backlog.oldest is None else max(0, round((at - backlog.oldest).total_seconds()))
    details = {"n": backlog.count, "some": some, "seconds": seconds, "hours": round(seconds / 3600)}
    since = backlog.oldest or at
    return Trouble(kind=kind, since=since, grave=grave, weight=backlog.count, hold_s=hold_s, details=details)


def _minutes(at: datetime, since: datetime | None) -> int:
    return 0 if since is None else max(0, round((at - since).total_seconds() / 60))
