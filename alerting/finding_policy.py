"""PURE: policies of findings: classes, clocks, who is told when. Kitchens and lifts differ in data alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct

from contracts.kinds import CentreRule, FindingClass, Rule

Seconds = Annotated[int, Meta(gt=0, le=366 * 86_400)]
Share = Annotated[float, Meta(ge=0, le=1)]

KITCHEN_RULES = (
    Rule.NO_HAT,
    Rule.NO_MASK,
    Rule.CAMERA_BLIND,
    Rule.STRANGER,
    Rule.CROWDING,
    Rule.CLIMATE,
    Rule.UV_LAMP,
)
FAULT_RULES = (
    Rule.LIFT_FAULT,
    Rule.DOOR_NOT_OPENING,
    Rule.DOOR_NOT_CLOSING,
    Rule.DOOR_REOPENING,
    Rule.UNINTENDED_MOVEMENT,
    Rule.OVERSPEED,
    Rule.OVERTRAVEL,
    Rule.MAINS_LOST,
    Rule.SENSOR_SHIELDED,
    Rule.ALARM_PATH_UNTESTED,
    Rule.LIFT_UNKNOWN,
    Rule.RIDE_QUALITY,
)
"""what a lift reports and is a fault, not a rescue"""
RANK = (FindingClass.IMMEDIATE, FindingClass.LIMITED, FindingClass.DEVICE, FindingClass.GUIDANCE)
TIMED = RANK[:3]


class Party(StrEnum):
    """Who can be told of a finding."""

    OWNER = "owner"
    """the caterer"""
    MAINTENANCE = "maintenance"
    PROPERTY = "property"
    GRID = "grid"
    BUREAU = "bureau"


OFFICERS = (Party.GRID, Party.BUREAU)


class Moment(StrEnum):
    """When somebody is told."""

    LOOK = "look"
    """a doubtful finding waits for a person"""
    PUSH = "push"
    LATE = "late"
    YELLOW = "yellow"
    RED = "red"
    REVIEW = "review"
    """it was put right, or the owner disagrees: an officer has to judge"""


class Clocks(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The clocks of one class, in seconds, and who is told at which moment."""

    look_s: Seconds
    rectify_s: Seconds
    review_s: Seconds
    yellow_s: Seconds
    """since it was pushed, as red"""
    red_s: Seconds
    remind_s: Seconds
    """how often what is red, or a case, is said again"""
    tell: dict[Moment, tuple[Party, ...]]


