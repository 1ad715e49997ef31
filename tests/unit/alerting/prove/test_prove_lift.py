"""The proof of a lift policy: every kind of fault by a policy that has it, and decisions that break a promise."""

import tomllib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerting import escalation
from alerting.escalation import Clock
from alerting.lift_policy import LiftPolicy, Plan
from alerting.model import CallTier, Dispatch, Incident
from alerting.policy import load
from alerting.prove.lift import prove
from alerting.prove.proof import Proof
from alerting.simulate.world import Decide

ROOT = Path(__file__).resolve().parents[4]
SHIPPED = sorted(
    [*(ROOT / "alerting/policies").glob("lift*.toml"), *(ROOT / "runtime/demo/policies").glob("lift*.toml")]
)
LIFT = tomllib.loads((ROOT / "alerting/policies/lift.toml").read_text("utf-8"))


def policy(
    clocks: dict[str, int] | None = None,
    *branches: dict[str, Any],
    accept_s: tuple[int, int, int] = (180, 120, 60),
    shipped: bool = False,
) -> LiftPolicy:
    body = {**LIFT, "clocks": {**LIFT["clocks"], **(clocks or {})}}
    body["branch"] = [*(LIFT["branch"] if shipped else ()), *branches]
    body["tier"] = [{**tier, "accept_s": one} for tier, one in zip(LIFT["tier"], accept_s, strict=True)]
    return msgspec.convert(body, LiftPolicy)


def branch(when: dict[str, Any], **says: Any) -> dict[str, Any]:
    return {"name": "night", "when": when, **says}


@pytest.fixture(scope="module")
def shipped() -> Proof:
    found = load(ROOT / "alerting/policies/lift.toml")
    assert isinstance(found, LiftPolicy)
    return prove(found)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_we_ship_is_proved(path: Path) -> None:
    found = load(path)
    assert isinstance(found, LiftPolicy)
    assert [fault.line(path.name) for fault in prove(found).faults] == []


def test_every_clock_of_the_shipped_policy_runs_out_somewhere(shipped: Proof) -> None:
    assert len(shipped.fired) == 12
    assert shipped.cases == 8
    assert shipped.latest_s == 3600
    assert shipped.latest_case == "remote"
    assert shipped.latest_path == (
        "0:00 alarm; 0:00 tier 1 is called (at once), nobody can be reached; 0:00 tier 2 is called (nobody);"
        " 0:00 tier 2 accepts and never comes; 0:00 tier 2: accept; 1:00:00 tier 3 is called (arrive_s)"
    )


