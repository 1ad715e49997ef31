"""PURE: who is asked to come, in which order, and why somebody nearer is passed over."""

from collections.abc import Iterable
from enum import IntEnum

from msgspec import Struct

from alerting.help.travel import Leg


class Standing(IntEnum):
    """How ready somebody is; the order in which they are asked. Nobody who can be reached is left out for good."""

    FREE = 0
    ASKED_ELSEWHERE = 1
    """with what it is asked for elsewhere and has not answered it would be busy"""
    BUSY = 2
    OFF_DUTY = 3
    """it has a roster, and nobody is on duty"""
    UNREACHABLE = 4
    """no contact method: only a telephone helps"""
    ALREADY_ASKED = 5


class Station(Struct, frozen=True, kw_only=True):
    """An organisation that may come."""

    organisation_id: int
    leg: Leg | None
    """None: its position is not known"""
    crews: int = 1
    under_way: int = 0
    """rescues that it has accepted and that are not over"""
    offered: int = 0
    """rescues that it is asked for elsewhere and has not answered"""
    off_duty: bool = False
    methods: int = 1
    """ways to reach it now"""
    phone: str = ""
    asked: bool = False
    """for this rescue"""


class Candidate(Struct, frozen=True):
    """One station: metres by road, seconds until it could be there, and why it stands where it does in the order."""

    organisation_id: int
    distance_m: float | None
    travel_s: float | None
    standing: Standing
    reason: str


class Shortlist(Struct, frozen=True):
    """Who is asked now, and who is not although nearer than the last of them, or cannot be."""

    chosen: tuple[Candidate, ...] = ()
    passed: tuple[Candidate, ...] = ()


def rank(stations: Iterable[Station], count: int) -> Shortlist:
    """The first `count` (0: all) by readiness, then by time; who is busy or off duty comes last, not never."""
    ordered = sorted(map(_candidate, stations), key=_order)
    able = [one for one in ordered if one.standing < Standing.UNREACHABLE]
    chosen = able[:count] if count else able
    latest = max(map(_seconds, chosen), default=float("inf"))
    # Where there are not enough that are free, whoever cannot be asked any more is of interest wherever it is.
    short = len(chosen) < count or any(one.standing is not Standing.FREE for one in chosen)
    passed = [
        one
        for one in ordered
        if one not in chosen and (_seconds(one) < latest or (short and one.standing >= Standing.UNREACHABLE))
    ]
    return Shortlist(tuple(chosen), tuple(sorted(passed, key=lambda one: (_seconds(one), one.organisation_id))))


def _order(one: Candidate) -> tuple[int, float, int]:
    return one.standing, _seconds(one), one.organisation_id


def _seconds(one: Candidate) -> float:
    return float("inf") if one.travel_s is None else one.travel_s


def _candidate(station: Station) -> Candidate:
    standing = _standing(station)
    way = station.leg.words if station.leg else "position not known"
    fault = _fault(station, standing)
    return Candidate(
        station.organisation_id,
        station.leg.metres if station.leg else None,
        station.leg.seconds if station.leg else None,
        standing,
        f"{fault}; {way}" if fault else way,
    )


def _standing(station: Station) -> Standing:
    if station.asked:
        return Standing.ALREADY_ASKED
    if not station.methods:
        return Standing.UNREACHABLE
    if station.off_duty:
        return Standing.OFF_DUTY
    if station.under_way >= station.crews:
        return Standing.BUSY
    if station.under_way + station.offered >= station.crews:
        return Standing.ASKED_ELSEWHERE
    return Standing.FREE


def _fault(station: Station, standing: Standing) -> str:
    crews = "crew" if station.crews == 1 else "crews"
    telephone = f", telephone {station.phone}" if station.phone else ""
    return {
        Standing.FREE: "",
        Standing.ASKED_ELSEWHERE: f"asked elsewhere: {station.under_way} under way and {station.offered} unanswered"
        f" for {station.crews} {crews}",
        Standing.BUSY: f"busy: {station.under_way} of {station.crews} {crews} under way",
        Standing.OFF_DUTY: "off duty: nobody is on its roster now",
        Standing.UNREACHABLE: f"no contact method{telephone}",
        Standing.ALREADY_ASKED: "already asked",
    }[standing]
