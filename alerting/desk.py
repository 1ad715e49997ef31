"""PURE: what a person's command does to an incident, or why it may not."""

from collections.abc import Callable, Mapping
from datetime import datetime

from alerting import crew
from alerting.case import Case, Order, number_of
from alerting.grouping import UNDONE
from alerting.lift_policy import LAST_TIER
from alerting.model import (
    ENDED,
    GONE,
    Action,
    CallAgain,
    CallEmergency,
    CallTier,
    Comfort,
    Merge,
    Refused,
    Reopen,
    SetIncident,
    StandDown,
)
from contracts.kinds import CommandKind, Hazard, IncidentState

ENDS: Mapping[CommandKind, tuple[IncidentState, str]] = {
    CommandKind.FALSE_ALARM: (IncidentState.FALSE_ALARM, "false alarm"),
    CommandKind.SELF_RELEASED: (IncidentState.SELF_RELEASED, "people freed themselves"),
    CommandKind.NOT_TRAPPED: (IncidentState.FAULT_NOT_TRAPPED, "a fault, nobody is inside"),
}
LATE = (CommandKind.FOLLOW_UP, CommandKind.NOTE, CommandKind.CALL_LOG, CommandKind.RECORD)
"""possible after the end"""
LONGEST_TEXT = 200


