"""PURE: what the desk knows of an incident, and what it can decide to do."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from contracts.kinds import DispatchState, IncidentState

ENDED = (
    IncidentState.CLOSED,
    IncidentState.FALSE_ALARM,
    IncidentState.SELF_RELEASED,
    IncidentState.FAULT_NOT_TRAPPED,
    IncidentState.MERGED,
)
GONE = (DispatchState.DECLINED, DispatchState.STOOD_DOWN)
COMING = (DispatchState.ACCEPTED, DispatchState.EN_ROUTE)
THERE = (DispatchState.ARRIVED, DispatchState.RELEASED)


class Incident(Struct, frozen=True, kw_only=True):
    """One rescue as it stands in its row."""

    id: int
    number: str
    lift_id: int
    state: IncidentState
    tier: int
    version: int
    alarm_at: datetime
    opened_at: datetime
    people_inside: int | None = None
    remote: bool = False
    accepted_at: datetime | None = None
    arrived_at: datetime | None = None
    released_at: datetime | None = None
    sensors_clear_at: datetime | None = None
    due_at: datetime | None = None
    called_at: datetime | None = None
    """when the tier was called last"""


class Dispatch(Struct, frozen=True, kw_only=True):
    """One crew that was asked to come."""

    id: int
    tier: int
    organisation_id: int
    state: DispatchState
    offered_at: datetime
    accept_due: datetime | None = None
    accepted_at: datetime | None = None
    eta_at: datetime | None = None
    arrive_due: datetime | None = None
    arrived_at: datetime | None = None


class CallTier(Struct, frozen=True):
    """Ask the crews of a tier to come; those of the tiers below stay informed."""

    tier: int
    reason: str


class CallAgain(Struct, frozen=True):
    """The last tier has not answered or not arrived: call it again."""

    reason: str


class SetDispatch(Struct, frozen=True):
    """A crew's next state, with the columns that change."""

    dispatch_id: int
    state: DispatchState
    changes: Mapping[str, object]
    reason: str


class SetIncident(Struct, frozen=True):
    """The incident's next state (None: unchanged), with the columns that change."""

    state: IncidentState | None
    changes: Mapping[str, object]
    action: str
    reason: str


class StandDown(Struct, frozen=True):
    """Tell the crews that are still only asked that they need not come."""

    reason: str


Action = CallTier | CallAgain | SetDispatch | SetIncident | StandDown


class Refused(Struct, frozen=True):
    """A command that may not be carried out, and why; `already` marks one that was carried out before."""

    reason: str
    already: bool = False
