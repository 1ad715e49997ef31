"""PURE: the proof of a lift policy: every case, every path, with the decisions that run in production."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from alerting import escalation
from alerting.lift_policy import LAST_TIER, LiftPolicy
from alerting.prove import branches, dead
from alerting.prove.classes import Case, TooManyCases, cases
from alerting.prove.fault import Fault
from alerting.prove.humans import ALONE, FEW
from alerting.prove.proof import Proof
from alerting.prove.walk import Change, Path, Walk
from alerting.simulate.world import Decide

FIXED = ("place_kind", "minute", "campaigns", "remote")
"""facts that do not change under way"""


def seconds_of(path: Path | None) -> float:
    """From the alarm to tier 3; 0 where there is no path."""
    return (path.seconds if path else None) or 0.0


class Walked(Struct, kw_only=True):
    """What came of all paths of cases that run alike."""

    case: Case
    like: int = 1
    """so many cases run like this one"""
    paths: int = 0
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    latest: Path | None = None
    """on which tier 3 was called last, without anybody having come"""
    broken: list[Path] = []
    squeezed: list[Path] = []
    """nobody answered, and tier 3 was called by the last resort"""

    def fired(self, key: str) -> bool:
        """Whether the clock does what it is for on some path."""
        whole = self.case.plan.call_tier >= LAST_TIER or key in dead.AT_ANY_TIME
        return key in self.before or (whole and key in self.after)

    def add(self, path: Path) -> None:
        self.paths += 1
        self.before.update(path.before)
        self.after.update(path.after)
        if path.broken:
            self.broken.append(path)
        elif not path.someone_came and (path.seconds or 0) > seconds_of(self.latest):
            self.latest = path


def prove(
    policy: LiftPolicy,
    decide: Decide = escalation.clocks,
    track: Callable[[Sequence[Case]], Iterable[Case]] = lambda known: known,
) -> Proof:
    """Walks every path of every case. `track` may show how far it is."""
    try:
        known = cases(policy)
    except TooManyCases as error:
        return Proof(faults=[Fault(key="branch", value=str(error), expected="fewer conditions that combine freely")])
    alike: dict[tuple[object, ...], Walked] = {}
    for case in known:
        if case.signature in alike:
            alike[case.signature].like += 1
        else:
            alike[case.signature] = Walked(case=case, before=Counter(), after=Counter(), broken=[], squeezed=[])
    for case in track([walked.case for walked in alike.values()]):
        _walk(policy, alike[case.signature], decide)
    learned = [*_learned(policy, known, decide)]
    found = branches.faults(policy, known)
    found += [*_broken(alike.values(), learned), *_squeezed(policy, alike.values())]
    found += dead.faults(policy, known, {key: walked.fired for key, walked in alike.items()})
    return _sum(found, known, [*alike.values()], learned)


def _walk(policy: LiftPolicy, walked: Walked, decide: Decide) -> None:
    for looked_at in (False, True):
        walk = Walk(policy, walked.case.incident(policy, looked_at=looked_at), decide)
        for path in walk.paths(ALONE):
            walked.add(path)
        # Where nobody answers at all, every tier must still have its time: the last resort is for what people do.
        silent = next((path for path in walk.paths(ALONE[:1], pairs=False) if path.asked == LAST_TIER), None)
        if silent is not None and silent.tier3_key == "t_max_s":
            walked.squeezed.append(silent)


def _learned(policy: LiftPolicy, known: Sequence[Case], decide: Decide) -> Iterator[tuple[Case, Path]]:
    """Paths on which facts become known under way, so that another plan holds from then on."""
    seen = set()
    for case in known:
        for other in known:
            pair = (case.signature, other.signature)
            if pair[0] == pair[1] or pair in seen or not _can_become(case, other):
                continue
            seen.add(pair)
            walk = Walk(policy, case.incident(policy), decide)
            facts = {"hazards": other.facts.hazards, "people_inside": other.facts.people}
            facts |= {"mass_id": 1 if other.facts.mass else None}
            soonest = min(case.plan.clocks.t_max_s, other.plan.clocks.t_max_s)
            for after in sorted({1, max(1, soonest - 1), soonest + 1}):
                for path in walk.paths(FEW, pairs=False, change=Change(after, facts, f"it becomes: {other.words}")):
                    yield case, path


def _can_become(case: Case, other: Case) -> bool:
    same = all(getattr(case.facts, name) == getattr(other.facts, name) for name in FIXED)
    # A mass incident is never taken apart again; people and hazards are what is known of them.
    return same and (other.facts.mass or not case.facts.mass)


def _broken(alike: Iterable[Walked], learned: Sequence[tuple[Case, Path]]) -> Iterator[Fault]:
    broken = [(walked.case, path) for walked in alike for path in walked.broken]
    broken += [(case, path) for case, path in learned if path.broken]
    by_promise: dict[str, list[tuple[Case, Path]]] = {}
    for case, path in broken:
        by_promise.setdefault(path.broken, []).append((case, path))
    for promise, shown in by_promise.items():
        case, path = min(shown, key=lambda one: len(one[1].said))
        yield Fault(
            key="clocks.t_max_s",
            value=promise,
            expected=f"tier 3 by t_max_s ({case.plan.clocks.t_max_s}) on every path, and no tier left out",
            path=f"{case.words}: {path.words}" + (f" ({len(shown)} paths)" if len(shown) > 1 else ""),
        )


def _squeezed(policy: LiftPolicy, alike: Iterable[Walked]) -> Iterator[Fault]:
    for walked in alike:
        chosen = walked.case.plan
        if walked.squeezed and not walked.broken:
            yield Fault(
                key=dead.place(policy, walked.case, "t_max_s"),
                value=str(chosen.clocks.t_max_s),
                expected="more than the tiers have to accept: tier 3 would be late when nobody answers",
                path=f"{walked.case.words}: {walked.squeezed[-1].words}",
            )


def _sum(
    found: list[Fault], known: Sequence[Case], alike: Sequence[Walked], learned: Sequence[tuple[Case, Path]]
) -> Proof:
    fired: Counter[str] = Counter()
    for walked in alike:
        fired.update(walked.before)
        fired.update({key: count for key, count in walked.after.items() if key in dead.AT_ANY_TIME})
    late = max((one for one in alike if one.latest), key=lambda one: seconds_of(one.latest), default=None)
    latest = late.latest if late else None
    return Proof(
        faults=found,
        cases=len(known),
        plans=len(alike),
        paths=sum(walked.paths for walked in alike) + len(learned),
        latest_s=latest.seconds if latest else None,
        latest_case=late.case.words if late else "",
        latest_path=latest.words if latest else "",
        fired={key: fired[key] for key in dead.KEYS if fired[key]},
    )
