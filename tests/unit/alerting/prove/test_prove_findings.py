"""The proof of policies of findings: the last of the chain is told whatever owner and officers leave undone."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerting import finding, finding_desk
from alerting.finding import Finding, Step
from alerting.finding_policy import FaultPolicy, FindingPolicy, Gap, KitchenPolicy, Moment, Party
from alerting.policy import load
from alerting.prove.finding_walk import BEGAN
from alerting.prove.findings import prove, register_faults, register_notes
from contracts.kinds import CommandKind, FindingClass, FindingState

ROOT = Path(__file__).resolve().parents[4]
SHIPPED = sorted(
    path for folder in ("alerting", "runtime/demo") for path in (ROOT / folder / "policies").glob("*.toml")
    if not path.stem.startswith("lift")
)  # fmt: skip
KITCHEN = tomllib.loads((ROOT / "alerting/policies/kitchen.toml").read_text("utf-8"))


def policy(**changes: Any) -> KitchenPolicy:
    return msgspec.convert({**KITCHEN, **changes}, KitchenPolicy)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_we_ship_is_proved(path: Path) -> None:
    found = load(path)
    assert isinstance(found, FindingPolicy)
    proof = prove(found)
    assert [fault.line(path.name) for fault in proof.faults] == []
    assert {*proof.fired} == {"rectify_s", "yellow_s", "red_s", "remind_s", "review_s", "look_s"}
    assert proof.latest_what == "bureau told"


def test_a_bureau_that_red_does_not_tell_is_found() -> None:
    clocks = {
        kind: {**given, "tell": {moment: ["owner", "grid"] for moment in Moment}}
        for kind, given in KITCHEN["clocks"].items()
    }
    found = prove(policy(clocks=clocks)).faults
    # Officers who do not judge still lead to the bureau; an owner who does nothing leads nowhere.
    assert {fault.key for fault in found} == {"clocks.I.red_s", "clocks.II.red_s", "clocks.D.red_s"}
    assert found[0].expected.startswith("that bureau is told within ")
    assert found[0].path.startswith("class I, certain: 0:00 pushed; ")


def test_a_condition_that_changes_nothing_is_named() -> None:
    weak = {"name": "weak", "kinds": ["nursery"], "share": 0.75}
    assert [fault.line("k.toml") for fault in prove(policy(stricter=[*KITCHEN["stricter"], weak])).faults] == [
        "k.toml: stricter 'weak': share 0.75, expected that it changes something: wherever it holds, others say the"
        " same or more"
    ]
    graver = {"name": "graver", "kinds": ["nursery"], "classes": {"no_hat": "I"}}
    assert prove(policy(stricter=[*KITCHEN["stricter"], graver])).faults == []


def test_clocks_that_stop_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(known: Finding, *_: object) -> Step:
        return Step(state=known.state, action="late", reason="forgotten")

    monkeypatch.setattr(finding, "_RUN_OUT", dict.fromkeys(FindingState, forgetful))
    assert {fault.key for fault in prove(policy()).faults} >= {"clocks.I.red_s"}


def test_hollow_claims_win_no_time() -> None:
    """Found by the proof: whoever claimed again before each clock ran out was never overdue."""
    given = policy()
    clocks = given.clocks[FindingClass.LIMITED]
    known = Finding(
        id=1, number="F1", state=FindingState.RECTIFIED_CLAIMED, version=0, kind=FindingClass.LIMITED,
        opened_at=BEGAN, pushed_at=BEGAN, level=0,
    )  # fmt: skip
    seconds = {0: clocks.rectify_s, clocks.yellow_s - 60: 60, clocks.yellow_s + 60: 0, clocks.red_s: 0}
    for after, left in seconds.items():
        now = BEGAN + timedelta(seconds=after)
        step = finding_desk.judge(known, CommandKind.REJECT, "the same picture", "officer", given, now)
        assert isinstance(step, Step)
        assert step.due_at == now + timedelta(seconds=left)
        known_late = msgspec.structs.replace(known, level=3)
        step = finding_desk.judge(known_late, CommandKind.REJECT, "the same picture", "officer", given, now)
        assert isinstance(step, Step)
        assert step.due_at == now + timedelta(seconds=clocks.rectify_s)


def test_the_register_names_kitchens_and_kinds() -> None:
    codes = tuple(f"k-{number:03d}" for number in range(5))
    found = register_faults(policy(), [Gap(Party.GRID, codes), Gap(Party.BUREAU, codes[:1])])
    assert [fault.line("k.toml") for fault in found] == [
        "k.toml: tell grid: nobody for 5 kitchens, expected one with an active contact method for each; k-000, k-001,"
        " k-002 and 2 more: the next above is told instead",
        "k.toml: tell bureau: nobody for 1 kitchens, expected one with an active contact method for each; k-000:"
        " nobody is above",
    ]
    kinds = ["nursery", "school_canteen", "group_meal_delivery"]
    assert register_notes(policy(), kinds) == [
        "stricter 'those who cannot choose where they eat': none of the kitchens is of kind 'central_kitchen'"
    ]
    assert register_notes(policy(), []) == []
    fault = load(ROOT / "alerting/policies/fault.toml")
    assert isinstance(fault, FaultPolicy)
    assert "for 1 lifts" in register_faults(fault, [Gap(Party.BUREAU, ("442001",))])[0].value
