"""PURE: what an alarm means for what is already known of its lift: a repeat, the same one again, or a new incident."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from alerting.lift_policy import Clocks, Mass
from contracts.kinds import IncidentState, Rule

TRAPPED = (Rule.TRAPPED_NON_LEVEL, Rule.TRAPPED_LEVEL)
ALARMS = (*TRAPPED, Rule.ALARM_BUTTON, Rule.STOPPED_OUTSIDE_ZONE)
"""what opens an incident"""
UNDONE = (IncidentState.FALSE_ALARM, IncidentState.SELF_RELEASED, IncidentState.FAULT_NOT_TRAPPED)
"""ended without a release: may be wrong, may go on"""


class Known(Struct, frozen=True, kw_only=True):
    """The newest incident of a lift."""

    state: IncidentState
    drill: bool = False
    released_at: datetime | None = None
    closed_at: datetime | None = None


class Meaning(StrEnum):
    """What an alarm is to be taken for."""

    NEW = "new"
    REPEAT = "repeat"
    PART = "part"
    """of what is open: a car with somebody trapped between landings stands outside the door zone, too"""
    PROMOTE = "promote"
    """what was being looked at is an entrapment"""
    REOPEN = "reopen"
    """ended as no entrapment, and now this"""
    REPLACE_DRILL = "replace_drill"
    """people come before an exercise"""
    REFUSED_DRILL = "refused_drill"


def meaning(rule: Rule, drill: bool, newest: Known | None, clocks: Clocks, now: datetime) -> Meaning:
    """What a new alarm means. In doubt it is a new incident: a repeat calls nobody."""
    if newest is None:
        return Meaning.NEW
    is_open = newest.closed_at is None and newest.released_at is None
    if is_open and newest.drill != drill:
        return Meaning.REFUSED_DRILL if drill else Meaning.REPLACE_DRILL
    if is_open and rule is Rule.STOPPED_OUTSIDE_ZONE:
        return Meaning.PART
    if is_open:
        return Meaning.PROMOTE if newest.state is IncidentState.VERIFYING else Meaning.REPEAT
    if newest.drill or drill:
        return Meaning.NEW
    if newest.released_at is not None:
        # Nobody looks at what is closed: there it is new, however soon.
        just_out = newest.closed_at is None and now - newest.released_at <= timedelta(seconds=clocks.settle_s)
        return Meaning.REPEAT if just_out else Meaning.NEW
    recent = newest.closed_at is not None and now - newest.closed_at <= timedelta(seconds=clocks.reopen_s)
    if newest.state in UNDONE and recent and rule is not Rule.STOPPED_OUTSIDE_ZONE:
        return Meaning.REOPEN
    return Meaning.NEW


class Alarm(Struct, frozen=True):
    """That a lift gave an alarm, or lost its mains, lately."""

    lift_id: int
    place_id: int
    grid_code: str
    power: bool


class Group(Struct, frozen=True):
    """Lifts that stand together: of a place, or of a grid (then `place_id` is None)."""

    place_id: int | None
    grid_code: str
    lifts: frozenset[int]
    power: bool
    """most of them lost the mains"""


def masses(alarms: Sequence[Alarm], limits: Mass) -> list[Group]:
    """The mass incidents that alarms of one window come to. A grid's takes in those of its places."""
    by_grid = _gather(alarms, lambda alarm: alarm.grid_code, limits.grid_lifts)
    grids = [Group(None, str(grid), *_what(alarms, lifts)) for grid, lifts in by_grid.items()]
    covered = {lift for group in grids for lift in group.lifts}
    by_place = _gather(alarms, lambda alarm: alarm.place_id, limits.place_lifts)
    places = [Group(int(place), "", *_what(alarms, lifts)) for place, lifts in by_place.items() if not lifts <= covered]
    return [*grids, *places]


def _gather(
    alarms: Sequence[Alarm], key: Callable[[Alarm], str | int], least: int
) -> Mapping[str | int, frozenset[int]]:
    found: dict[str | int, set[int]] = {}
    for alarm in alarms:
        if key(alarm):
            found.setdefault(key(alarm), set()).add(alarm.lift_id)
    return {where: frozenset(lifts) for where, lifts in found.items() if len(lifts) >= least}


def _what(alarms: Sequence[Alarm], lifts: Collection[int]) -> tuple[frozenset[int], bool]:
    dark = {alarm.lift_id for alarm in alarms if alarm.power and alarm.lift_id in lifts}
    return frozenset(lifts), 2 * len(dark) > len(lifts)