FAULTS: dict[str, tuple[LiftPolicy, str]] = {
    "nobody is asked before the arrival time is over": (
        policy({"check_eta_s": 1800}),
        "p.toml: clocks.check_eta_s: 1800, expected less than arrive_s (1800), which is over first;"
        " it never runs out, neither here nor elsewhere: an ordinary lift",
    ),
    "a release that comes after 119": (
        policy({"release_s": 3601}),
        "p.toml: clocks.release_s: 3601, expected at most long_s (3600), which is over first;"
        " it never runs out, neither here nor elsewhere: an ordinary lift",
    ),
    "an arrival after the last resort": (
        policy({"arrive_s": 2401}),
        "p.toml: clocks.arrive_s: 2401, expected at most t_max_s (2400), which is over first;"
        " it never runs out, neither here nor elsewhere: an ordinary lift",
    ),
    "a last resort that comes after 119": (
        policy({"t_max_s": 3601}),
        "p.toml: clocks.t_max_s: 3601, expected at most long_s (3600), which is over first;"
        " it never runs out, neither here nor elsewhere: an ordinary lift",
    ),
    "a clock of a branch that calls all at once": (
        policy(None, branch({"hazards": ["fire"]}, call_tier=3, t_max_s=1200)),
        "p.toml: branch 'night'.t_max_s: 1200, expected nothing: all tiers are called at once;"
        " it never runs out, neither here nor elsewhere: fire",
    ),
    "long trapped where all are called already": (
        policy(None, branch({"hazards": ["fire"]}, call_tier=3, emergency=True, long_s=1200)),
        "p.toml: branch 'night'.long_s: 1200, expected nothing: all that it calls is called at once;"
        " it never runs out, neither here nor elsewhere: fire",
    ),
    "a branch whose tiers have no time": (
        policy(None, branch({"hours": ["22:00-06:00"]}, accept_s=[1500, 1200, 60])),
        "p.toml: clocks.t_max_s: 2400, expected more than the tiers have to accept: tier 3 would be late when nobody"
        " answers; at 22:00: 0:00 alarm; 1:00 tier 1 is called (verify_s); 1:00 tier 1 does not answer;",
    ),
    "hours that are none": (
        policy(None, branch({"hours": ["08:00-08:00"]}, verify_s=30)),
        "p.toml: branch 'night'.when.hours: 08:00-08:00, expected two different times: from and to are the same",
    ),
    "more people than can be": (
        policy(None, branch({"people_min": 201}, call_tier=2)),
        "p.toml: branch 'night'.when.people_min: 201, expected at most 200: more people than that are never believed",
    ),
    "a campaign that cannot be": (
        policy(None, branch({"campaigns": ["Spring Festival"]}, call_tier=2)),
        "p.toml: branch 'night'.when.campaigns: 'Spring Festival', expected a campaign's code"
        " (small letters, digits, hyphens) or *",
    ),
    "a kind of place without a name": (
        policy(None, branch({"place_kinds": [" "]}, call_tier=2)),
        "p.toml: branch 'night'.when.place_kinds: ' ', expected the kind of a place",
    ),
    "a branch that says nothing": (
        policy(None, branch({"remote": True})),
        "p.toml: branch 'night'.when: {\"remote\":true}, expected one of verify_s, check_eta_s, arrive_s, release_s,"
        " long_s, t_max_s, comfort_s, accept_s, call_tier, emergency with it",
    ),
    "a branch that says what is so anyway": (
        policy(None, branch({"mass": True}, arrive_s=1800)),
        "p.toml: branch 'night': arrive_s, expected that it changes something: wherever it holds, later branches or the"
        " policy say the same or more; in all 1 cases where it holds, the first: mass incident",
    ),
    "a branch that a later one overrides": (
        policy(None, branch({"place_kinds": ["school"]}, verify_s=30), {
            "name": "everywhere", "when": {"remote": False}, "verify_s": 20,
        }, {"name": "far", "when": {"remote": True}, "verify_s": 20}),
        "p.toml: branch 'night': verify_s, expected that it changes something: wherever it holds, later branches or the"
        " policy say the same or more; in all 2 cases where it holds, the first: school",
    ),
    "one word of a branch that a later one overrides": (
        policy(None, branch({"place_kinds": ["school"]}, verify_s=30, comfort_s=60), {
            "name": "any", "when": {"people_min": 1}, "verify_s": 20,
        }, {"name": "none", "when": {"place_kinds": ["school"]}, "verify_s": 20}),
        "p.toml: branch 'night'.verify_s: 30, expected that it is in force somewhere: wherever it holds, later branches"
        " or the policy say the same; in all 2 cases where it holds, the first: school",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_every_kind_of_fault_is_named(name: str) -> None:
    faulty, expected = FAULTS[name]
    lines = [fault.line("p.toml") for fault in prove(faulty).faults]
    assert [line for line in lines if line.startswith(expected)], lines


def test_a_fault_is_named_once() -> None:
    faulty = policy({"check_eta_s": 5000}, shipped=True)
    assert [fault.key for fault in prove(faulty).faults] == ["clocks.check_eta_s"]


def test_too_many_cases_are_said_and_not_walked() -> None:
    many = [
        branch({"people_min": number, "campaigns": [f"c-{number:02d}"]}, verify_s=number) for number in range(1, 40)
    ]
    for number, one in enumerate(many):
        one["name"] = f"b{number}"
    assert "expected fewer conditions that combine freely" in prove(policy(None, *many)).faults[0].line("p.toml")


def without_last_resort(incident: Incident, dispatches: Sequence[Dispatch], chosen: Plan) -> list[Clock]:
    return [
        clock for clock in escalation.clocks(incident, dispatches, chosen) if clock.key not in ("t_max_s", "long_s")
    ]


def trusting(incident: Incident, dispatches: Sequence[Dispatch], chosen: Plan) -> list[Clock]:
    """A pager as many are: who has accepted will come."""
    accepted = any(dispatch.accepted_at for dispatch in dispatches)
    return [] if accepted else escalation.clocks(incident, dispatches, chosen)


def skipping(incident: Incident, dispatches: Sequence[Dispatch], chosen: Plan) -> list[Clock]:
    """Straight to the last tier."""
    running = escalation.clocks(incident, dispatches, chosen)
    return [
        clock._replace(action=CallTier(3, "hurry")) if clock.key == "tier[1].accept_s" else clock for clock in running
    ]


def late(incident: Incident, dispatches: Sequence[Dispatch], chosen: Plan) -> list[Clock]:
    running = escalation.clocks(incident, dispatches, chosen)
    return [clock._replace(at=clock.at + timedelta(seconds=clock.key == "t_max_s")) for clock in running]


@pytest.mark.parametrize(
    ("decide", "words"),
    [
        (without_last_resort, "tier 3 is not called within 2400 s, and nobody has arrived"),
        (trusting, "no clock runs any more, tier 3 was not called, and nobody has arrived"),
        (skipping, "tier 3 is called after tier 1"),
        (late, "tier 3 is not called within 2400 s, and nobody has arrived"),
    ],
)
def test_decisions_that_break_a_promise_are_caught(decide: Decide, words: str) -> None:
    found = [fault for fault in prove(policy(), decide).faults if fault.value == words]
    assert len(found) == 1
    assert found[0].path.startswith("an ordinary lift: 0:00 alarm; ")
