"""PURE: branches that can never hold, contradict themselves, or change nothing wherever they hold."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from alerting.crew import MOST_PEOPLE
from alerting.lift_policy import CLOCKS, Branch, LiftPolicy, Plan, holds, plan, span
from alerting.prove.classes import Case
from alerting.prove.fault import Fault

CAMPAIGN = re.compile(r"\*|[a-z0-9][a-z0-9-]{1,62}")
SAYS = (*(name for name in CLOCKS if name in Branch.__struct_fields__), "accept_s", "call_tier", "emergency")
"""what a branch can change"""


def branch_key(branch: Branch, name: str) -> str:
    """A key of a branch as messages name it."""
    return f"branch {branch.name!r}.{name}"


def faults(policy: LiftPolicy, cases: Sequence[Case]) -> list[Fault]:
    """What speaks against the branches of a policy."""
    found: list[Fault] = []
    for number, branch in enumerate(policy.branch):
        impossible = [*_impossible(branch)]
        if impossible:
            found += impossible
            continue
        where = [case for case in cases if holds(branch.when, case.facts)]
        if not where:
            found.append(
                Fault(key=branch_key(branch, "when"), value=condition(branch), expected="a condition that can hold")
            )
            continue
        found += _without_effect(policy, number, where)
    return found


def condition(branch: Branch) -> str:
    """A branch's condition as it stands in the file."""
    given = {name: value for name, value in msgspec.to_builtins(branch.when).items() if value not in (None, ())}
    return msgspec.json.encode(given).decode()


def _impossible(branch: Branch) -> Iterator[Fault]:
    when = branch.when
    for hours in when.hours:
        first, last = span(hours)
        if first == last:
            yield Fault(
                key=branch_key(branch, "when.hours"),
                value=hours,
                expected="two different times: from and to are the same",
            )
    if when.people_min is not None and when.people_min > MOST_PEOPLE:
        yield Fault(
            key=branch_key(branch, "when.people_min"),
            value=str(when.people_min),
            expected=f"at most {MOST_PEOPLE}: more people than that are never believed",
        )
    for code in when.campaigns:
        if not CAMPAIGN.fullmatch(code):
            yield Fault(
                key=branch_key(branch, "when.campaigns"),
                value=repr(code),
                expected="a campaign's code (small letters, digits, hyphens) or *",
            )
    for kind in when.place_kinds:
        if not kind.strip():
            yield Fault(key=branch_key(branch, "when.place_kinds"), value=repr(kind), expected="the kind of a place")


def _without_effect(policy: LiftPolicy, number: int, where: Sequence[Case]) -> Iterator[Fault]:
    branch = policy.branch[number]
    said = [name for name in SAYS if getattr(branch, name) is not None]
    if not said:
        yield Fault(
            key=branch_key(branch, "when"), value=condition(branch), expected=f"one of {', '.join(SAYS)} with it"
        )
        return
    silent = [name for name in said if not _matters(policy, number, {name: None}, where)]
    if not _matters(policy, number, dict.fromkeys(said), where):
        yield Fault(
            key=f"branch {branch.name!r}",
            value=f"{', '.join(said)}",
            expected="that it changes something: wherever it holds, later branches or the policy say the same or more",
            path=f"in all {len(where)} cases where it holds, the first: {where[0].words}",
        )
        return
    for name in silent:
        yield Fault(
            key=branch_key(branch, name),
            value=str(getattr(branch, name)),
            expected="that it is in force somewhere: wherever it holds, later branches or the policy say the same",
            path=f"in all {len(where)} cases where it holds, the first: {where[0].words}",
        )


def _matters(policy: LiftPolicy, number: int, without: dict[str, None], where: Sequence[Case]) -> bool:
    branches = [*policy.branch]
    branches[number] = msgspec.structs.replace(branches[number], **without)
    other = msgspec.structs.replace(policy, branch=tuple(branches))
    return any(_essence(plan(other, case.facts)) != _essence(case.plan) for case in where)


def _essence(chosen: Plan) -> Plan:
    return msgspec.structs.replace(chosen, branches=(), why="")
