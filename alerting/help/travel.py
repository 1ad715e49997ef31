"""PURE: how long a way takes, by distance and hour of the day."""

from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from contracts.geometry import Point, distance_m
from runtime.settings import AlertingSettings, TravelSettings, hours


class Band(Struct, frozen=True):
    """A speed between two minutes of the day; one that ends before it begins goes over midnight."""

    begin: int
    end: int
    speed_kmh: float

    def holds(self, minute: int) -> bool:
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


class Travel(Struct, frozen=True, kw_only=True):
    """What the city assumes of its roads. Speeds are means over the whole way."""

    zone: str
    road_factor: float
    turnout_s: float
    speed_kmh: float
    bands: tuple[Band, ...] = ()

    def speed_at(self, now: datetime) -> float:
        """km/h at a moment."""
        local = now.astimezone(ZoneInfo(self.zone))
        minute = 60 * local.hour + local.minute
        return next((band.speed_kmh for band in self.bands if band.holds(minute)), self.speed_kmh)

    @property
    def slowest_kmh(self) -> float:
        """What a promise for every hour of the day has to reckon with."""
        return min([self.speed_kmh, *(band.speed_kmh for band in self.bands)])

    @property
    def fastest_kmh(self) -> float:
        return max([self.speed_kmh, *(band.speed_kmh for band in self.bands)])

    def estimated_s(self, metres: float, speed_kmh: float) -> float:
        """Seconds from the call to the arrival, for so many metres as the crow flies."""
        return self.turnout_s + self.road_factor * metres / (speed_kmh / 3.6)

    def routed_s(self, free_s: float, speed_kmh: float) -> float:
        """The same for a way that takes so long on empty roads: slower by as much as the hour is than the best one."""
        return self.turnout_s + free_s * self.fastest_kmh / speed_kmh


class Road(Struct, frozen=True):
    """What a routing server said of a way on empty roads."""

    seconds: float
    metres: float | None = None


class Leg(Struct, frozen=True):
    """A way to a lift: metres by road, seconds from the call to the arrival; `routed` when a server knows the way."""

    metres: float
    seconds: float
    routed: bool

    @property
    def words(self) -> str:
        how = "by road" if self.routed else "estimated"
        return f"{self.seconds / 60:.0f} min, {self.metres / 1000:.1f} km {how}"


def leg(travel: Travel, start: Point, end: Point, now: datetime, road: Road | None = None) -> Leg:
    """The way from a station to a lift at a moment."""
    speed, straight = travel.speed_at(now), distance_m(start, end)
    if road is None:
        return Leg(travel.road_factor * straight, travel.estimated_s(straight, speed), False)
    metres = road.metres if road.metres is not None else travel.road_factor * straight
    return Leg(metres, travel.routed_s(road.seconds, speed), True)


def of(kept: TravelSettings, zone: str) -> Travel:
    """What the settings say; `zone` is the city's clock."""
    return Travel(
        zone=zone,
        road_factor=kept.road_factor,
        turnout_s=kept.turnout_s,
        speed_kmh=kept.speed_kmh,
        bands=tuple(Band(*hours(text), speed) for text, speed in kept.bands.items()),
    )


DEFAULT = of(TravelSettings(), AlertingSettings().timezone)
