"""Carries decisions out on rows: state, timeline, dispatches and letters in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
from psycopg.types.json import Jsonb

from alerting import escalation
from alerting.calls import Calls
from alerting.lift_policy import LAST_TIER, LiftPolicy, Plan
from alerting.means import Means
from alerting.model import (
    COMING,
    ENDED,
    GONE,
    Action,
    CallAgain,
    CallEmergency,
    CallTier,
    Comfort,
    Dispatch,
    Incident,
    Merge,
    Offer,
    Remind,
    Reopen,
    SetDispatch,
    SetIncident,
    StandDown,
)
from alerting.policy import from_row
from alerting.sql import QUERIES
from contracts.kinds import DispatchState, EdgeCommand, IncidentState
from runtime.db import Connection

INCIDENT_COLUMNS = (
    "called_at", "dispatched_at", "accepted_at", "arrived_at", "released_at", "closed_at", "people_inside",
    "people_released", "hazards", "floor_text", "cause", "sub_cause", "rescue_method", "confirmed_at", "comfort_at",
    "emergency_at", "followed_up_at", "follow_reminded_at", "reminded_at", "merged_into",
)  # fmt: skip
DISPATCH_COLUMNS = (
    "accepted_at", "arrive_due", "en_route_at", "eta_at", "arrived_at", "arrival_proof", "released_at", "ended_at",
    "decline_reason",
)  # fmt: skip
AT_ONCE = 16
"""more than any incident can have due at one moment"""


class Fenced(RuntimeError):
    """Somebody else changed the incident since it was read: this decision is void and is taken again."""


class Rescue:
    """One incident, locked in the caller's transaction."""

    def __init__(self, connection: Connection, incident_id: int, now: datetime, means: Means) -> None:
        self.connection, self.now, self.means = connection, now, means
        row = connection.execute(QUERIES["incident_locked"], {"id": incident_id}).fetchone()
        assert row is not None
        policy = from_row(row["policy"])
        assert isinstance(policy, LiftPolicy)
        self.policy = policy
        self._crews: list[Dispatch] | None = None
        self._read(row)
        lift = connection.execute(QUERIES["lift_by_id"], {"lift": self.incident.lift_id}).fetchone()
        assert lift is not None
        self.lift: Mapping[str, Any] = lift
        self.calls = Calls(self)

    def _read(self, row: Mapping[str, Any]) -> None:
        self.row = row
        self.incident = msgspec.convert(row, type=Incident, strict=False, from_attributes=False)

    @property
    def plan(self) -> Plan:
        return escalation.plan_of(self.incident, self.policy)

    @property
    def dispatches(self) -> list[Dispatch]:
        if self._crews is None:
            rows = self.connection.execute(QUERIES["dispatches"], {"incident": self.incident.id}).fetchall()
            self._crews = [msgspec.convert(row, type=Dispatch, strict=False) for row in rows]
        return self._crews

    def crews_changed(self) -> None:
        """Whoever writes a dispatch says so: they are read again."""
        self._crews = None

    def carry_out(self, actions: Sequence[Action], actor: str) -> None:
        """Does what was decided, then whatever is due at once because of it, and sets the next clock."""
        for action in actions:
            self._do(action, actor)
        # A tier that nobody can be reached in is followed by the next one now, not at the next poll.
        for _ in range(AT_ONCE):
            clock = escalation.due(self.incident, self.dispatches, self.plan, self.now)
            if clock is None:
                break
            self._do(clock.action, "sunlit")
        following = escalation.next_due(self.incident, self.dispatches, self.plan)
        self.connection.execute(
            QUERIES["incident_due"],
            {
                "id": self.incident.id,
                "due_at": following.at if following else None,
                "due_reason": following.words if following else "",
            },
        )

    def _do(self, action: Action, actor: str) -> None:
        doing: Mapping[type[Any], Callable[[Any, str], None]] = {
            CallTier: self._call,
            CallAgain: self._call_again,
            CallEmergency: self._emergency,
            Offer: self._offer,
            SetDispatch: self.set_dispatch,
            SetIncident: self._set_incident,
            StandDown: self._stand_down,
            Comfort: self._comfort,
            Reopen: self._reopen,
            Merge: self._merge,
            Remind: self._remind,
        }
        doing[type(action)](action, actor)

    def update(self, state: IncidentState | None, changes: Mapping[str, object], tier: int = 0) -> None:
        """The incident's next version. Raises Fenced when somebody was faster."""
        values = {column: changes.get(column) for column in INCIDENT_COLUMNS}
        done = self.connection.execute(
            QUERIES["incident_update"],
            {
                **values,
                "id": self.incident.id,
                "version": self.incident.version,
                "state": (state or self.incident.state).value,
                "tier": tier,
                "reopens": state is not None and self.row["closed_at"] is not None and "closed_at" in changes,
            },
        )
        if done.rowcount != 1:
            raise Fenced(f"incident {self.incident.number}: version {self.incident.version} is no longer the newest")
        row = self.connection.execute(QUERIES["incident_locked"], {"id": self.incident.id}).fetchone()
        assert row is not None
        self._read(row)

    def entry(self, actor: str, action: str, reason: str, **details: object) -> None:
        """A line of the timeline."""
        self.connection.execute(
            QUERIES["incident_entry"],
            {
                "incident": self.incident.id,
                "now": self.now,
                "actor": actor,
                "action": action,
                "reason": reason,
                "tier": self.incident.tier,
                "policy_version": self.policy.version,
                "details": Jsonb(details),
            },
        )

    def _set_incident(self, action: SetIncident, actor: str) -> None:
        self.update(action.state, action.changes)
        self.entry(actor, action.action, action.reason)

    def set_dispatch(self, action: SetDispatch, actor: str) -> None:
        """A crew's next state, with its line in the timeline."""
        values = {column: action.changes.get(column) for column in DISPATCH_COLUMNS}
        self.connection.execute(
            QUERIES["dispatch_update"], {**values, "id": action.dispatch_id, "state": action.state.value}
        )
        self.crews_changed()
        self.entry(actor, f"crew_{action.state.value}", action.reason, dispatch=action.dispatch_id)

    def _call(self, action: CallTier, actor: str) -> None:
        before = self.dispatches
        state = self.incident.state
        if state in (IncidentState.RECEIVED, IncidentState.VERIFYING):
            state = IncidentState.DISPATCHED
        self.update(state, {"called_at": self.now, "dispatched_at": self.now}, action.tier)
        self.entry(actor, "tier_called", action.reason)
        called = self.calls.tier(action.tier, self.plan)
        if not called:
            self.entry("sunlit", "shortfall", f"tier {action.tier}: nobody can be reached")
            return
        self.calls.inform(action.tier, self.plan, called, [one for one in before if one.state not in GONE])

    def _call_again(self, action: CallAgain, actor: str) -> None:
        self.update(None, {"called_at": self.now})
        self.entry(actor, "called_again", action.reason)
        self.calls.again(self.plan)

    def _emergency(self, action: CallEmergency, actor: str) -> None:
        self.update(None, {"emergency_at": self.now})
        self.entry(actor, "emergency_called", action.reason)
        kinds = self.policy.emergency.ask
        if not self.calls.kinds(kinds, LAST_TIER, 0, self.plan):
            self.entry("sunlit", "shortfall", f"{' '.join(kinds)}: nobody can be reached")

    def _offer(self, action: Offer, actor: str) -> None:
        row = self.connection.execute(QUERIES["organisation_by_code"], {"code": action.organisation}).fetchone()
        assert row is not None
        # A version of its own: whoever is asked once more is told once more.
        self.update(None, {})
        self.entry(actor, "reassigned", action.reason, replaces=action.replaces, organisation=row["id"])
        self.calls.one(row["id"], action.tier, self.plan, replaces=action.replaces)

    def _stand_down(self, action: StandDown, actor: str) -> None:
        for dispatch in self.dispatches:
            if dispatch.medical and not action.doctors:
                continue
            going = action.coming and dispatch.state in COMING and dispatch.tier != action.keep_tier
            if dispatch.state is DispatchState.OFFERED or going:
                change = SetDispatch(dispatch.id, DispatchState.STOOD_DOWN, {"ended_at": self.now}, action.reason)
                self.set_dispatch(change, actor)
                self.calls.stand_down(dispatch, action.why)

    def _comfort(self, action: Comfort, actor: str) -> None:
        """Words to every lift device of the lift; the edge speaks them or says that it cannot."""
        self.update(None, {"comfort_at": self.now})
        devices = self.connection.execute(QUERIES["lift_devices"], {"lift": self.incident.lift_id}).fetchall()
        if self.row["source"] == "drill":
            # Whoever rides in the car knows nothing of an exercise.
            self.entry(actor, "comfort_missing", "a drill: nothing is said in the car")
            return
        texts = {language: action.text or self.calls.words("comfort", language) for language in ("zh", "en")}
        for device in devices:
            self.connection.execute(
                QUERIES["rescue_order"],
                {
                    "id": uuid4(),
                    "incident": self.incident.id,
                    "device": device["id"],
                    "kind": EdgeCommand.COMFORT.value,
                    "args": Jsonb({"text": texts["zh"], "text_en": texts["en"]}),
                    "actor": actor,
                    "reason": self.incident.number,
                    "now": self.now,
                    "life_s": self.plan.clocks.comfort_s,
                },
            )
        words = action.text or action.reason
        self.entry(actor, "comfort" if devices else "comfort_missing", words)

    def _reopen(self, action: Reopen, actor: str) -> None:
        if self.incident.released_at is not None:
            # People were out when it was merged: nobody is called.
            self.update(IncidentState.RELEASED, {"closed_at": None})
            self.entry(actor, "reopened", action.reason)
            return
        self.update(IncidentState.DISPATCHED if self.incident.tier else IncidentState.RECEIVED, {"closed_at": None})
        self.entry(actor, "reopened", action.reason)
        if self.incident.tier:
            self.update(None, {"called_at": self.now})
            self.calls.again(self.plan, there_too=True)

    def _merge(self, action: Merge, actor: str) -> None:
        target = self.connection.execute(QUERIES["incident_by_number"], {"number": action.into}).fetchone()
        assert target is not None
        self.update(IncidentState.MERGED, {"closed_at": self.now, "merged_into": target["id"]})
        self.entry(actor, "merged", f"into {action.into}: {action.reason}")
        other = Rescue(self.connection, target["id"], self.now, self.means)
        over = other.incident.released_at is not None and self.incident.released_at is None
        if other.incident.state in ENDED or over:
            # It ended while this was decided: people must not end with it.
            raise Fenced(f"incident {action.into} has ended")
        more = {name: self.row[name] for name in ("people_inside", "floor_text") if not other.row[name]}
        hazards = sorted({*other.incident.hazards, *self.incident.hazards})
        other.update(None, {**more, "hazards": [str(hazard) for hazard in hazards]})
        other.entry(actor, "merged_in", f"{self.incident.number}: {action.reason}")
        # What was called here is no longer looked at there.
        seen = self.incident.tier and other.incident.state is IncidentState.VERIFYING
        other.carry_out([CallTier(1, f"merged: {self.incident.number}")] if seen else [], actor)

    def _remind(self, action: Remind, actor: str) -> None:
        self.update(None, {action.column: self.now})
        self.entry(actor, "reminder", action.reason)
        self.calls.remind(action.stage)
