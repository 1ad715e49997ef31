"""What /api/v1 answers with. Names are stable: fields may be added, none is renamed or removed."""

from datetime import date
from typing import Annotated, Any

from msgspec import Meta, Struct

from contracts.happenings import At, Finding, Happening, Incident, KitchenCode, LiftCode, Maybe, Place, Town, Words


def _m(description: str, example: Any = None) -> Any:
    return Meta(description=description, examples=None if example is None else [example])


Next = Annotated[str, _m("`after` of the next page; null: this was the last", "1795662725000000-17")] | None
Code = Annotated[str, _m("code in the register", "m-xinda")]
Count = Annotated[int, Meta(ge=0, description="how many", examples=[12])]


class Entry(Struct, frozen=True, kw_only=True):
    """A line of a timeline. Words that a person wrote are not given."""

    at: At
    action: Annotated[str, _m("what was done", "tier_called")]
    by: Annotated[str, _m("sunlit, sensors, detector or person", "sunlit")]
    reason: Annotated[str, _m("why, where no person wrote it", "nobody has accepted for 300 s")] | None
    tier: Annotated[int, _m("highest tier called by then", 2)] | None


class Crew(Struct, frozen=True, kw_only=True):
    """A crew that was asked to come."""

    organisation: Code
    name_zh: Words
    name_en: Words
    tier: Annotated[int, _m("for which it was asked", 1)]
    state: Annotated[str, _m("offered, accepted, en_route, arrived, released, declined or stood_down", "accepted")]
    distance_m: Annotated[float, _m("to the lift when it was asked, metres", 3100.0)] | None
    travel_s: Annotated[float, _m("estimated way when it was asked, seconds", 480.0)] | None
    offered_at: At
    accepted_at: Maybe
    eta_at: Maybe
    arrived_at: Maybe
    arrival_proof: Annotated[str, _m("how the arrival was seen", "qr")] | None
    released_at: Maybe
    ended_at: Maybe


class IncidentDetail(Incident, frozen=True, kw_only=True):
    """A rescue with its timeline and its crews."""

    entries: Annotated[list[Entry], _m("the timeline, oldest first")]
    crews: Annotated[list[Crew], _m("who was asked, in the order of asking")]


class IncidentPage(Struct, frozen=True, kw_only=True):
    """Rescues, oldest first."""

    incidents: list[Incident]
    next: Next


class FindingDetail(Finding, frozen=True, kw_only=True):
    """A finding with its history."""

    entries: Annotated[list[Entry], _m("the history, oldest first")]


class FindingPage(Struct, frozen=True, kw_only=True):
    """Findings, oldest first."""

    findings: list[Finding]
    next: Next


class Device(Struct, frozen=True, kw_only=True):
    """A device of a lift or a kitchen."""

    code: Annotated[str, _m("code of the device", "lift-442001")]
    kind: Annotated[str, _m("lift, camera or kitchen_sensor", "lift")]
    zone: Annotated[str, _m("zone of a camera; empty: none", "cutting")]
    heard: Annotated[str, _m("heard, silent or never: silent and never mean that nobody knows", "heard")]
    seen_at: Maybe


class Lift(Place, frozen=True, kw_only=True):
    """A lift in the register."""

    code: LiftCode
    name_zh: Words
    name_en: Words
    kind: Annotated[str, _m("passenger, goods, escalator or dumbwaiter", "passenger")]
    maintenance: Code | None
    floors: Annotated[int, _m("landings", 12)]
    rated_speed: Annotated[float, _m("m/s", 1.75)] | None
    rated_load: Annotated[float, _m("kg", 1000.0)] | None
    next_inspection: Annotated[date, _m("by when it is to be inspected", "2027-03-01")] | None
    in_use: Annotated[bool, _m("whether it is in use", True)]


class LiftDetail(Lift, frozen=True, kw_only=True):
    """A lift with its devices and its open rescue."""

    devices: list[Device]
    open_incident: Annotated[str, _m("number of the rescue that is under way", "R20261126-0001")] | None
    trapped_12_months: Annotated[int, _m("entrapments in twelve months, as published", 1)]


class LiftPage(Struct, frozen=True, kw_only=True):
    """Lifts by code."""

    lifts: list[Lift]
    next: Next


class Kitchen(Place, frozen=True, kw_only=True):
    """A kitchen in the register."""

    code: KitchenCode
    name_zh: Words
    name_en: Words
    kind: Annotated[str, _m("kind of business", "small_restaurant")]
    owner: Code
    licence: Annotated[str, _m("number of its licence; empty: not recorded", "JY24420010000001")]
    in_use: Annotated[bool, _m("whether it is in use", True)]


