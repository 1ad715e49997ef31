"""PURE: what a person's command does to an incident, or why it may not."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from alerting.model import (
    ENDED,
    GONE,
    Action,
    CallTier,
    Dispatch,
    Incident,
    Refused,
    SetDispatch,
    SetIncident,
    StandDown,
)
from alerting.policy import LiftPolicy
from contracts.geometry import Point, distance_m
from contracts.kinds import CommandKind, DispatchState, IncidentState

ARRIVED_WITHIN_M = 200.0
ORDER = (
    DispatchState.OFFERED,
    DispatchState.ACCEPTED,
    DispatchState.EN_ROUTE,
    DispatchState.ARRIVED,
    DispatchState.RELEASED,
)
CREW: Mapping[CommandKind, DispatchState] = {
    CommandKind.ACCEPT: DispatchState.ACCEPTED,
    CommandKind.EN_ROUTE: DispatchState.EN_ROUTE,
    CommandKind.ARRIVED: DispatchState.ARRIVED,
    CommandKind.RELEASED: DispatchState.RELEASED,
}


class Case(Struct, frozen=True, kw_only=True):
    """An incident with everything that a command can depend on."""

    incident: Incident
    dispatches: Sequence[Dispatch]
    policy: LiftPolicy
    lift_code: str
    where: Point


class Order(Struct, frozen=True, kw_only=True):
    """A command as a person gave it."""

    kind: CommandKind
    reason: str = ""
    args: Mapping[str, object] = {}
    dispatch_id: int | None = None
    client_at: datetime | None = None


def judge(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    """What the command does; nothing is done twice."""
    if case.incident.state in ENDED:
        return Refused(f"incident {case.incident.number} is closed")
    if order.dispatch_id is not None:
        dispatch = next((known for known in case.dispatches if known.id == order.dispatch_id), None)
        if dispatch is None:
            return Refused("this crew was not asked for this incident")
        return _crew(case, dispatch, order, now)
    return _operator(case, order, now)


def _crew(case: Case, dispatch: Dispatch, order: Order, now: datetime) -> list[Action] | Refused:
    if order.kind is CommandKind.DECLINE:
        return _decline(dispatch, order, now)
    target = CREW.get(order.kind)
    if target is None:
        return Refused(f"{order.kind} is not a crew's command")
    if dispatch.state is DispatchState.STOOD_DOWN:
        return Refused("stood down: another crew is there")
    if dispatch.state is DispatchState.DECLINED and target is not DispatchState.ACCEPTED:
        return Refused("this crew has declined")
    if dispatch.state in ORDER and ORDER.index(dispatch.state) >= ORDER.index(target):
        return Refused(f"already {dispatch.state}", already=True)
    at = _true_time(dispatch, order, now)
    if target is DispatchState.ARRIVED:
        return _arrived(case, dispatch, order, at)
    if target is DispatchState.RELEASED:
        return _released(case, dispatch, order, at)
    return _coming(case, dispatch, order, target, at)


def _decline(dispatch: Dispatch, order: Order, now: datetime) -> list[Action] | Refused:
    if not order.reason.strip():
        return Refused("reason: '', expected why the crew cannot come")
    if dispatch.state in GONE:
        return Refused(f"already {dispatch.state}", already=True)
    if dispatch.state in (DispatchState.ARRIVED, DispatchState.RELEASED):
        return Refused("this crew has arrived")
    changes = {"decline_reason": order.reason, "ended_at": now}
    return [SetDispatch(dispatch.id, DispatchState.DECLINED, changes, f"declined: {order.reason}")]


def _coming(
    case: Case, dispatch: Dispatch, order: Order, target: DispatchState, at: datetime
) -> list[Action] | Refused:
    arrive = at + timedelta(seconds=case.policy.arrival_s(case.incident.remote))
    changes: dict[str, object] = {}
    if dispatch.accepted_at is None:
        changes |= {"accepted_at": at, "arrive_due": arrive}
    reason = "accepted"
    if target is DispatchState.EN_ROUTE:
        minutes = _number(order.args.get("eta_minutes"))
        if minutes is not None and not 0 <= minutes <= 600:
            return Refused(f"eta_minutes: {minutes:g}, expected 0 to 600")
        changes["en_route_at"] = at
        reason = "on the way"
        if minutes is not None:
            changes["eta_at"] = at + timedelta(minutes=minutes)
            reason = f"on the way, {minutes:g} min"
    shown = IncidentState(target.value)
    return [
        SetDispatch(dispatch.id, target, changes, reason),
        SetIncident(shown if _forward(case, shown) else None, _first(case, "accepted_at", at), "crew", reason),
    ]


def _arrived(case: Case, dispatch: Dispatch, order: Order, at: datetime) -> list[Action] | Refused:
    proof = _proof(case, order)
    if isinstance(proof, Refused):
        return proof
    changes: dict[str, object] = {"arrived_at": at, "arrival_proof": proof}
    if dispatch.accepted_at is None:
        changes["accepted_at"] = at
    return [
        SetDispatch(dispatch.id, DispatchState.ARRIVED, changes, f"arrived ({proof})"),
        SetIncident(
            IncidentState.ARRIVED,
            {**_first(case, "arrived_at", at), **_first(case, "accepted_at", at)},
            "crew",
            f"tier {dispatch.tier} has arrived",
        ),
        StandDown(f"tier {dispatch.tier} has arrived"),
    ]


def _proof(case: Case, order: Order) -> str | Refused:
    """Position within 200 m, the lift's code read from its QR sign, or an override with a reason."""
    how = str(order.args.get("proof", ""))
    if how == "qr":
        code = str(order.args.get("code", "")).strip()
        return "qr" if code == case.lift_code else Refused(f"code: {code!r}, expected {case.lift_code}")
    if how == "position":
        lat, lon = _number(order.args.get("lat")), _number(order.args.get("lon"))
        if lat is None or lon is None:
            return Refused("position: unknown, expected latitude and longitude")
        metres = distance_m((lat, lon), case.where)
        if metres <= ARRIVED_WITHIN_M:
            return f"position {metres:.0f} m"
        return Refused(f"position: {metres:.0f} m from the lift, expected at most {ARRIVED_WITHIN_M:.0f} m")
    if how == "override" and order.reason.strip():
        return f"override: {order.reason.strip()}"
    return Refused(f"proof: {how!r}, expected position, qr, or override with a reason")


