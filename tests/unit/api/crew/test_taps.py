"""What a tap says as a command's arguments."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.crew.taps import CREW, code_of, pressed_at, tap_args, told_hazards
from api.rescue_words import CAUSES, cause_of
from contracts.kinds import CommandKind

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "form", "args"),
    [
        (CommandKind.ACCEPT, {"people": "3", "command": "x"}, {}),
        (CommandKind.EN_ROUTE, {"eta_minutes": "10"}, {"eta_minutes": "10"}),
        (CommandKind.ARRIVED, {"proof": "qr", "code": "442001 "}, {"proof": "qr", "code": "442001"}),
        (CommandKind.ARRIVED, {"proof": "ask", "reason": "no sign"}, {"proof": "ask"}),
        (CommandKind.ARRIVED, {"proof": "override", "reason": "trust me"}, {}),
        (CommandKind.ARRIVED, {"proof": "position", "lat": "22.5", "lon": "113"},
         {"proof": "position", "lat": "22.5", "lon": "113"}),
        (CommandKind.RELEASED, {"people": "2", "all": "yes"}, {"people": "2", "all": "yes"}),
        (CommandKind.HAND_OVER, {"organisation": "rs-1", "code": ""}, {"organisation": "rs-1"}),
        (CommandKind.HAND_OVER, {"organisation": "rs-1", "code": "rs-2"}, {"organisation": "rs-2"}),
        (CommandKind.RECORD, {"cause": "traction/brake", "method": "hand_winding"},
         {"cause": "traction", "sub_cause": "brake", "method": "hand_winding"}),
        (CommandKind.RECORD, {"cause": "aliens", "method": "magic"}, {}),
    ],
)  # fmt: skip
def test_what_is_passed_on(kind: CommandKind, form: dict[str, str], args: dict[str, object]) -> None:
    assert tap_args(kind, form) == args


def test_a_sub_cause_belongs_to_its_cause() -> None:
    assert cause_of("traction/door_lock") == {"cause": "traction"}
    for cause, parts in CAUSES.items():
        for part in parts:
            assert cause_of(f"{cause}/{part}") == {"cause": cause, "sub_cause": part}


@given(st.text(max_size=60))
def test_a_code_is_short_whatever_was_scanned(text: str) -> None:
    assert len(code_of(text)) <= 40


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_kept_tap_was_made_before_now_and_not_long_ago(waited: float) -> None:
    at = pressed_at(str(waited), NOON)
    assert at is None or NOON - timedelta(days=2) <= at < NOON


def test_what_a_crew_tells_comes_on_top() -> None:
    assert told_hazards(["fire", "dragons"], ["injury"]) == {"hazards": "injury,fire"}


def test_every_command_of_a_crew_has_its_fields() -> None:
    assert CommandKind.NOTE not in CREW
    assert {CommandKind.ACCEPT, CommandKind.DECLINE, CommandKind.HAND_OVER, CommandKind.RECORD} <= CREW.keys()
