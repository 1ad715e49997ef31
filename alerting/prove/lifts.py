"""PURE: whether every lift of the register finds somebody in every tier."""

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from alerting.lift_policy import LAST_TIER, LiftPolicy, Tier
from alerting.prove.branches import branch_key
from alerting.prove.fault import Fault, named
from contracts.kinds import OrganisationKind

OWN = (OrganisationKind.MAINTENANCE, OrganisationKind.PROPERTY)
"""asked is the lift's own one, not any"""
FIRST_FEW = 3


class Group(Struct, frozen=True, kw_only=True):
    """Lifts that ask the same organisations."""

    maintenance: int | None
    property: int | None
    lifts: int
    codes: tuple[str, ...]
    """the first few"""


class Organisation(Struct, frozen=True, kw_only=True):
    """An active organisation, and whether it has a contact method."""

    id: int
    kind: str
    reachable: bool


class Register(Struct, frozen=True, kw_only=True):
    """What the proof has to know of a city."""

    groups: Sequence[Group]
    organisations: Sequence[Organisation]
    place_kinds: Collection[str]
    campaigns: Collection[str]

    @property
    def lifts(self) -> int:
        return sum(group.lifts for group in self.groups)


def faults(policy: LiftPolicy, register: Register) -> list[Fault]:
    """What speaks against a policy in this city."""
    found = [*_words(policy, register)]
    if register.lifts:
        found += _tiers(policy, register)
    return found


def notes(policy: LiftPolicy, register: Register) -> list[str]:
    """What people should know: who is called besides the tiers, and cannot be."""
    if not register.lifts:
        return ["the register has no lifts: whether their tiers can be reached is not proved"]
    reachable = {one.kind for one in register.organisations if one.reachable}
    missing = [kind.value for kind in policy.emergency.ask if kind not in reachable]
    return [f"emergency.ask: no {kind} in the register has a contact method" for kind in missing]


def _words(policy: LiftPolicy, register: Register) -> Iterator[Fault]:
    for branch in policy.branch:
        for kind in branch.when.place_kinds:
            if register.lifts and kind not in register.place_kinds:
                yield Fault(
                    key=branch_key(branch, "when.place_kinds"),
                    value=repr(kind),
                    expected=f"a kind of place that the register knows ({', '.join(sorted(register.place_kinds))})",
                )
        for code in branch.when.campaigns:
            if code != "*" and code not in register.campaigns:
                known = ", ".join(sorted(register.campaigns)) or "none yet"
                yield Fault(
                    key=branch_key(branch, "when.campaigns"),
                    value=repr(code),
                    expected=f"a campaign that the register knows ({known})",
                )


def _tiers(policy: LiftPolicy, register: Register) -> Iterator[Fault]:
    kinds = {one.kind for one in register.organisations}
    missing: dict[int, list[Group]] = {}
    city = _City(register.organisations)
    for group in register.groups:
        for number in city.unreached(policy.tier, group):
            missing.setdefault(number, []).append(group)
    for number, groups in sorted(missing.items()):
        asked = policy.tier[number - 1].ask
        count = sum(group.lifts for group in groups)
        codes = tuple(code for group in groups for code in group.codes)[:FIRST_FEW]
        nobody = not {*asked} & kinds
        yield Fault(
            key=f"tier[{number}].ask",
            value=", ".join(asked),
            expected="an organisation of that kind in the register"
            if nobody
            else "for every lift somebody with an active contact method whom no tier before asks",
            path=f"there is nobody for {named(codes, count)}: {_then(number)}",
            codes=codes,
            count=count,
        )


def _then(number: int) -> str:
    if number < LAST_TIER:
        return f"tier {number + 1} is called at once"
    return "when tiers 1 and 2 do not come, t_max_s passes and there is nobody to call"


class _City:
    """Who can be reached, by kind."""

    def __init__(self, organisations: Sequence[Organisation]) -> None:
        self.kind_of = {one.id: one.kind for one in organisations if one.reachable}
        self.by_kind: dict[str, set[int]] = {}
        for one, kind in self.kind_of.items():
            self.by_kind.setdefault(kind, set()).add(one)

    def unreached(self, tiers: Sequence[Tier], group: Group) -> list[int]:
        """The tiers in which a lift of the group finds nobody new."""
        asked: set[int] = set()
        found = []
        own = dict(zip(OWN, (group.maintenance, group.property), strict=True))
        for number, tier in enumerate(tiers, 1):
            mine = {one for kind in tier.ask if (one := own.get(kind)) in self.kind_of and one is not None} - asked
            stations = set[int]().union(*(self.by_kind.get(kind, set()) for kind in tier.ask if kind not in OWN))
            free = stations - asked
            if not mine and not free:
                found.append(number)
            # The nearest are asked; in the worst case those whom a later tier would have had.
            later = {kind for following in tiers[number:] for kind in following.ask}
            wanted = sorted(free, key=lambda one: (self.kind_of[one] not in later, one))
            asked |= mine | {*(wanted[: tier.count] if tier.count else wanted)}
        return found
