"""PURE: what the desk knows of an incident, and what it can decide to do."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from contracts.kinds import DispatchState, Hazard, IncidentState

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
    people_released: int | None = None
    hazards: tuple[Hazard, ...] = ()
    place_kind: str = "other"
    remote: bool = False
    source: str = "sensor"
    campaign: str = ""
    """codes of those that ran at the alarm, separated by spaces"""
    mass_id: int | None = None
    accepted_at: datetime | None = None
    arrived_at: datetime | None = None
    released_at: datetime | None = None
    sensors_clear_at: datetime | None = None
    confirmed_at: datetime | None = None
    emergency_at: datetime | None = None
    comfort_at: datetime | None = None
    followed_up_at: datetime | None = None
    follow_reminded_at: datetime | None = None
    reminded_at: datetime | None = None
    cause: str | None = None
    rescue_method: str | None = None
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
    en_route_at: datetime | None = None
    eta_at: datetime | None = None
    arrive_due: datetime | None = None
    arrived_at: datetime | None = None
    replaces: int | None = None
    """takes over from that crew"""
    medical: bool = False
    """comes for the hurt (120) and opens no car: nobody counts as there because of it"""


class CallTier(Struct, frozen=True):
    """Ask the crews of a tier to come; those of the tiers below stay informed."""

    tier: int
    reason: str


class CallAgain(Struct, frozen=True):
    """The last tier has not answered or not arrived: call it again."""

    reason: str


class CallEmergency(Struct, frozen=True):
    """Call whoever is called besides tier 3 when somebody is hurt (120)."""

    reason: str


class Offer(Struct, frozen=True):
    """Ask one organisation, named by its code, in the place of a crew."""

    organisation: str
    tier: int
    replaces: int
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
    """Tell crews that they need not come: those only asked, and with `coming` those on the way, too."""

    reason: str
    why: str
    """of alerting.words.NOT_NEEDED, for the letter"""
    keep_tier: int | None = None
    """crews of this tier that are on the way still come"""
    coming: bool = False
    doctors: bool = True
    """also who comes for the hurt: not at an arrival or a release, only when all is over"""


class Comfort(Struct, frozen=True):
    """Words to the people in the car; empty: those of the template."""

    reason: str
    text: str = ""


class Reopen(Struct, frozen=True):
    """An ended incident goes on where it was; the tier stays, its crews are called again."""

    reason: str


class Merge(Struct, frozen=True):
    """This incident is another one: it ends here and goes on there."""

    into: str
    reason: str


class Remind(Struct, frozen=True):
    """Something is still to be done by a person; `stage` is the letter."""

    stage: str
    column: str
    reason: str


Action = (
    CallTier
    | CallAgain
    | CallEmergency
    | Offer
    | SetDispatch
    | SetIncident
    | StandDown
    | Comfort
    | Reopen
    | Merge
    | Remind
)


class Refused(Struct, frozen=True):
    """A command that may not be carried out, and why; `already` marks one that was carried out before."""

    reason: str
    already: bool = False
