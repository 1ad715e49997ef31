"""PURE: which clocks run for an incident, and what happens when one has run out. Only an arrival stops the cascade."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from alerting.model import COMING, ENDED, GONE, THERE, Action, CallAgain, CallTier, Dispatch, Incident, SetIncident
from alerting.policy import LiftPolicy
from contracts.kinds import DispatchState, IncidentState

LAST_TIER = 3


class Clock(NamedTuple):
    """When something is due, what will be done then, and the words for people."""

    at: datetime
    action: Action
    words: str


def clocks(incident: Incident, dispatches: Sequence[Dispatch], policy: LiftPolicy) -> list[Clock]:
    """The clocks that run, soonest first."""
    if incident.state in ENDED:
        return []
    if incident.released_at is not None:
        return [_record(incident, policy)]
    running = [*_arrival(incident, dispatches, policy), *_last_resort(incident, dispatches, policy)]
    return sorted(running, key=lambda clock: clock.at)


def due(incident: Incident, dispatches: Sequence[Dispatch], policy: LiftPolicy, now: datetime) -> Clock | None:
    """The first clock that has run out, if any."""
    return next((clock for clock in clocks(incident, dispatches, policy) if clock.at <= now), None)


def next_due(incident: Incident, dispatches: Sequence[Dispatch], policy: LiftPolicy) -> Clock | None:
    """The clock that runs out next."""
    return next(iter(clocks(incident, dispatches, policy)), None)


def _record(incident: Incident, policy: LiftPolicy) -> Clock:
    since = max(at for at in (incident.released_at, incident.called_at) if at is not None)
    reminder = SetIncident(None, {}, "reminder", "cause and rescue method are not recorded")
    return Clock(since + timedelta(seconds=policy.record_s), reminder, "record cause and method")


def _last_resort(incident: Incident, dispatches: Sequence[Dispatch], policy: LiftPolicy) -> list[Clock]:
    """Whatever crews said: without an arrival the last tier is called by T_max."""
    if incident.tier >= LAST_TIER or any(dispatch.state in THERE for dispatch in dispatches):
        return []
    reason = f"nobody has arrived within {policy.t_max_s} s"
    return [Clock(incident.alarm_at + timedelta(seconds=policy.t_max_s), CallTier(LAST_TIER, reason), "tier 3")]


def _arrival(incident: Incident, dispatches: Sequence[Dispatch], policy: LiftPolicy) -> list[Clock]:
    there = [dispatch for dispatch in dispatches if dispatch.state in THERE]
    if there:
        arrived = max(dispatch.arrived_at or dispatch.offered_at for dispatch in there)
        return _release(incident, arrived, policy)
    tier = incident.tier
    if tier == 0:
        return [Clock(incident.opened_at, CallTier(1, "alarm received"), "tier 1")]
    current = [dispatch for dispatch in dispatches if dispatch.tier == tier and dispatch.state not in GONE]
    if not current:
        return [_next(incident, incident.called_at or incident.opened_at, policy, f"tier {tier}: nobody can come")]
    coming = [dispatch for dispatch in current if dispatch.state in COMING]
    if coming:
        return [clock for dispatch in coming for clock in _coming(incident, dispatch, policy)]
    until = max(dispatch.accept_due or dispatch.offered_at for dispatch in current)
    return [_next(incident, until, policy, f"tier {tier} has not accepted within {policy.accept_s(tier)} s")]


def _coming(incident: Incident, dispatch: Dispatch, policy: LiftPolicy) -> list[Clock]:
    """An accepted crew that never arrives must still be followed by the next tier."""
    accepted = dispatch.accepted_at or dispatch.offered_at
    limit = policy.arrival_s(incident.remote)
    latest = dispatch.arrive_due or accepted + timedelta(seconds=limit)
    found = [_next(incident, latest, policy, f"tier {dispatch.tier} accepted but has not arrived within {limit} s")]
    if dispatch.eta_at is not None and dispatch.eta_at > latest and incident.tier < LAST_TIER:
        check = accepted + timedelta(seconds=policy.check_eta_s)
        found.append(_next(incident, check, policy, f"tier {dispatch.tier} expects to arrive too late"))
    return found


def _next(incident: Incident, at: datetime, policy: LiftPolicy, reason: str) -> Clock:
    if incident.tier < LAST_TIER:
        return Clock(at, CallTier(incident.tier + 1, reason), f"tier {incident.tier + 1}")
    # There is nobody above: call again, but not more often than the acceptance clock.
    again = (incident.called_at or incident.opened_at) + timedelta(seconds=policy.tier3_accept_s)
    return Clock(max(at, again), CallAgain(reason), "tier 3 again")


def _release(incident: Incident, arrived: datetime, policy: LiftPolicy) -> list[Clock]:
    if incident.tier >= LAST_TIER:
        return []
    reason = f"arrived, but nobody is out within {policy.release_s} s"
    return [Clock(arrived + timedelta(seconds=policy.release_s), CallTier(LAST_TIER, reason), "tier 3")]


def summary(dispatches: Sequence[Dispatch]) -> IncidentState:
    """The incident's state as its crews make it: the furthest one counts."""
    order = (
        (DispatchState.RELEASED, IncidentState.RELEASED),
        (DispatchState.ARRIVED, IncidentState.ARRIVED),
        (DispatchState.EN_ROUTE, IncidentState.EN_ROUTE),
        (DispatchState.ACCEPTED, IncidentState.ACCEPTED),
    )
    states = {dispatch.state for dispatch in dispatches}
    return next((shown for crew, shown in order if crew in states), IncidentState.DISPATCHED)
