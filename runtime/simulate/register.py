"""PURE: the register of an invented city, the same for the same seed: rows as they go into the tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from math import cos, radians
from random import Random

from contracts.kinds import ZoneKind
from runtime.simulate.names import (
    CANTEENS,
    DISHES,
    FIRMS,
    FIRST,
    KINDS,
    RESTAURANTS,
    STREET,
    any_of,
    numbered,
)
from runtime.simulate.towns import TOWNS, Town

Row = tuple[object, ...]
FIRST_LIFT = 100_001
MOST = 800_000
"""lift codes have six digits"""
CANTEEN_SHARE = 900 / 25_000
FILMED_SHARE = 0.88
"""kitchens with a camera at all: invented, around the published goal of 80 % open kitchens"""
CLIMATE_ROOMS = frozenset(
    ("extra_large_restaurant", "large_restaurant", "central_kitchen", "group_meal_delivery", "school_canteen")
)
ZONES = (ZoneKind.COOKING, ZoneKind.SPECIAL_ROOM, ZoneKind.CUTTING, ZoneKind.PORTIONING)


@dataclass
class City:
    """Rows by table, in the order in which they can be written. Columns: `store.COLUMNS`."""

    town: list[Row] = field(default_factory=list)
    organisation: list[Row] = field(default_factory=list)
    place: list[Row] = field(default_factory=list)
    lift: list[Row] = field(default_factory=list)
    kitchen: list[Row] = field(default_factory=list)
    device: list[Row] = field(default_factory=list)
    contact_method: list[Row] = field(default_factory=list)


def invent(seed: int, lifts: int, kitchens: int, *, hook: str, today: date) -> City:
    """A city of so many lifts and kitchens. `hook` is where letters to its organisations go, followed by their code.

    Raises ValueError for counts that it cannot number.
    """
    for name, count in (("lifts", lifts), ("kitchens", kitchens)):
        if not 0 <= count <= MOST:
            raise ValueError(f"{name}: {count}, expected 0 to {MOST}")
    return _Inventor(seed, hook, today).invent(lifts, kitchens)


class _Inventor:
    def __init__(self, seed: int, hook: str, today: date) -> None:
        self.random, self.hook, self.today = Random(seed), hook, today
        self.since = datetime.combine(today, time(), UTC)
        self.city = City()
        self.shares = list(accumulate(town.weight for town in TOWNS))
        self.maintenance: list[int] = []
        self.property: dict[str, int] = {}
        self.chain = (0, 0)

    def invent(self, lifts: int, kitchens: int) -> City:
        self.city.town = [(town.code, town.zh, town.en) for town in TOWNS]
        self._offices(lifts)
        while lifts > 0:
            lifts -= self._building(lifts)
        places = len(self.city.place)
        canteens = round(kitchens * CANTEEN_SHARE)
        kinds = [*self._kinds(CANTEENS, canteens), *self._kinds(RESTAURANTS, kitchens - canteens)]
        for number, kind in enumerate(kinds, 1):
            self._kitchen(number, kind, places)
        return self.city

    def _kinds(self, table: Sequence[tuple[str, int, str, str, int]], count: int) -> Iterator[Sequence[object]]:
        yield from self.random.choices(table, [row[1] for row in table], k=count)

    def _town(self) -> Town:
        return self.random.choices(TOWNS, cum_weights=self.shares)[0]

    def _near(self, town: Town, spread: float = 1.0) -> tuple[float, float]:
        """A point in a town; 111.2 km to a degree of latitude."""
        north, east = (self.random.gauss(0, town.radius_km * spread / 2) for _ in range(2))
        lon = town.lon + east / (111.2 * cos(radians(town.lat)))
        return round(town.lat + north / 111.2, 5), round(lon, 5)

    def _organisation(self, code: str, kind: str, zh: str, en: str, town: Town | None, told: bool = True) -> int:
        number = len(self.city.organisation) + 1
        where = self._near(town, 0.6) if town else (22.516, 113.391)
        credit = self.random.choices("ABCD", (45, 45, 8, 2))[0] if kind in ("maintenance", "caterer") else None
        self.city.organisation.append((number, code, kind, zh, en, town.code if town else None, *where, credit))
        if told:
            self.city.contact_method.append((number, "webhook", f"{self.hook}/{code}", 1, self.since))
        return number

    def _offices(self, lifts: int) -> None:
        """Who watches and who comes."""
        self._organisation("bureau", "bureau", "虚构市市场监管局", "Invented City Market Regulation", None, told=False)
        self._organisation("city-119", "city_rescue", "全市应急救援（119）", "City Rescue (119)", None)
        for number in range(max(3, min(60, lifts // 50))):
            zh, en = numbered(FIRMS, number)
            code, town = f"mu-{number + 1:03d}", self._town()
            unit = self._organisation(code, "maintenance", f"{zh}电梯维保", f"{en} Lift Maintenance", town)
            self.maintenance.append(unit)
        for town in TOWNS:
            for number in range(1 + town.weight // 4):
                label = "" if number == 0 else str(number + 1)
                self._organisation(
                    f"rs-{town.code[-3:]}-{number + 1}",
                    "rescue_station",
                    f"{town.zh}救援站{label}",
                    f"{town.en} Rescue Station {label}".strip(),
                    town,
                )

    def _building(self, left: int) -> int:
        """A place with lifts; returns how many."""
        kind, _, zh, en, mean, low, high = self.random.choices(KINDS, [row[1] for row in KINDS])[0]
        count = min(left, 1 + int(self.random.expovariate(1 / mean)))
        town = self._town()
        place = self._place(town, kind, zh, en, self._property(town))
        unit = self.maintenance[int(len(self.maintenance) * self.random.random() ** 1.6)]
        floors = self.random.randint(low, high)
        for car in range(1, count + 1):
            self._lift(place, car, unit, max(2, floors + self.random.randint(-1, 1)))
        return count

    def _property(self, town: Town) -> int:
        """One firm looks after about twenty places of a town."""
        if town.code not in self.property or self.random.random() < 0.05:
            number = len(self.city.organisation) + 1
            zh, en = any_of(self.random, FIRST)
            self.property[town.code] = self._organisation(
                f"prop-{number:05d}", "property", f"{town.zh}{zh}物业", f"{town.en} {en} Property", town
            )
        return self.property[town.code]

    def _place(self, town: Town, kind: str, zh: str, en: str, owner: int | None) -> int:
        number = len(self.city.place) + 1
        first_zh, first_en = any_of(self.random, FIRST)
        lat, lon = self._near(town)
        house = self.random.randint(1, 300)
        code = f"p-{number:06d}"
        # A cell of about a kilometre is a grid of the rescue service.
        grid = f"g-{town.code[-3:]}-{int((lat - 22) * 100)}-{int((lon - 113) * 100)}"
        self.city.place.append(
            (
                number,
                code,
                kind,
                f"{town.zh}{first_zh}{zh} {number} 号",
                f"{town.en} {first_en} {en} {number}",
                f"{town.zh}{first_zh}路 {house} 号（虚构）",
                f"{house} {first_en} Road, {town.en} (invented)",
                town.code,
                grid,
                lat,
                lon,
                owner,
            )
        )
        self._device(f"agent-{code}", "agent", code, None, None)
        return number

    def _lift(self, place: int, car: int, unit: int, floors: int) -> None:
        number = len(self.city.lift) + 1
        code = f"{FIRST_LIFT + number - 1}"
        fast = 1.0 if floors < 8 else 1.75 if floors < 20 else 2.5
        goods = self.random.random() < 0.07
        self.city.lift.append(
            (
                number,
                code,
                place,
                f"{car} 号梯",
                f"Lift {car}",
                "goods" if goods else "passenger",
                unit,
                floors,
                fast,
                2000 if goods else self.random.choice((630, 800, 1000, 1050)),
                self.today + timedelta(days=self.random.randint(-3, 365)),
                "机房在顶层",
            )
        )
        self._device(f"lift-{code}", "lift", f"p-{place:06d}", number, None)

    def _kitchen(self, number: int, kind: Sequence[object], places: int) -> None:
        name, zh, en, cameras = str(kind[0]), str(kind[2]), str(kind[3]), int(str(kind[4]))
        place = self._kitchen_place(places)
        town = next(town for town in TOWNS if town.code == self.city.place[place - 1][7])
        dish_zh, dish_en = any_of(self.random, DISHES)
        title_zh, title_en = f"{town.zh}{dish_zh}{zh} {number} 号", f"{town.en} {dish_en} {en} {number}"
        owner = self._owner(number, title_zh, title_en, town)
        code = f"k-{number:06d}"
        self.city.kitchen.append((number, code, place, owner, title_zh, title_en, name, f"INVENTED-{number:06d}"))
        site = str(self.city.place[place - 1][1])
        if self.random.random() < FILMED_SHARE or cameras > 2:
            for camera in range(1, self.random.randint(1, cameras) + 1):
                words = (f"{camera} 号摄像头", f"Camera {camera}", ZONES[camera - 1].value)
                self._device(f"cam-{code}-{camera}", "camera", site, None, number, *words)
        if name in CLIMATE_ROOMS:
            self._device(f"sensor-{code}", "kitchen_sensor", site, None, number, "温湿度", "Climate", "special_room")

    def _kitchen_place(self, places: int) -> int:
        """Some kitchens are in places with lifts, the others stand about five to a street."""
        if places and self.random.random() < 0.4:
            return self.random.randint(1, places)
        streets = len(self.city.place) - places
        if streets and self.random.random() < 0.8:
            return places + self.random.randint(1, streets)
        return self._place(self._town(), *STREET, None)

    def _owner(self, number: int, zh: str, en: str, town: Town) -> int:
        """One firm in twenty is a chain that owns the kitchens after its first as well."""
        owner, left = self.chain
        if left > 0:
            self.chain = (owner, left - 1)
            return owner
        owner = self._organisation(f"cat-{number:06d}", "caterer", zh, en, town)
        if self.random.random() < 0.05:
            self.chain = (owner, self.random.randint(1, 8))
        return owner

    def _device(
        self, code: str, kind: str, site: str, lift: int | None, kitchen: int | None, zh: str = "", en: str = "",
        zone: str = "",
    ) -> None:  # fmt: skip
        number = len(self.city.device) + 1
        self.city.device.append((number, code, kind, site, lift, kitchen, zh, en, zone, zone, self.since))