class KitchenDetail(Kitchen, frozen=True, kw_only=True):
    """A kitchen with its devices."""

    devices: list[Device]
    open_findings: Count


class KitchenPage(Struct, frozen=True, kw_only=True):
    """Kitchens by code."""

    kitchens: list[Kitchen]
    next: Next


class RescueFigures(Struct, frozen=True, kw_only=True):
    """Counts of a month in a town, as published (docs/figures.md). A promise is of those that kept or broke it."""

    month: Annotated[str, _m("on the city's clock", "2026-11")]
    town: Town
    trapped: Annotated[int, _m("entrapments, those of mass incidents included", 11)]
    trapped_mass: Annotated[int, _m("of them in mass incidents", 0)]
    lifts: Annotated[int, _m("passenger lifts in use today, the divisor of the rate", 1320)]
    response_kept: Annotated[int, _m("answered within 3 minutes; mass incidents left out, as below", 10)]
    response_of: Annotated[int, _m("all that were answered in time or not", 11)]
    arrival_kept: Annotated[int, _m("reached within 30 minutes, 60 where remote", 11)]
    arrival_of: Annotated[int, _m("all that were reached in time or not", 11)]
    arrivals: Annotated[int, _m("how many have a time of arrival", 11)]
    arrival_s: Annotated[float, _m("sum of the times to arrival, seconds", 7128.0)]
    releases: Annotated[int, _m("how many have a time of release", 11)]
    release_s: Annotated[float, _m("sum of the times from arrival to release, seconds", 3300.0)]
    tier_1: Annotated[int, _m("ended with tier 1 as the highest called", 9)]
    tier_2: Count
    tier_3: Count


class RescueFiguresPage(Struct, frozen=True, kw_only=True):
    """Figures by month and town. A month without an entrapment has no row."""

    start: Annotated[str, _m("first month", "2025-12")]
    end: Annotated[str, _m("last month; the one that runs counts up to now", "2026-11")]
    figures: list[RescueFigures]


class EventPage(Struct, frozen=True, kw_only=True):
    """What happened, in the order in which webhooks are told; the same documents."""

    events: list[Happening]
    cursor: Annotated[int, _m("`after` of the next call, also when there is nothing new", 1842)]
    more: Annotated[bool, _m("whether there is more now", False)]


class AuditEntry(Struct, frozen=True, kw_only=True):
    """A line of the audit log."""

    id: Annotated[int, _m("counts up", 17)]
    at: At
    actor: Annotated[str, _m("sign-in name, or which program", "wang")]
    action: Annotated[str, _m("what was done", "evidence_viewed")]
    object: Annotated[str, _m("to what", "incident R20261126-0001")]
    reason: Annotated[str, _m("why, as given", "complaint 2026-17")]


class AuditPage(Struct, frozen=True, kw_only=True):
    """The audit log, oldest first."""

    entries: list[AuditEntry]
    next: Next


class Fault(Struct, frozen=True, kw_only=True):
    """What is wrong with one field."""

    field: Annotated[str, _m("its name", "query.limit")]
    value: Annotated[str, _m("as it came", "'900'")]
    expected: Annotated[str, _m("what was expected", "less than or equal to 500")]


class Problem(Struct, frozen=True, kw_only=True):
    """What went wrong (RFC 9457)."""

    type: Annotated[str, _m("always about:blank", "about:blank")]
    title: Annotated[str, _m("what the status means", "Unprocessable Content")]
    status: Annotated[int, _m("the HTTP status", 422)]
    detail: Annotated[str, _m("in words", "query.limit: '900', expected less than or equal to 500")]
    instance: Annotated[str, _m("the address that was asked", "/api/v1/incidents")]
    errors: Annotated[list[Fault], _m("which fields, where fields are at fault")] = []


MODELS: tuple[type[Struct], ...] = (
    IncidentPage,
    IncidentDetail,
    Incident,
    Entry,
    Crew,
    FindingPage,
    FindingDetail,
    Finding,
    LiftPage,
    LiftDetail,
    Lift,
    KitchenPage,
    KitchenDetail,
    Kitchen,
    Device,
    RescueFiguresPage,
    RescueFigures,
    EventPage,
    Happening,
    AuditPage,
    AuditEntry,
    Problem,
    Fault,
)
"""all of them, as docs/json-api.md lists them"""
