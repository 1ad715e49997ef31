"""What an operator's form says as a command's arguments."""

from typing import Any

import pytest

from api.board.orders import crew_args, order_args, phone_args
from contracts.kinds import CommandKind


@pytest.mark.parametrize(
    ("kind", "form", "args"),
    [
        (CommandKind.CONFIRM, {"reason": ["x"], "people": ["3"]}, {}),
        (CommandKind.EMERGENCY, {"ambulance": ["on"]}, {"ambulance": "on"}),
        (CommandKind.FACTS, {}, {"hazards": ""}),
        (CommandKind.FACTS, {"people": [" 2 "], "floor": ["7"], "hazards": ["fire", "injury", "x"]},
         {"people": "2", "floor": "7", "hazards": "injury,fire"}),
        (CommandKind.COMFORT, {"preset": ["Help is coming"], "text": [" "]}, {"text": "Help is coming"}),
        (CommandKind.COMFORT, {"preset": ["Help is coming"], "text": ["Wait"]}, {"text": "Wait"}),
        (CommandKind.MERGE, {"into": ["R1"]}, {"into": "R1"}),
        (CommandKind.REASSIGN, {"organisation": ["rs-1"], "dispatch": ["4"]},
         {"organisation": "rs-1", "dispatch": "4"}),
        (CommandKind.CLOSE, {"cause": ["car"], "method": ["other"], "override_reason": ["looked"]},
         {"cause": "car", "method": "other", "override_reason": "looked"}),
        (CommandKind.RECORD, {"cause": ["traction/brake"], "method": ["none"]},
         {"cause": "traction", "sub_cause": "brake"}),
    ],
)  # fmt: skip
def test_what_is_passed_on(kind: CommandKind, form: dict[str, list[str]], args: dict[str, Any]) -> None:
    assert order_args(kind, form) == args


def test_only_an_operator_vouches_for_an_arrival() -> None:
    assert crew_args(CommandKind.ARRIVED, {"reason": ["seen"]}) == {"proof": "override"}
    assert crew_args(CommandKind.EN_ROUTE, {"eta_minutes": ["7"], "proof": ["qr"]}) == {"eta_minutes": "7"}


def test_a_caller_who_knows_nothing_says_nothing() -> None:
    assert phone_args({"people": [""], "floor": [" "], "caller": []}) == {}
    assert phone_args({"people": ["many"], "hazards": ["water"]}) == {"hazards": "water"}
