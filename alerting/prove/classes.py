"""PURE: the cases that a policy tells apart. Facts that no condition tells apart are one case."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from alerting.crew import MOST_PEOPLE
from alerting.lift_policy import DAY_MIN, Branch, Facts, LiftPolicy, Plan, When, holds, plan, span
from alerting.model import Incident
from contracts.kinds import Hazard, IncidentState

OTHER_PLACE = "another place"
OTHER_CAMPAIGN = "another-campaign"
MOST_CASES = 20_000
NOON = 721


class Case(Struct, frozen=True, kw_only=True):
    """Facts that stand for all that the policy treats alike, and what it comes to for them."""

    facts: Facts
    plan: Plan

    @property
    def words(self) -> str:
        """The case for people."""
        facts = self.facts
        said = [facts.place_kind if facts.place_kind != OTHER_PLACE else ""]
        said += ["remote" if facts.remote else "", f"at {clock(facts.minute)}" if facts.minute != NOON else ""]
        said += [f"campaign {' '.join(facts.campaigns)}" if facts.campaigns else "", " ".join(facts.hazards)]
        said += [f"{facts.people} people" if facts.people else "", "mass incident" if facts.mass else ""]
        return ", ".join(one for one in said if one) or "an ordinary lift"

    @property
    def signature(self) -> tuple[object, ...]:
        """Cases with the same one run the same: decisions know of the facts only this."""
        chosen = self.plan
        return (
            chosen.clocks,
            chosen.tiers,
            chosen.call_tier,
            chosen.emergency,
            bool(self.facts.hazards),
            self.facts.mass,
        )

    def incident(self, policy: LiftPolicy, *, looked_at: bool = False) -> Incident:
        """An incident with these facts, of which nobody was told yet."""
        midnight = datetime(2026, 1, 14, tzinfo=ZoneInfo(policy.timezone))
        at = (midnight + timedelta(minutes=self.facts.minute)).astimezone(UTC)
        facts = self.facts
        return Incident(
            id=1,
            number="R20260114-0001",
            lift_id=1,
            state=IncidentState.VERIFYING if looked_at else IncidentState.RECEIVED,
            tier=0,
            version=0,
            alarm_at=at,
            opened_at=at,
            people_inside=facts.people,
            hazards=facts.hazards,
            place_kind=facts.place_kind,
            remote=facts.remote,
            campaign=" ".join(facts.campaigns),
            mass_id=1 if facts.mass else None,
        )


class TooManyCases(ValueError):
    """More cases than can be looked at."""


def cases(policy: LiftPolicy) -> list[Case]:
    """Every case that the policy tells apart, the ordinary one first. Raises TooManyCases."""
    known = [Facts(place_kind=OTHER_PLACE, minute=NOON)]
    for field, values in _values(policy).items():
        wider: dict[tuple[bool, ...], Facts] = {}
        for facts in known:
            for value in values:
                made = msgspec.structs.replace(facts, **{field: value})
                wider.setdefault(_told_apart(policy.branch, made, field), made)
                if len(wider) > MOST_CASES:
                    raise TooManyCases(f"{len(policy.branch)} branches make more than {MOST_CASES} cases")
        known = [*wider.values()]
    return [Case(facts=facts, plan=plan(policy, facts)) for facts in known]


ORDER = ("place_kind", "minute", "campaigns", "hazards", "people", "remote", "mass")
CONDITIONS = dict(
    zip(ORDER, ("place_kinds", "hours", "campaigns", "hazards", "people_min", "remote", "mass"), strict=True)
)


def _told_apart(branches: Sequence[Branch], facts: Facts, last: str) -> tuple[bool, ...]:
    """Which branches can still hold, judged by the facts that are chosen up to `last`."""
    chosen = ORDER[: ORDER.index(last) + 1]
    return tuple(holds(_only(branch.when, chosen), facts) for branch in branches)


def _only(when: When, fields: Iterable[str]) -> When:
    return When(**{CONDITIONS[field]: getattr(when, CONDITIONS[field]) for field in fields})


def _values(policy: LiftPolicy) -> dict[str, list[object]]:
    """The values of each fact that the policy's own thresholds tell apart; the ordinary one first."""
    whens = [branch.when for branch in policy.branch]
    places = sorted({kind for when in whens for kind in when.place_kinds})
    people = sorted({when.people_min for when in whens if when.people_min is not None})
    campaigns = [frozenset(when.campaigns) for when in whens]
    hazards = [frozenset(str(one) for one in when.hazards) for when in whens]
    return {
        "place_kind": [OTHER_PLACE, *places],
        "minute": [*(minutes(whens) or [NOON])],
        "campaigns": _subsets(chain(*campaigns), _campaign, campaigns),
        "hazards": _subsets(chain(*hazards), Hazard, hazards),
        "people": [None, *(count for count in people if count <= MOST_PEOPLE)],
        "remote": [False, True],
        "mass": [False, True],
    }


def minutes(whens: Iterable[When]) -> list[int]:
    """The minutes of the day at which a condition begins or ends to hold."""
    bounds = {bound for when in whens for hours in when.hours for bound in span(hours)}
    return sorted({bound % DAY_MIN for bound in bounds})


def _campaign(code: str) -> str:
    return OTHER_CAMPAIGN if code == "*" else code


def _subsets(names: Iterable[str], make: Callable[[str], object], asks: Sequence[frozenset[str]]) -> list[object]:
    """None, and every choice of names that other conditions ask for than those before: a condition asks for any of
    its names, so that a choice is told apart by the conditions that ask for one of it."""
    known: dict[frozenset[int], frozenset[str]] = {frozenset(): frozenset()}
    for name in sorted({*names}):
        own = frozenset(number for number, asked in enumerate(asks) if name in asked or (asked and "*" in asked))
        for asking, chosen in [*known.items()]:
            known.setdefault(asking | own, chosen | {name})
        if len(known) > MOST_CASES:
            raise TooManyCases(f"conditions tell more than {MOST_CASES} choices of {len(known)} names apart")
    return [tuple(make(one) for one in sorted(chosen)) for chosen in known.values()]


def clock(minute: int) -> str:
    """A minute of the day as people write it."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
