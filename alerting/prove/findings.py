"""PURE: the proof of a policy of findings: whatever owner and officers leave undone, the last of the chain is told."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

import msgspec

from alerting.finding_policy import FindingPolicy, Gap, KitchenPolicy, Stricter, Terms, terms
from alerting.prove.fault import Fault, named
from alerting.prove.finding_walk import KEYS, Trail, trails
from alerting.prove.proof import Proof
from contracts.kinds import FindingClass

OTHER_KIND = "another kind"
TIMED = (FindingClass.IMMEDIATE, FindingClass.LIMITED, FindingClass.DEVICE)
FIRST_FEW = 3
SLACK_S = 60.0


def prove(policy: FindingPolicy) -> Proof:
    """Walks every path of every class under every share of its clocks."""
    proof = Proof(faults=[*_stricter(policy)], notes=[], latest_what=f"{policy.chain[-1]} told", fired={})
    fired: Counter[str] = Counter()
    for kind, share in product(TIMED, _shares(policy)):
        own: Counter[str] = Counter()
        for doubtful in (False, True):
            _walk(policy, Terms(kind, share), doubtful, proof, own)
        proof.cases += 1
        fired.update(own)
        proof.faults += _dead(policy, kind, share, own)
    proof.plans = proof.cases
    proof.fired = {key: fired[key] for key in KEYS.values() if fired[key]}
    return proof


def _walk(policy: FindingPolicy, given: Terms, doubtful: bool, proof: Proof, fired: Counter[str]) -> None:
    limit = bound_s(policy, given)
    words = f"class {given.kind}, {'doubtful' if doubtful else 'certain'}" + (
        f", {given.share:g} of its time" if given.share < 1 else ""
    )
    worst: Trail | None = None
    for trail in trails(policy, given, limit + SLACK_S, doubtful=doubtful):
        proof.paths += 1
        fired.update(trail.fired)
        if trail.last_told_s is None or trail.last_told_s > limit or trail.stopped:
            worst = worst if worst is not None and len(worst.said) <= len(trail.said) else trail
        elif trail.last_told_s > (proof.latest_s or 0):
            proof.latest_s, proof.latest_case, proof.latest_path = trail.last_told_s, words, trail.words
    if worst is not None:
        last = policy.chain[-1]
        proof.faults.append(
            Fault(
                key=f"clocks.{given.kind}.red_s",
                value=str(policy.clocks[given.kind].red_s),
                expected=f"that {last} is told within {limit:.0f} s whatever owner and officers leave undone",
                path=f"{words}: {worst.words}",
            )
        )


def bound_s(policy: FindingPolicy, given: Terms) -> float:
    """Until the last of the chain must have been told: red, and the time of officers who have to judge in between."""
    clocks = policy.clocks[given.kind]
    judged = 4 * clocks.review_s + clocks.rectify_s
    return max(clocks.red_s + judged, 2 * clocks.look_s) * given.share


def _shares(policy: FindingPolicy) -> list[float]:
    return sorted({1.0, *(one.share for one in policy.stricter)}, reverse=True)


def _dead(policy: FindingPolicy, kind: FindingClass, share: float, fired: Counter[str]) -> Iterator[Fault]:
    """Clocks of a class that run out on no path."""
    if share < 1:
        return
    for key in KEYS.values():
        if not fired[key]:
            yield Fault(
                key=f"clocks.{kind}.{key}",
                value=str(getattr(policy.clocks[kind], key)),
                expected="a time that can run out first on some path",
            )


def _stricter(policy: FindingPolicy) -> Iterator[Fault]:
    """Conditions that change nothing wherever they hold, because others say the same or more."""
    kinds = [OTHER_KIND, *sorted({kind for one in policy.stricter for kind in one.kinds})]
    rules = [*policy.classes]
    for number, one in enumerate(policy.stricter):
        rest = msgspec.structs.replace(policy, stricter=(*policy.stricter[:number], *policy.stricter[number + 1 :]))
        where = [(kind, campaign) for kind in kinds for campaign in (False, True) if one.holds(kind, campaign)]
        changed = any(
            terms(policy, rule, "", False, kind, campaign) != terms(rest, rule, "", False, kind, campaign)
            for rule in rules
            for kind, campaign in where
        )
        if not changed:
            yield Fault(
                key=f"stricter {one.name!r}",
                value=_says(one),
                expected="that it changes something: wherever it holds, others say the same or more",
            )


def _says(one: Stricter) -> str:
    return ", ".join([f"share {one.share:g}", *(f"{rule} {kind}" for rule, kind in one.classes.items())])


def what(policy: FindingPolicy) -> str:
    """What a policy's findings are of."""
    return "kitchens" if isinstance(policy, KitchenPolicy) else "lifts"


def register_faults(policy: FindingPolicy, gaps: Sequence[Gap]) -> list[Fault]:
    """Parties of the chain that somewhere cannot be told."""
    found = []
    for gap in gaps:
        last = gap.party is policy.chain[-1]
        then = "nobody is above" if last else "the next above is told instead"
        found.append(
            Fault(
                key=f"tell {gap.party}",
                value=f"nobody for {len(gap.codes)} {what(policy)}",
                expected="one with an active contact method for each",
                path=f"{named(gap.codes[:FIRST_FEW], len(gap.codes))}: {then}",
                codes=gap.codes[:FIRST_FEW],
                count=len(gap.codes),
            )
        )
    return found


def register_notes(policy: FindingPolicy, kinds: Sequence[str]) -> list[str]:
    """Kinds of a policy that nobody in the register is of: it may be a city without them, or a slip of the pen."""
    return [
        f"stricter {one.name!r}: none of the {what(policy)} is of kind {kind!r}"
        for one in policy.stricter
        for kind in one.kinds
        if kinds and kind not in kinds
    ]
