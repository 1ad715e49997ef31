"""PURE: which clocks run for an incident, and what happens when one has run out. Only an arrival stops the cascade."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from alerting.lift_policy import LAST_TIER, Facts, LiftPolicy, Plan, minute_of, plan
from alerting.model import (
    COMING,
    ENDED,
    GONE,
    THERE,
    Action,
    CallAgain,
    CallEmergency,
    CallTier,
    Comfort,
    Dispatch,
    Incident,
    Remind,
)
from contracts.kinds import DispatchState, IncidentState


class Clock(NamedTuple):
    """When something is due, what will be done then, the words for people, and the policy's key that set the time."""

    at: datetime
    action: Action
    words: str
    key: str


AT_ONCE = "at once"
NOBODY = "nobody"
"""not clocks of the policy: what is due when the alarm is, and when nobody can be asked"""


def accept_key(tier: int) -> str:
    """The policy's key of a tier's acceptance clock."""
    return f"tier[{tier}].accept_s"


def facts_of(incident: Incident, policy: LiftPolicy) -> Facts:
    """What the policy's conditions ask about an incident."""
    return Facts(
        place_kind=incident.place_kind,
        minute=minute_of(policy, incident.alarm_at),
        campaigns=tuple(incident.campaign.split()),
        hazards=incident.hazards,
        people=incident.people_inside,
        remote=incident.remote,
        mass=incident.mass_id is not None,
    )


def plan_of(incident: Incident, policy: LiftPolicy) -> Plan:
    """What the policy comes to for an incident as it stands."""
    return plan(policy, facts_of(incident, policy))


def clocks(incident: Incident, dispatches: Sequence[Dispatch], chosen: Plan) -> list[Clock]:
    """The clocks that run, soonest first."""
    if incident.released_at is not None:
        return _after(incident, chosen)
    if incident.state in ENDED:
        return []
    crews = [dispatch for dispatch in dispatches if not dispatch.medical]
    there = [crew for crew in crews if crew.state in THERE]
    running = [
        *(_release(incident, there, chosen) if there else _arrival(incident, crews, chosen)),
        *([] if there else _last_resort(incident, chosen)),
        *_long(incident, chosen),
        *_at_once(incident, dispatches, chosen),
        *_comfort(incident, chosen),
    ]
    return sorted(running, key=lambda clock: clock.at)


def due(incident: Incident, dispatches: Sequence[Dispatch], chosen: Plan, now: datetime) -> Clock | None:
    """The first clock that has run out, if any."""
    return next((clock for clock in clocks(incident, dispatches, chosen) if clock.at <= now), None)


def next_due(incident: Incident, dispatches: Sequence[Dispatch], chosen: Plan) -> Clock | None:
    """The clock that runs out next."""
    return next(iter(clocks(incident, dispatches, chosen)), None)


def _arrival(incident: Incident, dispatches: Sequence[Dispatch], chosen: Plan) -> list[Clock]:
    tier = incident.tier
    if incident.state is IncidentState.VERIFYING and (chosen.call_tier > 1 or chosen.emergency):
        return [Clock(incident.opened_at, CallTier(1, f"at once: {chosen.why}"), "tier 1", AT_ONCE)]
    if incident.state is IncidentState.VERIFYING:
        limit = chosen.clocks.verify_s
        reason = f"nobody has looked within {limit} s: counts as an entrapment"
        return [Clock(_after_s(incident.opened_at, limit), CallTier(1, reason), "tier 1", "verify_s")]
    if tier == 0:
        return [Clock(incident.opened_at, CallTier(1, "alarm received"), "tier 1", AT_ONCE)]
    # Tiers that were called side by side answer for each other; one that was called because the tier below it is late
    # is judged by its own crews. Nobody is above the last: whoever is coming in time spares it from being called again,
    # but not where a person wanted it or somebody is hurt.
    lowest = 1 if tier <= chosen.call_tier else tier
    asked = [dispatch for dispatch in dispatches if lowest <= dispatch.tier <= tier and dispatch.state not in GONE]
    wanted = incident.confirmed_at or incident.emergency_at or incident.hazards
    on_the_way = dispatches if tier >= LAST_TIER and not wanted else asked
    coming = [_deadline(dispatch, chosen) for dispatch in on_the_way if dispatch.state in COMING]
    if coming:
        until, reason, key = max(coming)
        return [_next(incident, until, chosen, reason, key)]
    if not asked:
        return [
            _next(incident, incident.called_at or incident.opened_at, chosen, f"tier {tier}: nobody can come", NOBODY)
        ]
    until, slowest = max((dispatch.accept_due or dispatch.offered_at, dispatch.tier) for dispatch in asked)
    reason = f"tier {tier} has not accepted within {chosen.accept_s(tier)} s"
    return [_next(incident, until, chosen, reason, accept_key(slowest))]


def _deadline(dispatch: Dispatch, chosen: Plan) -> tuple[datetime, str, str]:
    """An accepted crew that never arrives must still be followed by the next tier."""
    accepted = dispatch.accepted_at or dispatch.offered_at
    limit = chosen.clocks.arrive_s
    latest = dispatch.arrive_due or _after_s(accepted, limit)
    if dispatch.eta_at is not None and dispatch.eta_at > latest:
        check = _after_s(accepted, chosen.clocks.check_eta_s)
        if check < latest:
            return check, f"tier {dispatch.tier} expects to arrive too late", "check_eta_s"
    return latest, f"tier {dispatch.tier} accepted but has not arrived within {limit} s", "arrive_s"