class Guidance(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Class III: a letter a day; so many of one kind within a time are class II."""

    digest_hour: Annotated[int, Meta(ge=0, le=23)]
    """by the city's clock"""
    times: Annotated[int, Meta(ge=2, le=1000)]
    within_s: Seconds


class Stricter(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where all of a condition holds when a finding begins, its clocks are shorter and its class may be higher."""

    name: str
    kinds: tuple[str, ...] = ()
    """of a kitchen, or of the place of a lift"""
    campaign: bool = False
    share: Annotated[float, Meta(gt=0, le=1)] = 1.0
    classes: dict[str, FindingClass] = {}

    def holds(self, kind: str, campaign: bool) -> bool:
        return (not self.kinds or kind in self.kinds) and (not self.campaign or campaign)


class FindingPolicy(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    """Confidence bands, classes, clocks and chains of findings. Use one of its two kinds."""

    rules: ClassVar[tuple[Rule, ...]] = ()
    chain: ClassVar[tuple[Party, ...]] = ()
    """from who answers first to who answers last"""

    name: str
    timezone: str = "Asia/Shanghai"
    """the city's clock: when the daily letters are written, and the times in letters"""
    automatic_confidence: Share
    review_confidence: Share
    repeat_s: Seconds
    keep_s: Seconds
    """how long what nobody was told of stays open"""
    silence_s: Seconds
    """a device that is silent for longer is a finding"""
    quiet_max_s: Seconds
    """the longest muting, and the longest that one finding may be muted"""
    guidance: Guidance
    classes: dict[str, FindingClass]
    causes: dict[str, FindingClass] = {}
    """by `details.cause` of the event, before the rule's class"""
    lasting: dict[str, Seconds] = {}
    """what must last so long before anybody is told"""
    clocks: dict[FindingClass, Clocks]
    photo: tuple[FindingClass, ...] = ()
    """where an owner's word that it is put right needs a photo; the owner's page asks for it"""
    stricter: tuple[Stricter, ...] = ()
    version: int = 0


class KitchenPolicy(FindingPolicy, frozen=True, tag="kitchen", kw_only=True):
    """Findings in kitchens: owner, grid officer, bureau."""

    rules: ClassVar[tuple[Rule, ...]] = KITCHEN_RULES
    chain: ClassVar[tuple[Party, ...]] = (Party.OWNER, Party.GRID, Party.BUREAU)


class FaultPolicy(FindingPolicy, frozen=True, tag="fault", kw_only=True):
    """Faults of lifts: maintenance unit, property, grid office, bureau."""

    rules: ClassVar[tuple[Rule, ...]] = FAULT_RULES
    chain: ClassVar[tuple[Party, ...]] = (Party.MAINTENANCE, Party.PROPERTY, Party.GRID, Party.BUREAU)


class Terms(NamedTuple):
    """What a finding begins with and keeps: its class, and its share of the policy's clocks."""

    kind: FindingClass
    share: float


def terms(policy: FindingPolicy, rule: str, cause: str, advisory: bool, kind: str, campaign: bool) -> Terms:
    """The terms of a new finding: of all conditions that hold, the strictest counts."""
    own = policy.causes.get(cause) or policy.classes.get(rule, FindingClass.GUIDANCE)
    found = [FindingClass.GUIDANCE if advisory else own]
    share = 1.0
    for stricter in policy.stricter:
        if stricter.holds(kind, campaign):
            share = min(share, stricter.share)
            found += [stricter.classes[rule]] if rule in stricter.classes else []
    return Terms(min(found, key=RANK.index), share)


def after(at: datetime, seconds: float, share: float) -> datetime:
    """When a clock of so many seconds, begun at `at`, runs out for a finding with this share."""
    return at + timedelta(seconds=seconds * share)


def faults(policy: FindingPolicy) -> list[str]:
    """What speaks against a policy whose keys are all there: key, value, and what was expected."""
    found = []
    try:
        ZoneInfo(policy.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        found.append(f"timezone: {policy.timezone!r}, expected a name such as Asia/Shanghai")
    if policy.review_confidence > policy.automatic_confidence:
        found.append(
            f"review_confidence: {policy.review_confidence}, expected at most automatic_confidence"
            f" ({policy.automatic_confidence})"
        )
    return [*found, *_class_faults(policy), *_clock_faults(policy), *_stricter_faults(policy)]


def _class_faults(policy: FindingPolicy) -> list[str]:
    known = {*policy.rules, CentreRule.DEVICE_SILENT}
    found = [
        f"classes.{rule}: missing, expected I, II, III or D" for rule in sorted(known) if rule not in policy.classes
    ]
    for table, rules in (("classes", policy.classes), ("lasting", policy.lasting)):
        found += [f"{table}.{rule}: expected one of {', '.join(sorted(known))}" for rule in rules if rule not in known]
    found += [
        f"lasting.{rule}: {seconds}, expected nothing: class I is told at once"
        for rule, seconds in policy.lasting.items()
        if policy.classes.get(rule) is FindingClass.IMMEDIATE
    ]
    return found


def _clock_faults(policy: FindingPolicy) -> list[str]:
    found = [f"clocks.{kind}: missing, expected the clocks of the class" for kind in TIMED if kind not in policy.clocks]
    if FindingClass.GUIDANCE in policy.clocks:
        found.append("clocks.III: expected nothing: class III goes into the daily letter")
    for kind, clocks in policy.clocks.items():
        key = f"clocks.{kind}"
        if not clocks.rectify_s < clocks.yellow_s < clocks.red_s:
            found.append(
                f"{key}: rectify_s {clocks.rectify_s}, yellow_s {clocks.yellow_s}, red_s {clocks.red_s},"
                " expected to grow in this order"
            )
        found += _chain_faults(f"{key}.tell", clocks.tell, policy.chain)
    return found


def _chain_faults(key: str, tell: Mapping[Moment, Sequence[Party]], chain: Sequence[Party]) -> list[str]:
    found = []
    for moment in Moment:
        told = tell.get(moment, ())
        if not told:
            found.append(f"{key}.{moment}: nobody, expected some of {', '.join(chain)}")
        found += [
            f"{key}.{moment}: '{party}', expected one of {', '.join(chain)}" for party in told if party not in chain
        ]
    if tell.get(Moment.PUSH) and chain[0] not in tell[Moment.PUSH]:
        found.append(f"{key}.push: {', '.join(tell[Moment.PUSH])}, expected {chain[0]} among them")
    if tell.get(Moment.RED) and Party.BUREAU not in tell[Moment.RED]:
        found.append(f"{key}.red: {', '.join(tell[Moment.RED])}, expected bureau among them")
    for moment in (Moment.LOOK, Moment.REVIEW):
        if tell.get(moment) and not set(OFFICERS) & set(tell[moment]):
            found.append(f"{key}.{moment}: {', '.join(tell[moment])}, expected grid or bureau among them")
    return found


def _stricter_faults(policy: FindingPolicy) -> list[str]:
    found = []
    for stricter in policy.stricter:
        key = f"stricter {stricter.name!r}"
        if not stricter.kinds and not stricter.campaign:
            found.append(f"{key}: no condition, expected kinds or campaign")
        if stricter.share == 1 and not stricter.classes:
            found.append(f"{key}: changes nothing, expected share or classes")
        for rule, kind in stricter.classes.items():
            if rule not in policy.classes:
                found.append(f"{key}, classes.{rule}: expected one of {', '.join(sorted(policy.classes))}")
            elif RANK.index(kind) > RANK.index(policy.classes[rule]):
                found.append(f"{key}, classes.{rule}: {kind}, expected {policy.classes[rule]} or stricter")
    return found


def from_first(body: Mapping[str, Any]) -> dict[str, Any]:
    """A kitchen policy of the first form: its findings keep its clocks, what it did not know gets defaults."""
    names = ("rectify_s", "review_s", "yellow_s", "red_s")
    tell = {
        Moment.LOOK: [Party.GRID],
        Moment.PUSH: [Party.OWNER],
        Moment.LATE: [Party.OWNER, Party.GRID],
        Moment.YELLOW: [Party.OWNER, Party.GRID, Party.BUREAU],
        Moment.RED: [Party.OWNER, Party.BUREAU],
        Moment.REVIEW: [Party.GRID],
    }
    clocks = {**{name: body[name] for name in names}, "look_s": 86_400, "remind_s": 604_800, "tell": tell}
    unnamed = dict.fromkeys([rule.value for rule in KITCHEN_RULES], FindingClass.GUIDANCE)
    return {
        **{name: value for name, value in body.items() if name not in names},
        "keep_s": 604_800,
        "silence_s": 3600,
        "quiet_max_s": 86_400,
        "guidance": {"digest_hour": 8, "times": 3, "within_s": 604_800},
        "classes": {**unnamed, CentreRule.DEVICE_SILENT: FindingClass.DEVICE, **body["classes"]},
        "clocks": dict.fromkeys(TIMED, clocks),
    }


class Subject(Struct, frozen=True, kw_only=True):
    """A kitchen or a lift of the register, and which parties of its chain can be reached."""

    code: str
    reachable: frozenset[Party]


class Gap(NamedTuple):
    """A party that the policy tells, and the kitchens or lifts for which there is none with a contact."""

    party: Party
    codes: tuple[str, ...]


def gaps(policy: FindingPolicy, subjects: Sequence[Subject]) -> list[Gap]:
    """For which kitchens or lifts a party that the policy names cannot be told. Empty: every chain is whole."""
    named = {party for clocks in policy.clocks.values() for told in clocks.tell.values() for party in told}
    found = []
    for party in policy.chain:
        codes = tuple(sorted(subject.code for subject in subjects if party not in subject.reachable))
        if party in named and codes:
            found.append(Gap(party, codes))
    return found


class Told(NamedTuple):
    """Who is told of a step, and who should have been and cannot be."""

    parties: tuple[Party, ...]
    missing: tuple[Party, ...]


def reach(wanted: Sequence[Party], reachable: frozenset[Party], chain: Sequence[Party]) -> Told:
    """Who of a chain is told in place of whom: for everybody who cannot be reached, the next above who can."""
    found = set()
    for party in wanted:
        above = chain[chain.index(party) :] if party in chain else ()
        found |= {next((one for one in above if one in reachable), party)}
    return Told(
        tuple(party for party in chain if party in found & reachable),
        tuple(party for party in wanted if party not in reachable),
    )
