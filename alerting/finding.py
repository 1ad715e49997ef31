"""PURE: the life of a finding: looked at, pushed, put right, verified; late, yellow, red; disputed; a case."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from alerting.finding_policy import RANK, Clocks, FindingPolicy, Moment, Party, Terms, after, terms
from alerting.quiet import Quiet
from contracts.kinds import FindingClass, FindingState

ENDED = (FindingState.CLOSED, FindingState.VERIFIED, FindingState.REJECTED)
UNTOLD = (FindingState.DETECTED, FindingState.UNDER_REVIEW, FindingState.MUTED)
WITH_OWNER = (FindingState.PUSHED, FindingState.OVERDUE_YELLOW, FindingState.OVERDUE_RED)
LEVELS = (Moment.PUSH, Moment.LATE, Moment.YELLOW, Moment.RED)
SHOWN = (FindingState.PUSHED, FindingState.PUSHED, FindingState.OVERDUE_YELLOW, FindingState.OVERDUE_RED)
SENT_TO = {Party.OWNER: "owner", Party.MAINTENANCE: "maintenance unit"}
LATE_WORDS = ("", "not put right in time", "overdue, yellow", "overdue, red")
KEPT, LASTS, DIGEST, QUIET = "kept", "lasts", "digest", "quiet ends"
"""why something waits that nobody was told of"""


class Finding(Struct, frozen=True, kw_only=True):
    """One finding as it stands in its row."""

    id: int
    number: str
    state: FindingState
    version: int
    kind: FindingClass = field(name="class")
    opened_at: datetime
    confidence: float = 1.0
    share: float = 1.0
    level: int = 0
    reminders: int = 0
    lift_id: int | None = None
    silence_id: int | None = None
    pushed_at: datetime | None = None
    appealed_at: datetime | None = None
    confirmed_at: datetime | None = None
    told_at: datetime | None = None
    due_at: datetime | None = None
    due_reason: str = ""
    still_on: bool = False
    """one of its events has not ended, or the device is silent still"""

    @property
    def terms(self) -> Terms:
        return Terms(self.kind, self.share)

    @property
    def ends_itself(self) -> bool:
        """Whether its end is an end: what was worn or done in a kitchen was so, and what is grave wants a look."""
        if self.kind is FindingClass.IMMEDIATE or self.confirmed_at is not None:
            return False
        return self.lift_id is not None or self.kind is FindingClass.DEVICE


class Step(Struct, frozen=True, kw_only=True):
    """What happens to a finding: its next state, the columns that change, its next clock, and who is told."""

    state: FindingState
    action: str
    reason: str
    changes: Mapping[str, object] = {}
    due_at: datetime | None = None
    due_reason: str = ""
    letter: str = ""
    """to those who answer for it; officers are told what the step is"""
    tell: tuple[Party, ...] = ()


class Sighting(Struct, frozen=True, kw_only=True):
    """What was found, and what is known of where."""

    rule: str
    confidence: float = 1.0
    cause: str = ""
    advisory: bool = False
    kind: str = ""
    """of the kitchen, or of the lift's place"""
    campaign: str = ""
    earlier: int = 0
    """class III findings of this rule there within the policy's time"""
    quiet: Quiet | None = None


def first(sighting: Sighting, policy: FindingPolicy, now: datetime) -> tuple[Terms, Step]:
    """The terms and the first step of a new finding. Doubtful ones are looked at before the owner is told."""
    found = terms(policy, sighting.rule, sighting.cause, sighting.advisory, sighting.kind, bool(sighting.campaign))
    certain = sighting.confidence >= policy.automatic_confidence
    advice = found.kind is FindingClass.GUIDANCE
    said = f"confidence {sighting.confidence:.2f}"
    if sighting.confidence < policy.review_confidence or (advice and not certain):
        return found, _kept(policy, now, f"{said}: kept, nobody is told")
    if advice and sighting.earlier + 1 >= policy.guidance.times:
        found = Terms(FindingClass.LIMITED, found.share)
        said = f"{said}, number {sighting.earlier + 1} of its kind"
    if sighting.quiet is not None:
        return found, _mute(sighting.quiet, policy, now, now)
    if not certain:
        return found, look(policy, found, now, f"{said}: a person looks first")
    lasting = policy.lasting.get(sighting.rule)
    if lasting is not None and found.kind is not FindingClass.IMMEDIATE:
        waits = f"{said}: told if it lasts {lasting} s"
        return found, _detected(waits, now + timedelta(seconds=lasting), LASTS)
    return found, _open(policy, found, now, said)


def _open(policy: FindingPolicy, found: Terms, now: datetime, said: str) -> Step:
    if found.kind is FindingClass.GUIDANCE:
        words = f"{said}: advice, kept for the digest"
        return _detected(words, next_digest(policy, now), DIGEST)
    return push(policy, found, now, f"{said}: sent to the {SENT_TO[policy.chain[0]]}")


def _detected(reason: str, due_at: datetime, due_reason: str) -> Step:
    return Step(state=FindingState.DETECTED, action="detected", reason=reason, due_at=due_at, due_reason=due_reason)


