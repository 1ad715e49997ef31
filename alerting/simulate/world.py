"""PURE: one incident played on structs. The production decisions decide; this does what `effects` does on rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from alerting import crew, desk, escalation
from alerting.case import Case, Order
from alerting.escalation import Clock
from alerting.lift_policy import LAST_TIER, LiftPolicy, Plan
from alerting.model import (
    COMING,
    GONE,
    Action,
    CallAgain,
    CallEmergency,
    CallTier,
    Comfort,
    Dispatch,
    Incident,
    Offer,
    Refused,
    Remind,
    SetDispatch,
    SetIncident,
    StandDown,
)
from contracts.kinds import DispatchState, IncidentState

AGAIN = (DispatchState.OFFERED, *COMING)
FRESH = {"accepted_at": None, "arrive_due": None, "en_route_at": None, "eta_at": None, "arrived_at": None}
FIRST = ("released_at", "confirmed_at", "emergency_at", "followed_up_at")
"""columns that keep their first value; when somebody accepted or arrived may be told late, and is the earliest"""
FACTS = ("people_inside", "hazards", "mass_id")
INCIDENT, DISPATCH = frozenset(Incident.__struct_fields__), frozenset(Dispatch.__struct_fields__)
LIFT = "100001"
WHERE = (22.52, 113.38)
NEXT_ORGANISATION = 1_000
UNBEGUN = (IncidentState.RECEIVED, IncidentState.VERIFYING)

Decide = Callable[[Incident, Sequence[Dispatch], Plan], list[Clock]]
Reach = Callable[[int, int], int]
"""how many crews can be reached: of a tier, where so many are wanted (0: all); the emergency is tier 4"""
EMERGENCY = LAST_TIER + 1


class World:
    """One incident and its crews."""

    __slots__ = (
        "_plan", "decide", "dispatches", "fired", "incident", "offers", "pages", "policy", "reach",
    )  # fmt: skip

    def __init__(
        self, incident: Incident, policy: LiftPolicy, reach: Reach, decide: Decide = escalation.clocks
    ) -> None:
        self.incident, self.policy, self.reach, self.decide = incident, policy, reach, decide
        self.dispatches: list[Dispatch] = []
        self.offers: list[Dispatch] = []
        """crews that were asked since somebody looked here"""
        self.fired: list[str] = []
        """keys of the clocks that ran out"""
        self.pages = 0
        self._plan: Plan | None = None

    def copy(self) -> World:
        """Another world that goes its own way from here."""
        made = World(self.incident, self.policy, self.reach, self.decide)
        made.dispatches, made.offers, made.fired = [*self.dispatches], [*self.offers], [*self.fired]
        made.pages, made._plan = self.pages, self._plan
        return made

    @property
    def plan(self) -> Plan:
        if self._plan is None:
            self._plan = escalation.plan_of(self.incident, self.policy)
        return self._plan

    def following(self) -> Clock | None:
        """The clock that runs out next."""
        running = self.decide(self.incident, self.dispatches, self.plan)
        return running[0] if running else None

    def run_out(self, clock: Clock, now: datetime) -> None:
        """A clock has run out."""
        self.fired.append(clock.key)
        self.do(clock.action, now)

    def obey(self, dispatch_id: int, order: Order, now: datetime) -> Refused | None:
        """A crew's command."""
        return self._carry_out(crew.judge(self._case(), self.dispatches[dispatch_id - 1], order, now), now)

    def operate(self, order: Order, now: datetime) -> Refused | None:
        """An operator's command."""
        return self._carry_out(desk.judge(self._case(), order, now), now)

    def _case(self) -> Case:
        return Case(
            incident=self.incident,
            dispatches=self.dispatches,
            plan=self.plan,
            lift_code=LIFT,
            where=WHERE,
            organisation=NEXT_ORGANISATION + len(self.dispatches),
        )

    def _carry_out(self, judged: Sequence[Action] | Refused, now: datetime) -> Refused | None:
        if isinstance(judged, Refused):
            return judged
        for action in judged:
            self.do(action, now)
        return None

    def do(self, action: Action, now: datetime) -> None:
        """Carries one decision out."""
        DOING[type(action)](self, action, now)

    def change(self, state: IncidentState | None, changes: Mapping[str, Any], tier: int = 0) -> None:
        """The incident's next state."""
        incident = self.incident
        kept = {
            name: value
            for name, value in changes.items()
            if name in INCIDENT and (name not in FIRST or getattr(incident, name) is None)
        }
        if any(name in kept for name in FACTS):
            self._plan = None
        self.incident = msgspec.structs.replace(
            incident, state=state or incident.state, tier=max(tier, incident.tier), **kept
        )

    def _ask(
        self, tier: int, wanted: int, now: datetime, *, replaces: int | None = None, medical: bool = False
    ) -> list[int]:
        due = now + timedelta(seconds=self.plan.accept_s(tier))
        made = []
        for _ in range(wanted):
            number = len(self.dispatches) + 1
            asked = Dispatch(
                id=number,
                tier=tier,
                organisation_id=NEXT_ORGANISATION + number - 1,
                state=DispatchState.OFFERED,
                offered_at=now,
                accept_due=due,
                replaces=replaces,
                medical=medical,
            )
            self.dispatches.append(asked)
            self.offers.append(asked)
            made.append(number)
        self.pages += wanted
        return made

    def _call(self, action: CallTier, now: datetime) -> None:
        before = sum(one.state not in GONE for one in self.dispatches)
        state = self.incident.state
        self.change(IncidentState.DISPATCHED if state in UNBEGUN else state, {"called_at": now}, action.tier)
        tier = self.plan.tiers[action.tier - 1]
        if self._ask(action.tier, self.reach(action.tier, tier.count), now):
            self.pages += len(tier.tell) + before

    def _again(self, action: CallAgain, now: datetime) -> None:
        self.change(None, {"called_at": now})
        tier = self.incident.tier
        crews = [one for one in self.dispatches if one.tier == tier and not one.medical]
        chosen = [one for one in crews if one.state in AGAIN]
        chosen = chosen or [one for one in crews if one.state is not DispatchState.DECLINED] or crews
        known = (one for one in self.dispatches if one.tier == tier and one.medical)
        others = [one for one in known if one.state is DispatchState.OFFERED]
        due = now + timedelta(seconds=self.plan.accept_s(tier))
        for one in [*chosen, *others]:
            if one.state in GONE:
                anew = {**FRESH, "state": DispatchState.OFFERED, "offered_at": now, "accept_due": due}
                self._replace(one.id, anew)
                self.offers.append(self.dispatches[one.id - 1])
            elif one.state is DispatchState.OFFERED:
                self._replace(one.id, {"accept_due": due})
                self.offers.append(self.dispatches[one.id - 1])
        self.pages += len(chosen) + len(others)
        wanted = self.plan.tiers[tier - 1].count
        if not chosen:
            self._ask(tier, self.reach(tier, wanted), now)

    def _emergency(self, action: CallEmergency, now: datetime) -> None:
        self.change(None, {"emergency_at": now})
        self._ask(LAST_TIER, self.reach(EMERGENCY, 0), now, medical=True)

    def _offer(self, action: Offer, now: datetime) -> None:
        self._ask(action.tier, 1, now, replaces=action.replaces)

    def _set_dispatch(self, action: SetDispatch, now: datetime) -> None:
        dispatch = self.dispatches[action.dispatch_id - 1]
        kept = {
            name: value
            for name, value in action.changes.items()
            if name in DISPATCH and (name == "eta_at" or getattr(dispatch, name) is None)
        }
        self._replace(dispatch.id, {**kept, "state": action.state})

    def _replace(self, dispatch_id: int, changes: Mapping[str, Any]) -> None:
        self.dispatches[dispatch_id - 1] = msgspec.structs.replace(self.dispatches[dispatch_id - 1], **changes)

    def _set_incident(self, action: SetIncident, now: datetime) -> None:
        self.change(action.state, action.changes)

    def _stand_down(self, action: StandDown, now: datetime) -> None:
        for one in self.dispatches:
            if one.medical and not action.doctors:
                continue
            going = action.coming and one.state in COMING and one.tier != action.keep_tier
            if one.state is DispatchState.OFFERED or going:
                self._replace(one.id, {"state": DispatchState.STOOD_DOWN})
                self.pages += 1

    def _comfort(self, action: Comfort, now: datetime) -> None:
        self.change(None, {"comfort_at": now})

    def _remind(self, action: Remind, now: datetime) -> None:
        self.change(None, {action.column: now})
        self.pages += 1


DOING: Mapping[type[Any], Callable[[World, Any, datetime], None]] = {
    CallTier: World._call,
    CallAgain: World._again,
    CallEmergency: World._emergency,
    Offer: World._offer,
    SetDispatch: World._set_dispatch,
    SetIncident: World._set_incident,
    StandDown: World._stand_down,
    Comfort: World._comfort,
    Remind: World._remind,
}