def _next(incident: Incident, at: datetime, chosen: Plan, reason: str, key: str) -> Clock:
    if incident.tier < LAST_TIER:
        return Clock(at, CallTier(incident.tier + 1, reason), f"tier {incident.tier + 1}", key)
    # There is nobody above: call again, but not more often than the acceptance clock.
    again = _after_s(incident.called_at or incident.opened_at, chosen.accept_s(LAST_TIER))
    return Clock(max(at, again), CallAgain(reason), "tier 3 again", key if at > again else accept_key(LAST_TIER))


def _last_resort(incident: Incident, chosen: Plan) -> list[Clock]:
    """Whatever crews said: without an arrival the last tier is called by T_max, and none before it is left out."""
    if incident.tier >= LAST_TIER:
        return []
    limit = chosen.clocks.t_max_s
    call = CallTier(incident.tier + 1, f"nobody has arrived within {limit} s")
    return [Clock(_after_s(incident.alarm_at, limit), call, "tier 3", "t_max_s")]


def _release(incident: Incident, there: Sequence[Dispatch], chosen: Plan) -> list[Clock]:
    limit = chosen.clocks.release_s
    arrived = max(dispatch.arrived_at or dispatch.offered_at for dispatch in there)
    reason = f"arrived, but nobody is out within {limit} s"
    if incident.tier < LAST_TIER:
        return [Clock(_after_s(arrived, limit), CallTier(incident.tier + 1, reason), "tier 3", "release_s")]
    called = incident.called_at or incident.opened_at
    return [Clock(_after_s(max(arrived, called), limit), CallAgain(reason), "tier 3 again", "release_s")]


def _long(incident: Incident, chosen: Plan) -> list[Clock]:
    at = _after_s(incident.alarm_at, chosen.clocks.long_s)
    reason = f"trapped for more than {chosen.clocks.long_s} s"
    if incident.tier < LAST_TIER:
        return [Clock(at, CallTier(incident.tier + 1, reason), "tier 3", "long_s")]
    return [] if incident.emergency_at is not None else [Clock(at, CallEmergency(reason), "120", "long_s")]


def _at_once(incident: Incident, dispatches: Sequence[Dispatch], chosen: Plan) -> list[Clock]:
    """What a branch calls side by side, as soon as its condition holds."""
    if incident.state is IncidentState.VERIFYING or incident.tier == 0:
        return []
    if incident.tier < chosen.call_tier:
        call = CallTier(incident.tier + 1, f"at once: {chosen.why}")
        return [Clock(incident.opened_at, call, "at once", "call_tier")]
    found = []
    if incident.hazards and chosen.call_tier == LAST_TIER and _sent_home(dispatches):
        # They were told that they need not come before anybody knew that somebody is hurt.
        again = _after_s(incident.called_at or incident.opened_at, chosen.accept_s(LAST_TIER))
        found.append(Clock(again, CallAgain(f"at once: {chosen.why}"), "tier 3 again", "call_tier"))
    if chosen.emergency and incident.emergency_at is None:
        emergency = CallEmergency(f"at once: {' '.join(incident.hazards)}")
        found.append(Clock(incident.opened_at, emergency, "120", "emergency"))
    return found


def _sent_home(dispatches: Sequence[Dispatch]) -> bool:
    last = [one.state for one in dispatches if one.tier == LAST_TIER and not one.medical]
    return DispatchState.STOOD_DOWN in last and all(state in GONE for state in last)


def _comfort(incident: Incident, chosen: Plan) -> list[Clock]:
    every = chosen.clocks.comfort_s
    if incident.comfort_at is None:
        return [Clock(incident.opened_at, Comfort("first words to the car"), "words to the car", AT_ONCE)]
    return [Clock(_after_s(incident.comfort_at, every), Comfort(f"every {every} s"), "words to the car", "comfort_s")]


def _after(incident: Incident, chosen: Plan) -> list[Clock]:
    """What is still to be done when people are out: a call a day later, and what it was."""
    if incident.released_at is None or (incident.state in ENDED and incident.state is not IncidentState.CLOSED):
        return []
    found = []
    if incident.followed_up_at is None and incident.follow_reminded_at is None:
        reminder = Remind("follow_up_reminder", "follow_reminded_at", "nobody has called back yet")
        found.append(
            Clock(_after_s(incident.released_at, chosen.clocks.follow_up_s), reminder, "call back", "follow_up_s")
        )
    if incident.state is not IncidentState.CLOSED:
        since = max(incident.released_at, incident.reminded_at or incident.released_at)
        reason = "cause and rescue method are not recorded"
        reminder = Remind("record_reminder", "reminded_at", reason)
        found.append(Clock(_after_s(since, chosen.clocks.record_s), reminder, "record cause and method", "record_s"))
    return sorted(found, key=lambda clock: clock.at)


def _after_s(at: datetime, seconds: float) -> datetime:
    return at + timedelta(seconds=seconds)