def _released(case: Case, dispatch: Dispatch, order: Order, at: datetime) -> list[Action] | Refused:
    if dispatch.state is not DispatchState.ARRIVED:
        return Refused(f"{dispatch.state}: people can be out only after the crew has arrived")
    people = _number(order.args.get("people"))
    released = max(at, case.incident.alarm_at, dispatch.arrived_at or at)
    changes: dict[str, object] = {"released_at": released}
    if people is not None:
        changes["people_inside"] = int(people)
    return [
        SetDispatch(dispatch.id, DispatchState.RELEASED, {"released_at": released, "ended_at": released}, "released"),
        SetIncident(IncidentState.RELEASED, changes, "released", f"people are out: {order.args.get('people', '?')}"),
    ]


def _operator(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    incident = case.incident
    if order.kind is CommandKind.RAISE:
        if incident.tier >= 3:
            return Refused("already at tier 3", already=True)
        return [CallTier(incident.tier + 1, f"raised by the operator: {order.reason or 'no reason given'}")]
    if order.kind is CommandKind.CONFIRM:
        return [SetIncident(None, {}, "confirmed", order.reason or "confirmed by the operator")]
    if order.kind is CommandKind.NOTE:
        if not order.reason.strip():
            return Refused("note: '', expected words")
        return [SetIncident(None, {}, "note", order.reason)]
    if order.kind is CommandKind.FALSE_ALARM:
        if not order.reason.strip():
            return Refused("reason: '', expected why it was a false alarm")
        ended = {"closed_at": now}
        return [
            StandDown("false alarm"),
            SetIncident(IncidentState.FALSE_ALARM, ended, "false_alarm", order.reason),
        ]
    if order.kind is CommandKind.CLOSE:
        return _close(incident, order, now)
    return Refused(f"{order.kind} is not an operator's command")


def _close(incident: Incident, order: Order, now: datetime) -> list[Action] | Refused:
    cause, method = str(order.args.get("cause", "")).strip(), str(order.args.get("method", "")).strip()
    override = str(order.args.get("override_reason", "") or "").strip()
    if not cause or not method:
        return Refused(f"cause {cause!r}, method {method!r}: expected both before an incident can be closed")
    if incident.released_at is None:
        return Refused("nobody is out yet: expected the release first, or a false alarm with its reason")
    if incident.sensors_clear_at is None and not override:
        return Refused("the sensors still see a trapped car: expected an override reason")
    changes = {
        "closed_at": now,
        "cause": cause,
        "sub_cause": str(order.args.get("sub_cause", "") or ""),
        "rescue_method": method,
    }
    words = f"cause {cause}, method {method}" + (f"; override: {override}" if override else "; sensors agree")
    return [SetIncident(IncidentState.CLOSED, changes, "closed", words)]


def _true_time(dispatch: Dispatch, order: Order, now: datetime) -> datetime:
    """A tap made offline keeps its own time where that can be: after the offer, not in the future."""
    if order.client_at is not None and dispatch.offered_at <= order.client_at <= now:
        return order.client_at
    return now


def _first(case: Case, column: str, at: datetime) -> dict[str, object]:
    """The incident keeps the first time; COALESCE in the statement would hide the rule."""
    return {} if getattr(case.incident, column, None) is not None else {column: at}


def _forward(case: Case, shown: IncidentState) -> bool:
    order = list(IncidentState)
    return order.index(shown) > order.index(case.incident.state)


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
