"""PURE: what is muted, and for how long it may be. A person who may be trapped is never muted."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from alerting.model import Refused
from contracts.kinds import NEVER_MUTED, QuietKind

SHORTEST_MIN = 1


class Subject(Struct, frozen=True, kw_only=True):
    """Where something was found."""

    device_id: int
    place_id: int | None = None
    lift_id: int | None = None
    kitchen_id: int | None = None


class Quiet(Struct, frozen=True, kw_only=True):
    """One muting as it stands in its row: whose faults, by whom, why, and until when."""

    id: int
    kind: QuietKind
    owner: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    lift_id: int | None = None
    place_id: int | None = None
    kitchen_id: int | None = None
    device_id: int | None = None
    rule: str = ""

    def runs(self, now: datetime) -> bool:
        return self.starts_at <= now < min(self.ends_at, self.ended_at or self.ends_at)

    def covers(self, rule: str, subject: Subject) -> bool:
        """Whether a rule's event at a subject falls under it; one that names no subject covers nothing."""
        named = {
            name: getattr(self, name)
            for name in ("lift_id", "place_id", "kitchen_id", "device_id")
            if getattr(self, name) is not None
        }
        same = all(getattr(subject, name) == value for name, value in named.items())
        return bool(named) and same and self.rule in ("", rule)


def muted(rule: str, subject: Subject, quiets: Iterable[Quiet], now: datetime) -> Quiet | None:
    """The muting under which an event is not told now; of several the one that ends last."""
    if rule in NEVER_MUTED:
        return None
    found = [quiet for quiet in quiets if quiet.runs(now) and quiet.covers(rule, subject)]
    return max(found, key=lambda quiet: quiet.ends_at, default=None)


class Wish(Struct, frozen=True, kw_only=True):
    """A muting that may begin."""

    kind: QuietKind
    owner: str
    reason: str
    rule: str
    until: datetime


def wanted(
    args: Mapping[str, object], reason: str, rules: Iterable[str], longest_s: int, now: datetime
) -> Wish | Refused:
    """What somebody asks to mute, or why it may not be. `rules` may be muted at this subject."""
    try:
        kind = QuietKind(str(args.get("kind", "")))
    except ValueError:
        return Refused(f"kind: {args.get('kind', '')!r}, expected {', '.join(QuietKind)}")
    owner, reason, rule = str(args.get("owner", "")).strip(), reason.strip(), str(args.get("rule") or "")
    if not owner:
        return Refused("owner: '', expected who answers for it")
    if not reason:
        return Refused("reason: '', expected why")
    if rule in NEVER_MUTED:
        return Refused(f"rule: {rule}, expected another: somebody may be inside")
    if rule and rule not in rules:
        return Refused(f"rule: {rule!r}, expected {', '.join(sorted(rules))}")
    minutes = str(args.get("minutes", ""))
    longest = longest_s // 60
    if not (minutes.isascii() and minutes.isdigit() and len(minutes) < 7 and SHORTEST_MIN <= int(minutes) <= longest):
        return Refused(f"minutes: {minutes!r}, expected {SHORTEST_MIN} to {longest}")
    return Wish(kind=kind, owner=owner, reason=reason, rule=rule, until=now + timedelta(minutes=int(minutes)))