def _kept(policy: FindingPolicy, now: datetime, reason: str) -> Step:
    return _detected(reason, now + timedelta(seconds=policy.keep_s), KEPT)


def look(policy: FindingPolicy, found: Terms, now: datetime, reason: str) -> Step:
    """A person looks before anybody is told."""
    clocks = clocks_of(policy, found)
    return Step(
        state=FindingState.UNDER_REVIEW,
        action="review",
        reason=reason,
        due_at=after(now, clocks.look_s, found.share),
        due_reason="look",
        tell=clocks.tell[Moment.LOOK] if found.kind is FindingClass.IMMEDIATE else (),
    )


def _mute(quiet: Quiet, policy: FindingPolicy, opened_at: datetime, now: datetime) -> Step:
    latest = opened_at + timedelta(seconds=policy.quiet_max_s)
    return Step(
        state=FindingState.MUTED,
        action="muted",
        reason=f"muted by {quiet.owner}: {quiet.reason}",
        changes={"quiet_id": quiet.id},
        due_at=max(min(quiet.ends_at, latest), now + timedelta(seconds=1)),
        due_reason=QUIET,
    )


def next_digest(policy: FindingPolicy, now: datetime) -> datetime:
    """The next time that the day's letters are written, by the city's clock."""
    local = now.astimezone(ZoneInfo(policy.timezone))
    today = local.replace(hour=policy.guidance.digest_hour, minute=0, second=0, microsecond=0)
    return (today if today > local else today + timedelta(days=1)).astimezone(now.tzinfo)


def clocks_of(policy: FindingPolicy, found: Terms) -> Clocks:
    """The clocks of a class. Advice that a person makes more of has those of class II."""
    return policy.clocks[FindingClass.LIMITED if found.kind is FindingClass.GUIDANCE else found.kind]


def push(policy: FindingPolicy, found: Terms, now: datetime, reason: str, **changes: object) -> Step:
    """Those who answer for it are told and the clock starts."""
    clocks = clocks_of(policy, found)
    kind = FindingClass.LIMITED if found.kind is FindingClass.GUIDANCE else found.kind
    return Step(
        state=FindingState.PUSHED,
        action="pushed",
        reason=reason,
        changes={"pushed_at": now, "class": kind.value, **changes},
        due_at=after(now, clocks.rectify_s, found.share),
        due_reason="put right",
        letter="finding_pushed",
        tell=clocks.tell[Moment.PUSH],
    )


def closed(reason: str, now: datetime, action: str = "ended", **changes: object) -> Step:
    """The end that nobody had to judge."""
    return Step(state=FindingState.CLOSED, action=action, reason=reason, changes={"closed_at": now, **changes})


def ended(finding: Finding, reason: str, policy: FindingPolicy, now: datetime) -> Step | None:
    """What it means that the last event of a finding has ended. None: it is for its clock or for people to say."""
    if finding.state in ENDED or finding.state is FindingState.MUTED or not finding.ends_itself:
        return None
    if finding.state in (FindingState.APPEALED, FindingState.CASE):
        return None
    step = closed(f"ended by itself: {reason}", now, ended_at=now)
    if finding.pushed_at is None or finding.state in UNTOLD:
        return step
    told = {party for level in LEVELS[: finding.level + 1] for party in clocks_of(policy, finding.terms).tell[level]}
    return Step(
        state=step.state,
        action=step.action,
        reason=step.reason,
        changes=step.changes,
        letter="finding_ended",
        tell=tuple(party for party in policy.chain if party in told),
    )


def resumed(finding: Finding, policy: FindingPolicy, now: datetime) -> Step | None:
    """What was told before it ended by itself, and is back: its clocks go on from then. None: it was never told."""
    if finding.pushed_at is None:
        return None
    clocks = clocks_of(policy, finding.terms)
    seconds = (clocks.rectify_s, clocks.yellow_s, clocks.red_s)
    late = finding.level >= len(seconds)
    due_at = (
        after(now, clocks.remind_s, finding.share)
        if late
        else after(finding.pushed_at, seconds[finding.level], finding.share)
    )
    return Step(
        state=SHOWN[finding.level],
        action="back",
        reason="it is back",
        due_at=due_at,
        due_reason=("put right", "yellow", "red", "reminder")[finding.level],
        letter="finding_pushed",
        tell=clocks.tell[Moment.PUSH],
    )


def again(finding: Finding, found: Terms, step: Step, policy: FindingPolicy, now: datetime) -> Step | None:
    """What a finding makes of one more sighting, whose own first step would be `step`. None: it is counted only."""
    if finding.state in ENDED:
        return (resumed(finding, policy, now) if step.state is FindingState.PUSHED else None) or step
    if step.state is not FindingState.PUSHED:
        return None
    if finding.state in (FindingState.DETECTED, FindingState.UNDER_REVIEW):
        return step
    graver = RANK.index(found.kind) < RANK.index(finding.kind)
    return step if graver and finding.state in WITH_OWNER else None


