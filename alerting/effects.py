"""Carries decisions out on rows: state, timeline, dispatches and letters in one transaction."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from alerting import escalation, letters, nearest, outbox
from alerting.model import (
    GONE,
    Action,
    CallAgain,
    CallTier,
    Dispatch,
    Incident,
    SetDispatch,
    SetIncident,
    StandDown,
)
from alerting.policy import LiftPolicy, from_row
from alerting.sql import QUERIES
from contracts.kinds import DispatchState, IncidentState
from runtime.db import Connection

LETTER_LIFE = timedelta(hours=2)
INCIDENT_COLUMNS = (
    "called_at",
    "dispatched_at",
    "accepted_at",
    "arrived_at",
    "released_at",
    "closed_at",
    "people_inside",
    "cause",
    "sub_cause",
    "rescue_method",
)
DISPATCH_COLUMNS = (
    "accepted_at",
    "arrive_due",
    "en_route_at",
    "eta_at",
    "arrived_at",
    "arrival_proof",
    "released_at",
    "ended_at",
    "decline_reason",
)
KIND_OF_TIER = {2: "rescue_station", 3: "city_rescue"}


class Fenced(RuntimeError):
    """Somebody else changed the incident since it was read: this decision is void and is taken again."""


class Rescue:
    """One incident, locked in the caller's transaction."""

    def __init__(self, connection: Connection, incident_id: int, now: datetime, public_url: str) -> None:
        self.connection, self.now, self.public_url = connection, now, public_url
        row = connection.execute(QUERIES["incident_locked"], {"id": incident_id}).fetchone()
        assert row is not None
        policy = from_row(row["policy"])
        assert isinstance(policy, LiftPolicy)
        self.policy = policy
        self.row: Mapping[str, Any] = row
        self.incident = msgspec.convert(row, type=Incident, strict=False, from_attributes=False)
        lift = connection.execute(QUERIES["lift_by_id"], {"lift": self.incident.lift_id}).fetchone()
        assert lift is not None
        self.lift: Mapping[str, Any] = lift

    @property
    def dispatches(self) -> list[Dispatch]:
        rows = self.connection.execute(QUERIES["dispatches"], {"incident": self.incident.id}).fetchall()
        return [msgspec.convert(row, type=Dispatch, strict=False) for row in rows]

    def carry_out(self, actions: Sequence[Action], actor: str) -> None:
        """Does what was decided, then whatever is due at once because of it, and sets the next clock."""
        for action in actions:
            self._do(action, actor)
        # A tier that nobody can be reached in is followed by the next one now, not at the next poll.
        for _ in range(4):
            clock = escalation.due(self.incident, self.dispatches, self.policy, self.now)
            if clock is None:
                break
            self._do(clock.action, "sunlit")
        following = escalation.next_due(self.incident, self.dispatches, self.policy)
        self.connection.execute(
            QUERIES["incident_due"],
            {
                "id": self.incident.id,
                "due_at": following.at if following else None,
                "due_reason": following.words if following else "",
            },
        )

    def _do(self, action: Action, actor: str) -> None:
        if isinstance(action, CallTier):
            self._call(action.tier, action.reason, actor)
        elif isinstance(action, CallAgain):
            self._call_again(action.reason, actor)
        elif isinstance(action, SetDispatch):
            self._set_dispatch(action, actor)
        elif isinstance(action, StandDown):
            self._stand_down(action.reason, actor)
        else:
            self._set_incident(action, actor)

    def _update(self, state: IncidentState | None, changes: Mapping[str, object], tier: int = 0) -> None:
        values = {column: changes.get(column) for column in INCIDENT_COLUMNS}
        done = self.connection.execute(
            QUERIES["incident_update"],
            {
                **values,
                "id": self.incident.id,
                "version": self.incident.version,
                "state": (state or self.incident.state).value,
                "tier": tier,
            },
        )
        if done.rowcount != 1:
            raise Fenced(f"incident {self.incident.number}: version {self.incident.version} is no longer the newest")
        row = self.connection.execute(QUERIES["incident_locked"], {"id": self.incident.id}).fetchone()
        self.incident = msgspec.convert(row, type=Incident, strict=False)

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
        changes = dict(action.changes)
        if action.action == "reminder":
            changes["called_at"] = self.now
        self._update(action.state, changes)
        self.entry(actor, action.action, action.reason)

    def _set_dispatch(self, action: SetDispatch, actor: str) -> None:
        values = {column: action.changes.get(column) for column in DISPATCH_COLUMNS}
        self.connection.execute(
            QUERIES["dispatch_update"], {**values, "id": action.dispatch_id, "state": action.state.value}
        )
        self.entry(actor, f"crew_{action.state.value}", action.reason, dispatch=action.dispatch_id)

    def _call(self, tier: int, reason: str, actor: str) -> None:
        before = self.dispatches
        state = self.incident.state
        if state in (IncidentState.RECEIVED, IncidentState.VERIFYING):
            state = IncidentState.DISPATCHED
        self._update(state, {"called_at": self.now, "dispatched_at": self.now}, tier)
        self.entry(actor, "tier_called", reason)
        called = self._offer(tier)
        if called is None:
            self.entry("sunlit", "shortfall", f"tier {tier}: nobody can be reached")
            return
        if tier == 1:
            self._tell(self.lift["property_org_id"], "property_notice", {"organisation": called})
        for dispatch in before:
            if dispatch.state not in GONE:
                self._tell(dispatch.organisation_id, "tier_informed", {"organisation": called}, dispatch=dispatch.id)

    def _candidates(self, tier: int) -> Sequence[tuple[int, float | None]]:
        """Who is asked in a tier: the maintenance unit, the nearest station, or every city rescue."""
        if tier == 1:
            return [(self.lift["maintenance_org_id"], None)] if self.lift["maintenance_org_id"] else []
        rows = self.connection.execute(QUERIES["stations"], {"kind": KIND_OF_TIER[tier]}).fetchall()
        stations = [
            nearest.Station(row["id"], None if row["lat"] is None else (row["lat"], row["lon"])) for row in rows
        ]
        asked = {dispatch.organisation_id for dispatch in self.dispatches}
        where = (self.lift["lat"], self.lift["lon"])
        if tier == 2:
            found = nearest.nearest(stations, where, asked)
            return [(found[0].organisation_id, found[1])] if found else []
        return [(station.organisation_id, None) for station in stations if station.organisation_id not in asked]

    def _offer(self, tier: int) -> str | None:
        """Asks the crews of a tier; the names of those who can be reached, or None."""
        called = []
        for organisation, distance in self._candidates(tier):
            token = secrets.token_urlsafe(24)
            row = self.connection.execute(
                QUERIES["dispatch_new"],
                {
                    "incident": self.incident.id,
                    "tier": tier,
                    "organisation": organisation,
                    "now": self.now,
                    "accept_due": self.now + timedelta(seconds=self.policy.accept_s(tier)),
                    "distance_m": distance,
                    "link": hashlib.sha256(token.encode()).hexdigest(),
                },
            ).fetchone()
            if row is None:
                continue
            told = self._tell(organisation, "tier_offer", {"link": f"{self.public_url}/c/{token}"}, dispatch=row["id"])
            name = self._name(organisation, "zh")
            if told:
                far = f", {distance / 1000:.1f} km" if distance is not None else ""
                self.entry("sunlit", "offered", f"tier {tier}: {name}{far}", organisation=organisation)
                called.append(organisation)
            else:
                self.connection.execute(
                    QUERIES["dispatch_update"],
                    {
                        **dict.fromkeys(DISPATCH_COLUMNS),
                        "id": row["id"],
                        "state": DispatchState.DECLINED.value,
                        "decline_reason": "no contact method",
                        "ended_at": self.now,
                    },
                )
                self.entry("sunlit", "unreachable", f"tier {tier}: {name} has no contact method")
        return "、".join(self._name(organisation, "zh") for organisation in called) or None

    def _call_again(self, reason: str, actor: str) -> None:
        self._update(None, {"called_at": self.now})
        self.entry(actor, "called_again", reason)
        for dispatch in self.dispatches:
            if dispatch.tier == self.incident.tier and dispatch.state not in GONE:
                token = secrets.token_urlsafe(24)
                link = hashlib.sha256(token.encode()).hexdigest()
                self.connection.execute(QUERIES["dispatch_relink"], {"id": dispatch.id, "link": link, "now": self.now})
                facts = {"link": f"{self.public_url}/c/{token}"}
                self._tell(dispatch.organisation_id, "tier_offer", facts, dispatch=dispatch.id)

    def _stand_down(self, reason: str, actor: str) -> None:
        for dispatch in self.dispatches:
            if dispatch.state is DispatchState.OFFERED:
                change = SetDispatch(dispatch.id, DispatchState.STOOD_DOWN, {"ended_at": self.now}, reason)
                self._set_dispatch(change, actor)
                self._tell(dispatch.organisation_id, "stand_down", {"next_step": reason}, dispatch=dispatch.id)

    def _name(self, organisation: int, language: str) -> str:
        row = self.connection.execute(QUERIES["organisation"], {"id": organisation}).fetchone()
        return str(row[f"name_{language}"]) if row else str(organisation)

    def _tell(
        self, organisation: int | None, stage: str, facts: Mapping[str, object], dispatch: int | None = None
    ) -> int:
        """Queues a letter for every way in which an organisation is reached; returns how many there are."""
        if organisation is None:
            return 0
        contacts = self.connection.execute(QUERIES["contacts"], {"organisation": organisation}).fetchall()
        for contact in contacts:
            language = contact["language"]
            known = {"organisation": self._name(organisation, language), **self._facts(language), **facts}
            outbox.enqueue(
                self.connection,
                dedupe=f"i{self.incident.id}-{stage}-{organisation}-{contact['id']}-v{self.incident.version}",
                channel=contact["channel"],
                address=contact["address"],
                stage=stage,
                language=language,
                letter=letters.render(stage, language, known),
                now=self.now,
                give_up_at=self.now + LETTER_LIFE,
                incident_id=self.incident.id,
                dispatch_id=dispatch,
                contact_method_id=contact["id"],
            )
        return len(contacts)

    def _facts(self, language: str) -> dict[str, object]:
        return {
            "number": self.incident.number,
            "lift_code": self.lift["code"],
            "place": self.lift[f"place_{language}"],
            "address": self.lift[f"address_{language}"],
            "floor_text": self.row["floor_text"],
            "people_inside": self.incident.people_inside,
            "waiting_minutes": max(0, round((self.now - self.incident.alarm_at).total_seconds() / 60)),
            "tier": self.incident.tier,
        }