def judge(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    """What the command does; nothing is done twice."""
    state = case.incident.state
    if order.kind in (CommandKind.SPLIT, CommandKind.REOPEN) and order.dispatch_id is None:
        return _reopen(case, order)
    late = order.kind in LATE and state is IncidentState.CLOSED
    if state in ENDED and not late:
        return Refused(f"incident {case.incident.number} is closed")
    if order.dispatch_id is None or order.kind is CommandKind.RECORD:
        if order.kind not in OPERATORS:
            return Refused(f"{order.kind} is not an operator's command")
        return OPERATORS[order.kind](case, order, now)
    dispatch = next((known for known in case.dispatches if known.id == order.dispatch_id), None)
    if dispatch is None:
        return Refused("this crew was not asked for this incident")
    return crew.judge(case, dispatch, order, now)


def _raise(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    reason = f"raised by the operator: {order.reason or 'no reason given'}"
    if case.incident.tier >= LAST_TIER:
        return [CallAgain(reason)] if _left_alone(case) else Refused("already at tier 3", already=True)
    return [*_seen(case, now), CallTier(case.incident.tier + 1, reason)]


def _emergency(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    """119 now, and 120 where asked for; the tiers between are called, too."""
    ambulance = str(order.args.get("ambulance", "")) in ("1", "on", "true", "True")
    reason = order.reason.strip() or "119/120 now, by the operator"
    found: list[Action] = [CallTier(tier, reason) for tier in range(case.incident.tier + 1, LAST_TIER + 1)]
    if not found and _left_alone(case):
        found.append(CallAgain(reason))
    if ambulance and case.incident.emergency_at is None:
        found.append(CallEmergency(reason))
    if not found:
        return Refused("119 is called already" + (", 120 too" if case.incident.emergency_at else ""), already=True)
    return [*_seen(case, now), *found]


def _left_alone(case: Case) -> bool:
    """Nobody of tier 3 is asked, on the way or there any more: it was sent home, or has declined."""
    last = (one for one in case.dispatches if one.tier == LAST_TIER and not one.medical)
    return all(one.state in GONE for one in last)


def _confirm(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    words = order.reason or "confirmed by the operator"
    found: list[Action] = [SetIncident(None, {"confirmed_at": now}, "confirmed", words)]
    if case.incident.state is IncidentState.VERIFYING:
        found.append(CallTier(1, f"confirmed: {words}"))
    return found


def _seen(case: Case, now: datetime) -> list[Action]:
    """Whoever calls for help has looked: nothing is left to verify."""
    if case.incident.confirmed_at is not None:
        return []
    state = IncidentState.RECEIVED if case.incident.state is IncidentState.VERIFYING else None
    return [SetIncident(state, {"confirmed_at": now}, "confirmed", "help is called")]


def _note(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    if not order.reason.strip():
        return Refused("note: '', expected words")
    return [SetIncident(None, {}, "note", order.reason)]


def _call_log(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    whom = str(order.args.get("whom", "")).strip()
    if not whom or not order.reason.strip():
        return Refused(f"whom {whom!r}, reason {order.reason!r}: expected who was called and what was said")
    # Whoever spoke with the people inside has comforted them.
    changes = {"comfort_at": now} if whom == "car" and case.incident.released_at is None else {}
    return [SetIncident(None, changes, "call", f"{whom}: {order.reason.strip()}")]


def _comfort(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    text = str(order.args.get("text", "")).strip()
    if not text or len(text) > LONGEST_TEXT:
        return Refused(f"text: {len(text)} characters, expected 1 to {LONGEST_TEXT}")
    if case.incident.released_at is not None:
        return Refused("people are out: nobody is left in the car")
    return [Comfort("by the operator", text)]


def _facts(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    changes: dict[str, object] = {}
    words = []
    if (people := order.args.get("people")) not in (None, ""):
        count = number_of(people)
        if count is None or not 0 <= count <= crew.MOST_PEOPLE or count != int(count):
            return Refused(f"people: {people!r}, expected a whole number from 0 to {crew.MOST_PEOPLE}")
        changes["people_inside"] = int(count)
        words.append(f"{int(count)} inside")
    if (given := order.args.get("hazards")) is not None:
        names = [name.strip() for name in str(given).split(",") if name.strip()]
        unknown = [name for name in names if name not in set(Hazard)]
        if unknown:
            return Refused(f"hazards: {unknown[0]!r}, expected {', '.join(Hazard)}")
        changes["hazards"] = sorted(set(names))
        words.append(f"hazards: {' '.join(sorted(set(names))) or 'none'}")
    if floor := str(order.args.get("floor", "")).strip():
        changes["floor_text"] = floor[:20]
        words.append(f"floor {floor[:20]}")
    if not changes:
        return Refused("people, hazards, floor: all empty, expected at least one")
    reason = ", ".join(words) + (f" ({order.reason.strip()})" if order.reason.strip() else "")
    return [SetIncident(None, changes, "facts", reason)]


def _end(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    state, words = ENDS[order.kind]
    if not order.reason.strip():
        return Refused(f"reason: '', expected why: {words}")
    if case.incident.released_at is not None:
        return Refused("people are out: expected closing with cause and method")
    return [
        StandDown(words, order.kind.value, coming=True),
        SetIncident(state, {"closed_at": now}, state.value, order.reason),
    ]


def _merge(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    number = str(order.args.get("into", "")).strip()
    if not order.reason.strip():
        return Refused("reason: '', expected why both are one")
    if case.into is None or case.into.id == case.incident.id or case.into.state in ENDED:
        return Refused(f"into: {number!r}, expected the number of another open incident")
    if "drill" in (case.into.source, case.incident.source) and case.into.source != case.incident.source:
        return Refused(f"into: {number!r}: one of them is a drill")
    if case.into.released_at is not None and case.incident.released_at is None:
        return Refused(f"into: {number!r}: there people are out, here they are not")
    return [StandDown(f"goes on as {number}", "merged", coming=True), Merge(number, order.reason.strip())]


def _reopen(case: Case, order: Order) -> list[Action] | Refused:
    state = case.incident.state
    wanted = (IncidentState.MERGED,) if order.kind is CommandKind.SPLIT else UNDONE
    if state not in wanted:
        return Refused(f"{state}: expected {' or '.join(wanted)}", already=state not in ENDED)
    if not order.reason.strip():
        return Refused("reason: '', expected why it goes on")
    if case.other_open:
        return Refused(f"already open: {case.other_open}")
    words = "split" if order.kind is CommandKind.SPLIT else "opened again"
    return [Reopen(f"{words}: {order.reason.strip()}")]


def _reassign(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    wanted = number_of(order.args.get("dispatch"))
    dispatch = next((known for known in case.dispatches if known.id == wanted), None)
    if dispatch is None:
        return Refused(f"dispatch: {order.args.get('dispatch', '')!r}, expected a crew of this incident")
    return crew.hand_over(case, dispatch, order)


def _record(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    cause, method = str(order.args.get("cause", "")).strip(), str(order.args.get("method", "")).strip()
    if not cause or not method:
        return Refused(f"cause {cause!r}, method {method!r}: expected both")
    if case.incident.released_at is None:
        return Refused("nobody is out yet: expected the release first")
    changes = {"cause": cause, "sub_cause": str(order.args.get("sub_cause", "") or ""), "rescue_method": method}
    return [SetIncident(None, changes, "recorded", f"cause {cause}, method {method}")]


def _follow_up(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    if case.incident.released_at is None:
        return Refused("nobody is out yet: expected the release first")
    if case.incident.followed_up_at is not None:
        return Refused("called back already", already=True)
    if not order.reason.strip():
        return Refused("reason: '', expected what was said")
    state = IncidentState.FOLLOWED_UP if case.incident.state is IncidentState.RELEASED else None
    return [SetIncident(state, {"followed_up_at": now}, "followed_up", order.reason.strip())]


def _close(case: Case, order: Order, now: datetime) -> list[Action] | Refused:
    incident = case.incident
    cause = str(order.args.get("cause", "") or incident.cause or "").strip()
    method = str(order.args.get("method", "") or incident.rescue_method or "").strip()
    override = str(order.args.get("override_reason", "") or "").strip()
    if not cause or not method:
        return Refused(f"cause {cause!r}, method {method!r}: expected both before an incident can be closed")
    if incident.released_at is None:
        return Refused("nobody is out yet: expected the release first, or a false alarm with its reason")
    if incident.sensors_clear_at is None and not override:
        return Refused("the sensors still see a trapped car: expected an override reason")
    changes = {"closed_at": now, "cause": cause, "rescue_method": method}
    if sub_cause := str(order.args.get("sub_cause", "") or ""):
        changes["sub_cause"] = sub_cause
    words = f"cause {cause}, method {method}" + (f"; override: {override}" if override else "; sensors agree")
    return [StandDown("closed", "closed", coming=True), SetIncident(IncidentState.CLOSED, changes, "closed", words)]


Judge = Callable[[Case, Order, datetime], list[Action] | Refused]
OPERATORS: Mapping[CommandKind, Judge] = {
    CommandKind.RAISE: _raise,
    CommandKind.EMERGENCY: _emergency,
    CommandKind.CONFIRM: _confirm,
    CommandKind.NOTE: _note,
    CommandKind.CALL_LOG: _call_log,
    CommandKind.COMFORT: _comfort,
    CommandKind.FACTS: _facts,
    CommandKind.FALSE_ALARM: _end,
    CommandKind.SELF_RELEASED: _end,
    CommandKind.NOT_TRAPPED: _end,
    CommandKind.MERGE: _merge,
    CommandKind.REASSIGN: _reassign,
    CommandKind.RECORD: _record,
    CommandKind.FOLLOW_UP: _follow_up,
    CommandKind.CLOSE: _close,
}
