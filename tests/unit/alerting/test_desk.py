"""What crews and operators may do, and when; every refusal says why."""

from datetime import datetime, timedelta

import msgspec
import pytest

from alerting import desk
from alerting.case import Case, Order
from alerting.model import Dispatch, Incident, Refused, SetDispatch, SetIncident
from contracts.kinds import CommandKind, DispatchState, IncidentState
from tests.unit.alerting.test_escalation import T0, WHERE, at, dispatch, incident, plan

NOW = at(1000)


def judge(kind: CommandKind, crew: Dispatch | None = None, case: Incident | None = None, **order: object) -> object:
    made = Case(
        incident=case or incident(),
        dispatches=[crew] if crew else [],
        plan=plan(case or incident()),
        lift_code="442001",
        where=WHERE,
    )
    values = msgspec.convert({"kind": kind.value, **order}, type=Order, strict=False)
    return desk.judge(made, msgspec.structs.replace(values, dispatch_id=crew.id if crew else None), NOW)


OFFERED = dispatch(DispatchState.OFFERED)
THERE = dispatch(DispatchState.ARRIVED, arrived_at=at(500))


@pytest.mark.parametrize(
    ("args", "reason", "proof"),
    [
        ({"proof": "qr", "code": "442001"}, "", "qr"),
        ({"proof": "qr", "code": "442002"}, "", None),
        ({"proof": "position", "lat": "22.5201", "lon": "113.3801"}, "", "position 15 m"),
        ({"proof": "position", "lat": "22.53", "lon": "113.38"}, "", None),
        ({"proof": "position", "lat": "", "lon": "x"}, "", None),
        ({"proof": "override"}, "the sign is missing", "override: the sign is missing"),
        ({"proof": "override"}, " ", None),
        ({}, "", None),
    ],
)
def test_an_arrival_needs_a_proof(args: dict[str, str], reason: str, proof: str | None) -> None:
    judged = judge(CommandKind.ARRIVED, OFFERED, args=args, reason=reason, by_operator=True)
    if proof is None:
        assert isinstance(judged, Refused)
        assert "expected" in judged.reason
    else:
        assert isinstance(judged, list)
        assert judged[0].changes["arrival_proof"] == proof


def test_people_are_out_only_after_an_arrival_and_never_before_the_alarm() -> None:
    assert isinstance(judge(CommandKind.RELEASED, OFFERED), Refused)
    judged = judge(CommandKind.RELEASED, THERE, args={"people": "2"}, client_at=at(400).isoformat())
    assert isinstance(judged, list)
    change = judged[1]
    assert isinstance(change, SetIncident)
    assert change.changes == {
        "released_at": at(500),
        "arrived_at": at(500),
        "people_inside": 2,
        "people_released": 2,
    }


@pytest.mark.parametrize(
    ("client", "kept"), [(at(900), at(900)), (NOW + timedelta(hours=1), NOW), (T0 - timedelta(hours=1), NOW)]
)
def test_a_tap_made_offline_keeps_its_time_where_that_can_be(client: datetime, kept: datetime) -> None:
    judged = judge(CommandKind.ACCEPT, OFFERED, client_at=client.isoformat())
    assert isinstance(judged, list)
    assert isinstance(judged[0], SetDispatch)
    assert judged[0].changes["accepted_at"] == kept


@pytest.mark.parametrize("kind", [CommandKind.ACCEPT, CommandKind.EN_ROUTE, CommandKind.ARRIVED])
def test_pressed_twice_happens_once(kind: CommandKind) -> None:
    judged = judge(kind, THERE)
    assert isinstance(judged, Refused)
    assert judged.already


@pytest.mark.parametrize(
    ("crew", "kind", "words"),
    [
        (dispatch(DispatchState.STOOD_DOWN), CommandKind.ACCEPT, "stood down"),
        (dispatch(DispatchState.DECLINED), CommandKind.EN_ROUTE, "declined"),
        (THERE, CommandKind.DECLINE, "has arrived"),
        (OFFERED, CommandKind.CLOSE, "not a crew's command"),
    ],
)
def test_what_a_crew_may_not(crew: Dispatch, kind: CommandKind, words: str) -> None:
    judged = judge(kind, crew, reason="x")
    assert isinstance(judged, Refused)
    assert words in judged.reason


def test_a_crew_that_declined_may_still_come() -> None:
    assert isinstance(judge(CommandKind.ACCEPT, dispatch(DispatchState.DECLINED)), list)


RELEASED = incident(state=IncidentState.RELEASED, released_at=at(700))
CLEAR = incident(state=IncidentState.RELEASED, released_at=at(700), sensors_clear_at=at(710))
DONE = {"cause": "door_system", "method": "open_at_level"}


@pytest.mark.parametrize(
    ("case", "args", "words"),
    [
        (CLEAR, DONE, None),
        (CLEAR, {"cause": "car"}, "expected both"),
        (incident(), DONE, "nobody is out"),
        (RELEASED, DONE, "override"),
        (RELEASED, {**DONE, "override_reason": "sensor is broken, looked myself"}, None),
        (incident(state=IncidentState.CLOSED), DONE, "is closed"),
    ],
)
def test_closing(case: Incident, args: dict[str, str], words: str | None) -> None:
    judged = judge(CommandKind.CLOSE, None, case, args=args)
    if words is None:
        assert isinstance(judged, list)
    else:
        assert isinstance(judged, Refused)
        assert words in judged.reason


def test_the_incident_has_the_earliest_times_of_all_crews() -> None:
    late = dispatch(DispatchState.OFFERED, 2)
    case = incident(accepted_at=at(800))
    judged = judge(
        CommandKind.ARRIVED, late, case, args={"proof": "qr", "code": "442001"}, client_at=at(700).isoformat()
    )
    assert isinstance(judged, list)
    change = judged[1]
    assert isinstance(change, SetIncident)
    assert change.changes == {"arrived_at": at(700), "accepted_at": at(700)}