def digested(finding: Finding, policy: FindingPolicy, now: datetime) -> Step:
    """The daily letter has named it. What is still wrong with a lift is named again tomorrow."""
    if finding.lift_id is not None and finding.still_on:
        again = next_digest(policy, now)
        return Step(
            state=FindingState.DETECTED,
            action="told",
            reason="in the daily letter",
            changes={"told_at": now},
            due_at=again,
            due_reason=DIGEST,
        )
    return closed("in the daily letter", now, "told", told_at=now)


def overdue(finding: Finding, policy: FindingPolicy, now: datetime, quiet: Quiet | None = None) -> Step | None:
    """What a clock that has run out does. `quiet` mutes it now, if anything does. The digest has its own clock."""
    if finding.state in ENDED or finding.due_at is None or finding.due_at > now:
        return None
    if finding.state is FindingState.DETECTED:
        return _waited(finding, policy, now)
    if finding.state is FindingState.MUTED:
        return _woken(finding, policy, now, quiet)
    return _RUN_OUT[finding.state](finding, policy, now)


def _waited(finding: Finding, policy: FindingPolicy, now: datetime) -> Step | None:
    if finding.due_reason == DIGEST:
        return None
    if finding.due_reason == LASTS and finding.still_on:
        return resumed(finding, policy, now) or _open(policy, finding.terms, now, "it lasts")
    if finding.due_reason == LASTS:
        return closed("ended by itself before anybody was told", now, ended_at=now)
    return closed("nobody made more of it", now)


def _woken(finding: Finding, policy: FindingPolicy, now: datetime, quiet: Quiet | None) -> Step:
    latest = finding.opened_at + timedelta(seconds=policy.quiet_max_s)
    if quiet is not None and now < latest:
        return _mute(quiet, policy, finding.opened_at, now)
    if not finding.still_on:
        return closed("ended while it was muted", now, ended_at=now)
    if finding.confidence < policy.automatic_confidence:
        return look(policy, finding.terms, now, "still there after the muting: a person looks first")
    return _open(policy, finding.terms, now, "still there after the muting")


def _late(finding: Finding, policy: FindingPolicy, now: datetime) -> Step:
    """Nobody has put it right: later and later, told higher and higher. Every level that was passed is told."""
    clocks, pushed = clocks_of(policy, finding.terms), finding.pushed_at or finding.opened_at
    yellow, red = (after(pushed, seconds, finding.share) for seconds in (clocks.yellow_s, clocks.red_s))
    level = max(finding.level, 3 if now >= red else 2 if now >= yellow else 1)
    fresh = LEVELS[finding.level + 1 : level + 1]
    told = {party for moment in fresh or (LEVELS[level],) for party in clocks.tell[moment]}
    again = after(now, clocks.remind_s, finding.share)
    due_at, due_reason = ((yellow, "yellow"), (red, "red"), (again, "reminder"))[level - 1]
    disputed = finding.state is FindingState.APPEALED
    return Step(
        state=finding.state if disputed else SHOWN[level],
        action="overdue" if level > 1 else "late",
        reason=LATE_WORDS[level] if fresh else f"still {LATE_WORDS[level]}",
        changes={"level": level, "reminders": finding.reminders + (not fresh)},
        due_at=max(due_at, now + timedelta(seconds=1)),
        due_reason=due_reason,
        letter="finding_overdue",
        tell=tuple(party for party in policy.chain if party in told),
    )


def _reminder(finding: Finding, policy: FindingPolicy, now: datetime) -> Step:
    """An officer or the bureau has not judged: told again, from the second time on those above as well."""
    clocks = clocks_of(policy, finding.terms)
    seconds, reason, moment = {
        FindingState.UNDER_REVIEW: (clocks.look_s, "nobody has looked", Moment.LOOK),
        FindingState.CASE: (clocks.remind_s, "the case is open", Moment.RED),
    }.get(finding.state, (clocks.review_s, "review is late", Moment.REVIEW))
    told = set(clocks.tell[moment]) | ({Party.BUREAU} if finding.reminders else set())
    return Step(
        state=finding.state,
        action="reminder",
        reason=reason,
        changes={"reminders": finding.reminders + 1},
        due_at=after(now, seconds, finding.share),
        due_reason=finding.due_reason,
        tell=tuple(party for party in (Party.GRID, Party.BUREAU) if party in told),
    )


def _disputed(finding: Finding, policy: FindingPolicy, now: datetime) -> Step:
    """A dispute stops the clock of what can wait, never of an immediate danger."""
    immediate = finding.kind is FindingClass.IMMEDIATE
    return _late(finding, policy, now) if immediate else _reminder(finding, policy, now)


_RUN_OUT: Mapping[FindingState, Callable[[Finding, FindingPolicy, datetime], Step]] = {
    FindingState.UNDER_REVIEW: _reminder,
    FindingState.PUSHED: _late,
    FindingState.OVERDUE_YELLOW: _late,
    FindingState.OVERDUE_RED: _late,
    FindingState.RECTIFIED_CLAIMED: _reminder,
    FindingState.APPEALED: _disputed,
    FindingState.CASE: _reminder,
}
