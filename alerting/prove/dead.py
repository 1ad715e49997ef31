"""PURE: clocks that can never run out, because something else is always over before."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from alerting.escalation import accept_key
from alerting.lift_policy import CLOCKS, LAST_TIER, LiftPolicy, Plan
from alerting.prove.branches import branch_key
from alerting.prove.classes import Case
from alerting.prove.fault import Fault

ACCEPTS = tuple(accept_key(tier) for tier in range(1, LAST_TIER + 1))
WINDOWS = ("reopen_s", "settle_s")
"""no clocks: how long something counts as the same"""
KEYS = (*ACCEPTS, *(name for name in CLOCKS if name not in WINDOWS))
AT_ANY_TIME = (ACCEPTS[-1], "long_s", "comfort_s", "follow_up_s", "record_s")
"""clocks that have their use after the last tier was called, too"""

Fired = Callable[[str], bool]


class Source(Struct, frozen=True, kw_only=True):
    """What sets a clock in some cases: a branch, or (None) the policy's own table."""

    branch: int | None
    keys: tuple[str, ...]
    """one clock, or the three times to accept of a branch"""


def faults(policy: LiftPolicy, known: Sequence[Case], fired: Mapping[tuple[object, ...], Fired]) -> list[Fault]:
    """The clocks that run out on no path of any case in which they are in force."""
    found = []
    for source, where in _in_force(policy, known).items():
        alive = any(fired[case.signature](key) for case in where for key in source.keys)
        if not alive:
            found.append(_fault(policy, source, where[0]))
    return found


def _in_force(policy: LiftPolicy, known: Sequence[Case]) -> dict[Source, list[Case]]:
    found: dict[Source, list[Case]] = {}
    for case in known:
        for key in KEYS:
            source = _source(policy, case.plan.branches, key)
            found.setdefault(source, []).append(case)
    return found


def _source(policy: LiftPolicy, holding: Sequence[str], key: str) -> Source:
    """Of several branches that set the same, the later one counts."""
    name = "accept_s" if key in ACCEPTS else key
    for number in range(len(policy.branch) - 1, -1, -1):
        branch = policy.branch[number]
        if branch.name in holding and getattr(branch, name, None) is not None:
            return Source(branch=number, keys=ACCEPTS if key in ACCEPTS else (key,))
    return Source(branch=None, keys=(key,))


def _fault(policy: LiftPolicy, source: Source, case: Case) -> Fault:
    key = source.keys[0]
    return Fault(
        key=place(policy, case, key),
        value=", ".join(str(value_of(case.plan, one)) for one in source.keys),
        expected=_expected(case.plan, key),
        path=f"it never runs out, neither here nor elsewhere: {case.words}",
    )


def value_of(chosen: Plan, key: str) -> int:
    """Seconds of a clock in a plan."""
    if key in ACCEPTS:
        return chosen.accept_s(ACCEPTS.index(key) + 1)
    return int(getattr(chosen.clocks, key))


def _expected(chosen: Plan, key: str) -> str:
    clocks = chosen.clocks
    if chosen.call_tier >= LAST_TIER and key not in AT_ANY_TIME[1:]:
        return "nothing: all tiers are called at once"
    if chosen.emergency and chosen.call_tier >= LAST_TIER and key == "long_s":
        return "nothing: all that it calls is called at once"
    if key == "check_eta_s" and clocks.check_eta_s >= clocks.arrive_s:
        return f"less than arrive_s ({clocks.arrive_s}), which is over first"
    behind = {
        "verify_s": ("t_max_s", clocks.t_max_s),
        "arrive_s": ("t_max_s", clocks.t_max_s),
        "release_s": ("long_s", clocks.long_s),
        "t_max_s": ("long_s", clocks.long_s),
    }
    if key in behind and value_of(chosen, key) > behind[key][1]:
        return f"at most {behind[key][0]} ({behind[key][1]}), which is over first"
    return "a time that can run out first on some path"


def place(policy: LiftPolicy, case: Case, key: str) -> str:
    """Where the clock stands that is in force in a case."""
    branch = _source(policy, case.plan.branches, key).branch
    if branch is not None:
        return branch_key(policy.branch[branch], "accept_s" if key in ACCEPTS else key)
    return key if key in ACCEPTS else f"clocks.{key}"
