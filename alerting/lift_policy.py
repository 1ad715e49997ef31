"""PURE: how a lift's rescue runs: tiers, clocks, and branches for what is special about a place, an hour or the people.

A branch whose condition holds sets the clocks it names and may call tiers at once; of two that set the same, the later
one counts. `plan` says what all that comes to for one incident.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from contracts.kinds import Hazard, OrganisationKind

Seconds = Annotated[int, Meta(gt=0, le=366 * 86_400)]
Hours = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
LAST_TIER = 3
DAY_MIN = 1440


class Clocks(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All in seconds."""

    verify_s: Seconds
    check_eta_s: Seconds
    arrive_s: Seconds
    release_s: Seconds
    long_s: Seconds
    t_max_s: Seconds
    comfort_s: Seconds
    record_s: Seconds
    follow_up_s: Seconds
    reopen_s: Seconds
    settle_s: Seconds


class Tier(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is asked to come, and how long they have to accept."""

    ask: Annotated[tuple[OrganisationKind, ...], Meta(min_length=1)]
    accept_s: Seconds
    count: Annotated[int, Meta(ge=0, le=20)] = 1
    """the nearest so many; 0: all"""
    tell: tuple[OrganisationKind, ...] = ()
    """told, not asked"""


class Emergency(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is called besides tier 3 when somebody is hurt."""

    ask: tuple[OrganisationKind, ...] = (OrganisationKind.AMBULANCE,)


class Mass(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When single incidents are one mass incident."""

    window_s: Seconds = 300
    place_lifts: Annotated[int, Meta(ge=2)] = 3
    grid_lifts: Annotated[int, Meta(ge=2)] = 5
    quiet_s: Seconds = 3600


class Letters(Struct, frozen=True, forbid_unknown_fields=True):
    """How people are told."""

    every_way: tuple[str, ...] = ("call_again",)
    """stages that go out on all of a person's channels at once; of others the next waits for the one before to fail"""


class When(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A condition; every key that is given must hold."""

    place_kinds: tuple[str, ...] = ()
    hours: tuple[Hours, ...] = ()
    campaigns: tuple[str, ...] = ()
    """codes; `*`: any campaign"""
    hazards: tuple[Hazard, ...] = ()
    """any of them"""
    people_min: Annotated[int, Meta(ge=1)] | None = None
    remote: bool | None = None
    mass: bool | None = None


class Branch(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is different under a condition."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    when: When
    verify_s: Seconds | None = None
    check_eta_s: Seconds | None = None
    arrive_s: Seconds | None = None
    release_s: Seconds | None = None
    long_s: Seconds | None = None
    t_max_s: Seconds | None = None
    comfort_s: Seconds | None = None
    accept_s: tuple[Seconds, Seconds, Seconds] | None = None
    """of the three tiers"""
    call_tier: Annotated[int, Meta(ge=1, le=LAST_TIER)] | None = None
    """tiers up to this one are called at once, side by side"""
    emergency: bool | None = None
    """whoever [emergency] names is called at once"""


class LiftPolicy(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="lift", kw_only=True):
    """A city's way of rescuing."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    clocks: Clocks
    tier: Annotated[tuple[Tier, ...], Meta(min_length=LAST_TIER, max_length=LAST_TIER)]
    emergency: Emergency = Emergency()
    mass: Mass = Mass()
    letters: Letters = Letters()
    branch: tuple[Branch, ...] = ()
    timezone: str = "Asia/Shanghai"
    version: int = 0


class Facts(Struct, frozen=True, kw_only=True):
    """What conditions may ask about an incident."""

    place_kind: str = "other"
    minute: int = 0
    """of the day of the alarm, by the policy's clock"""
    campaigns: tuple[str, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    people: int | None = None
    remote: bool = False
    mass: bool = False


class Plan(Struct, frozen=True, kw_only=True):
    """What a policy comes to for one incident."""

    clocks: Clocks
    tiers: tuple[Tier, ...]
    call_tier: int = 1
    emergency: bool = False
    branches: tuple[str, ...] = ()
    """names of those that hold"""
    why: str = ""
    """the branch that calls tiers at once"""

    def accept_s(self, tier: int) -> int:
        return self.tiers[tier - 1].accept_s


CLOCKS = Clocks.__struct_fields__


def plan(policy: LiftPolicy, facts: Facts) -> Plan:
    """What holds for an incident with these facts."""
    clocks: dict[str, int] = {}
    tiers, call_tier, emergency, why = policy.tier, 1, False, ""
    holding = [branch for branch in policy.branch if holds(branch.when, facts)]
    for branch in holding:
        clocks |= {name: value for name in CLOCKS if (value := getattr(branch, name, None)) is not None}
        if branch.accept_s is not None:
            tiers = tuple(
                msgspec.structs.replace(tier, accept_s=accept_s)
                for tier, accept_s in zip(tiers, branch.accept_s, strict=True)
            )
        if branch.call_tier is not None and branch.call_tier > call_tier:
            call_tier, why = branch.call_tier, branch.name
        if branch.emergency is not None:
            emergency, why = branch.emergency, why or branch.name
    return Plan(
        clocks=msgspec.structs.replace(policy.clocks, **clocks) if clocks else policy.clocks,
        tiers=tiers,
        call_tier=call_tier,
        emergency=emergency,
        branches=tuple(branch.name for branch in holding),
        why=why,
    )


def holds(when: When, facts: Facts) -> bool:
    """Whether a condition holds."""
    return (
        (not when.place_kinds or facts.place_kind in when.place_kinds)
        and (not when.hours or any(_within(hours, facts.minute) for hours in when.hours))
        and (not when.campaigns or _in_campaign(when.campaigns, facts.campaigns))
        and (not when.hazards or any(hazard in facts.hazards for hazard in when.hazards))
        and (when.people_min is None or (facts.people or 0) >= when.people_min)
        and (when.remote is None or facts.remote is when.remote)
        and (when.mass is None or facts.mass is when.mass)
    )


def minute_of(policy: LiftPolicy, at: datetime) -> int:
    """The minute of the day by the policy's clock."""
    local = at.astimezone(ZoneInfo(policy.timezone))
    return local.hour * 60 + local.minute


def span(hours: str) -> tuple[int, int]:
    """From and to, in minutes of the day; to is not after from when it goes over midnight."""
    first, _, last = hours.partition("-")
    return _minute(first), _minute(last)


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)


def _within(hours: str, minute: int) -> bool:
    first, last = span(hours)
    return first <= minute < last if first < last else minute >= first or minute < last


def _in_campaign(wanted: Sequence[str], running: Sequence[str]) -> bool:
    return any(code in running for code in wanted) or ("*" in wanted and bool(running))
