"""PURE: what a crew's command does to an incident, or why it may not. Stages are passed through in order, once each."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from alerting.case import Case, Order, number_of
from alerting.model import GONE, THERE, Action, Dispatch, Offer, Refused, SetDispatch, SetIncident, StandDown
from contracts.geometry import distance_m
from contracts.kinds import CommandKind, DispatchState, IncidentState

ARRIVED_WITHIN_M = 200.0
MOST_PEOPLE = 200
ORDER = (
    DispatchState.OFFERED,
    DispatchState.ACCEPTED,
    DispatchState.EN_ROUTE,
    DispatchState.ARRIVED,
    DispatchState.RELEASED,
)
STAGES: Mapping[CommandKind, DispatchState] = {
    CommandKind.ACCEPT: DispatchState.ACCEPTED,
    CommandKind.EN_ROUTE: DispatchState.EN_ROUTE,
    CommandKind.ARRIVED: DispatchState.ARRIVED,
    CommandKind.RELEASED: DispatchState.RELEASED,
}


def judge(case: Case, dispatch: Dispatch, order: Order, now: datetime) -> list[Action] | Refused:
    """What the command does; nothing is done twice."""
    if order.kind is CommandKind.DECLINE:
        return _decline(dispatch, order, now)
    if order.kind is CommandKind.HAND_OVER:
        return hand_over(case, dispatch, order)
    target = STAGES.get(order.kind)
    if target is None:
        return Refused(f"{order.kind} is not a crew's command")
    if dispatch.state is DispatchState.STOOD_DOWN:
        return Refused("stood down: another crew is there")
    if dispatch.state is DispatchState.DECLINED and target is not DispatchState.ACCEPTED:
        return Refused("this crew has declined")
    if dispatch.state in ORDER and ORDER.index(dispatch.state) >= ORDER.index(target):
        changed = _new_eta(case, dispatch, order, target, now)
        return changed or Refused(f"already {dispatch.state}", already=True)
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
    if dispatch.state in THERE:
        return Refused("this crew has arrived")
    changes = {"decline_reason": order.reason, "ended_at": now}
    return [SetDispatch(dispatch.id, DispatchState.DECLINED, changes, f"declined: {order.reason}")]


def hand_over(case: Case, dispatch: Dispatch, order: Order) -> list[Action] | Refused:
    """Another organisation is asked; until it has accepted, this crew stays responsible."""
    code = str(order.args.get("organisation", "")).strip()
    if case.organisation is None:
        return Refused(f"organisation: {code!r}, expected the code of an active organisation")
    if case.organisation == dispatch.organisation_id:
        return Refused(f"organisation: {code!r}, expected another one than the crew's own")
    if dispatch.state in GONE:
        return Refused(f"already {dispatch.state}", already=True)
    if dispatch.state is DispatchState.RELEASED:
        return Refused("people are out: nothing to hand over")
    same = (one for one in case.dispatches if one.organisation_id == case.organisation and one.tier == dispatch.tier)
    if any(one.state not in GONE for one in same):
        return Refused(f"organisation: {code!r} is called already", already=True)
    if not order.reason.strip():
        return Refused("reason: '', expected why another crew is to come")
    return [Offer(code, dispatch.tier, dispatch.id, f"handed over: {order.reason.strip()}")]


def _new_eta(
    case: Case, dispatch: Dispatch, order: Order, target: DispatchState, now: datetime
) -> list[Action] | Refused | None:
    """On the way, and later or sooner than was said; None: nothing new."""
    if target is not DispatchState.EN_ROUTE or dispatch.state is not DispatchState.EN_ROUTE:
        return None
    if order.args.get("eta_minutes") is None:
        return None
    minutes = _eta(order)
    if isinstance(minutes, Refused):
        return minutes
    eta = _true_time(dispatch, order, now) + timedelta(minutes=minutes or 0)
    if minutes is None or (dispatch.eta_at is not None and abs(eta - dispatch.eta_at) < timedelta(minutes=1)):
        return None
    return [SetDispatch(dispatch.id, dispatch.state, {"eta_at": eta}, f"on the way, {minutes:g} min")]


def _eta(order: Order) -> float | Refused | None:
    minutes = number_of(order.args.get("eta_minutes"))
    if minutes is not None and not 0 <= minutes <= 600:
        return Refused(f"eta_minutes: {minutes:g}, expected 0 to 600")
    return minutes


def _coming(
    case: Case, dispatch: Dispatch, order: Order, target: DispatchState, at: datetime
) -> list[Action] | Refused:
    changes: dict[str, object] = {}
    if dispatch.accepted_at is None:
        changes |= {"accepted_at": at, "arrive_due": at + timedelta(seconds=case.plan.clocks.arrive_s)}
    reason = "accepted"
    if target is DispatchState.EN_ROUTE:
        minutes = _eta(order)
        if isinstance(minutes, Refused):
            return minutes
        changes["en_route_at"] = at
        reason = "on the way"
        if minutes is not None:
            changes["eta_at"] = at + timedelta(minutes=minutes)
            reason = f"on the way, {minutes:g} min"
    shown = IncidentState(target.value)
    if dispatch.medical:
        return [SetDispatch(dispatch.id, target, changes, reason), *_takes_over(case, dispatch, at, arrived=False)]
    return [
        SetDispatch(dispatch.id, target, changes, reason),
        SetIncident(shown if _forward(case, shown) else None, _first(case, "accepted_at", at), "crew", reason),
        *_takes_over(case, dispatch, at, arrived=False),
    ]


def _arrived(case: Case, dispatch: Dispatch, order: Order, at: datetime) -> list[Action] | Refused:
    if str(order.args.get("proof", "")) == "ask":
        if not order.reason.strip():
            return Refused("reason: '', expected why neither position nor code can be read")
        return [SetIncident(None, {}, "override_asked", f"asks to vouch for the arrival: {order.reason.strip()}")]
    proof = _proof(case, order)
    if isinstance(proof, Refused):
        return proof
    changes: dict[str, object] = {"arrived_at": at, "arrival_proof": proof}
    if dispatch.accepted_at is None:
        changes["accepted_at"] = at
    if dispatch.medical:
        # Who comes for the hurt opens no car: whoever does is still called.
        done = SetDispatch(dispatch.id, DispatchState.ARRIVED, changes, f"arrived ({proof})")
        return [done, *_takes_over(case, dispatch, at, arrived=True)]
    return [
        SetDispatch(dispatch.id, DispatchState.ARRIVED, changes, f"arrived ({proof})"),
        SetIncident(
            IncidentState.ARRIVED if _forward(case, IncidentState.ARRIVED) else None,
            {**_first(case, "arrived_at", at), **_first(case, "accepted_at", at)},
            "crew",
            f"tier {dispatch.tier} has arrived",
        ),
        *_takes_over(case, dispatch, at, arrived=True),
        *_send_home(case, f"tier {dispatch.tier} has arrived", "arrived", dispatch.tier),
    ]


def _proof(case: Case, order: Order) -> str | Refused:
    """Position within 200 m, the lift's code read from its sign, or an operator's word with a reason."""
    how = str(order.args.get("proof", ""))
    if how == "qr":
        code = str(order.args.get("code", "")).strip()
        return "qr" if code == case.lift_code else Refused(f"code: {code!r}, expected {case.lift_code}")
    if how == "position":
        lat, lon = number_of(order.args.get("lat")), number_of(order.args.get("lon"))
        if lat is None or lon is None:
            return Refused("position: unknown, expected latitude and longitude")
        metres = distance_m((lat, lon), case.where)
        if metres <= ARRIVED_WITHIN_M:
            return f"position {metres:.0f} m"
        return Refused(f"position: {metres:.0f} m from the lift, expected at most {ARRIVED_WITHIN_M:.0f} m")
    if how == "override":
        if not order.by_operator:
            return Refused("override: expected an operator's word; ask for it, or call the board")
        if order.reason.strip():
            return f"override: {order.reason.strip()}"
    return Refused(f"proof: {how!r}, expected position, qr, or an operator's override with a reason")


def _released(case: Case, dispatch: Dispatch, order: Order, at: datetime) -> list[Action] | Refused:
    if dispatch.state is not DispatchState.ARRIVED:
        return Refused(f"{dispatch.state}: people can be out only after the crew has arrived")
    people, inside = number_of(order.args.get("people")), case.incident.people_inside
    if people is not None and not (0 <= people <= MOST_PEOPLE and people == int(people)):
        return Refused(f"people: {people:g}, expected a whole number from 0 to {MOST_PEOPLE}")
    released = max(at, case.incident.alarm_at, dispatch.arrived_at or at)
    if people is not None and inside is not None and people < inside and not order.args.get("all"):
        words = f"{people:g} of {inside} people are out"
        return [SetIncident(None, {"people_released": int(people)}, "partly_released", words)]
    changes: dict[str, object] = {"released_at": released}
    # Whoever freed them was there by then, also where only the ambulance has said so.
    for column, passed in (("arrived_at", dispatch.arrived_at), ("accepted_at", dispatch.accepted_at)):
        changes |= _first(case, column, passed) if passed is not None else {}
    if people is not None:
        # More came out than were known to be inside, or everybody is out and they were fewer: this count is the truth.
        changes |= {"people_inside": int(people), "people_released": int(people)}
    return [
        SetDispatch(dispatch.id, DispatchState.RELEASED, {"released_at": released, "ended_at": released}, "released"),
        SetIncident(IncidentState.RELEASED, changes, "released", f"people are out: {order.args.get('people', '?')}"),
        *_send_home(case, "people are out", "out"),
    ]


def _send_home(case: Case, reason: str, why: str, keep_tier: int | None = None) -> list[Action]:
    """Where somebody is hurt, nobody is sent home by the first who arrives: fire brigade and ambulance still come."""
    return [] if case.incident.hazards else [StandDown(reason, why, keep_tier=keep_tier, coming=True, doctors=False)]


def _takes_over(case: Case, dispatch: Dispatch, at: datetime, *, arrived: bool) -> list[Action]:
    """The crew in whose place this one comes may go: now, or, if it is at the lift, when this one has arrived."""
    before = next((one for one in case.dispatches if one.id == dispatch.replaces), None)
    if before is None or before.state in GONE or before.state is DispatchState.RELEASED:
        return []
    if before.state is DispatchState.ARRIVED and not arrived:
        return []
    reason = "handed over to another crew"
    return [SetDispatch(before.id, DispatchState.STOOD_DOWN, {"ended_at": at}, reason)]


def _true_time(dispatch: Dispatch, order: Order, now: datetime) -> datetime:
    """A tap made offline keeps its own time where that can be: after the crew's last stage, not in the future."""
    passed = (dispatch.offered_at, dispatch.accepted_at, dispatch.en_route_at, dispatch.arrived_at)
    last = max(at for at in passed if at is not None)
    if order.client_at is not None and dispatch.offered_at <= order.client_at <= now:
        return max(order.client_at, last)
    return max(now, last)


def _first(case: Case, column: str, at: datetime) -> dict[str, object]:
    """The incident has the earliest time of all crews: a tap made without a network may come after another crew's."""
    known: datetime | None = getattr(case.incident, column, None)
    return {} if known is not None and known <= at else {column: at}


def _forward(case: Case, shown: IncidentState) -> bool:
    order = list(IncidentState)
    return order.index(shown) > order.index(case.incident.state)
