"""Coverage out of the register, and into the rows that pages show: by place, on change."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib import resources
from pathlib import Path

from msgspec import Struct

from alerting import policy as policies
from alerting.help import coverage, travel
from alerting.help.coverage import Gap, Place, Roads, Station, Tier
from alerting.help.duty import QUERIES
from alerting.help.travel import Road, Travel
from alerting.lift_policy import LiftPolicy
from alerting.outbox import server_time
from alerting.sql import QUERIES as SHARED
from contracts.geometry import Point
from runtime.db import Connection, Role, connect
from runtime.settings import Settings

log = logging.getLogger(__name__)
LOCK = 2
EVERY_S = 600.0


class Ground(Struct, frozen=True, kw_only=True):
    """What coverage is reckoned from."""

    policy: LiftPolicy
    places: Sequence[Place]
    stations: Sequence[Station]
    roads: Roads


def gather(connection: Connection) -> Ground:
    """The register, the active policy (else the one that comes with Sunlit) and the known ways."""
    policy = active(connection)
    places = [
        Place(
            id=row["place"],
            town=row["town"],
            where=(row["lat"], row["lon"]),
            lifts=row["lifts"],
            kind=row["kind"],
            remote=row["remote"],
            unit=row["unit"],
            property=row["property"],
        )
        for row in connection.execute(QUERIES["places"])
    ]
    kinds = sorted({kind.value for tier in policy.tier for kind in tier.ask})
    stations = [
        Station(row["id"], row["kind"], None if row["lat"] is None or row["lon"] is None else (row["lat"], row["lon"]))
        for row in connection.execute(QUERIES["coverage_stations"], {"kinds": kinds})
    ]
    return Ground(policy=policy, places=places, stations=stations, roads=known_roads(connection))


def active(connection: Connection) -> LiftPolicy:
    """The lift policy that new incidents begin with."""
    row = connection.execute(SHARED["policy_newest"], {"kind": "lift"}).fetchone()
    if row is None:
        found = policies.load(Path(str(resources.files("alerting").joinpath("policies", "lift.toml"))))
    else:
        found = policies.from_row(row["body"])
    assert isinstance(found, LiftPolicy)
    return found


def known_roads(connection: Connection) -> Roads:
    """Every way that the routing server knows."""
    found: dict[Point, dict[Point, Road]] = defaultdict(dict)
    for row in connection.execute(QUERIES["ways_known"]):
        found[row["to_lat"], row["to_lon"]][row["from_lat"], row["from_lon"]] = Road(row["seconds"], row["metres"])
    return found


def lifts_of(connection: Connection, gaps: Sequence[Gap]) -> list[str]:
    """The codes of the lifts that gaps are about."""
    wanted = {(gap.place, gap.unit) for gap in gaps}
    rows = connection.execute(QUERIES["lifts_of_places"], {"places": sorted({place for place, _ in wanted})})
    return [row["code"] for row in rows if (row["place"], row["unit"]) in wanted]


def look(connection: Connection, roads: Travel, now: datetime) -> list[Tier]:
    """Reckons coverage and writes what has changed; returns nothing where another worker is at it."""
    with connection.transaction():
        lock = connection.execute(QUERIES["help_lock"], {"number": LOCK}).fetchone()
        if lock is None or not lock["mine"]:
            return []
        ground = gather(connection)
        found = coverage.tiers(ground.policy, ground.places, ground.stations, roads, ground.roads)
        _write(connection, found, roads, now)
        return found


def _write(connection: Connection, found: Sequence[Tier], roads: Travel, now: datetime) -> None:
    kept = {(row["tier"], row["place"]): row for row in connection.execute(QUERIES["gaps_kept"])}
    wanted = {(row["tier"], row["place"]): row for tier in found for row in _by_place(tier.gaps)}
    changed = [{**row, "now": now} for key, row in wanted.items() if kept.get(key) != row]
    with connection.cursor() as cursor:
        cursor.executemany(QUERIES["gap_keep"], changed)
    for tier in {number for number, _ in kept}:
        gone = [place for number, place in kept if number == tier and (number, place) not in wanted]
        if gone:
            connection.execute(QUERIES["gap_gone"], {"tier": tier, "places": gone})
    for one in found:
        values = {
            "tier": one.tier,
            "now": now,
            "kinds": list(one.kinds),
            "limit_s": one.limit_s,
            "remote_limit_s": one.remote_limit_s,
            "speed_kmh": roads.slowest_kmh,
            "lifts": one.lifts,
            "stations": one.stations,
        }
        connection.execute(QUERIES["coverage_look"], values)
    connection.execute(QUERIES["coverage_tiers_gone"], {"tiers": [one.tier for one in found]})


def _by_place(gaps: Sequence[Gap]) -> list[Mapping[str, object]]:
    """Rows of coverage_gap: one for a place, with the farthest of its units."""
    rows: dict[int, dict[str, object]] = {}
    worst = sorted(gaps, key=lambda gap: float("inf") if gap.travel_s is None else gap.travel_s)
    for gap in worst:
        lifts = gap.lifts + int(str(rows[gap.place]["lifts"])) if gap.place in rows else gap.lifts
        rows[gap.place] = {
            "tier": gap.tier,
            "place": gap.place,
            "lifts": lifts,
            "limit_s": gap.limit_s,
            "nearest": gap.nearest,
            "travel_s": gap.travel_s,
        }
    return list(rows.values())


def work(settings: Settings) -> Callable[[threading.Event], None]:
    """The duty: every ten minutes, and said when it has changed."""

    def run(stop: threading.Event) -> None:
        roads, said = travel.of(settings.travel, settings.alerting.timezone), ""
        while not stop.is_set():
            began = time.monotonic()
            with connect(settings.database, Role.ALERTING) as connection:
                found = look(connection, roads, server_time(connection))
            text = ", ".join(f"tier {tier.tier} {tier.missed} of {tier.lifts}" for tier in found)
            if found and text != said:
                log.info("coverage: lifts out of reach: %s (%.2f s)", text, time.monotonic() - began)
                said = text
            stop.wait(EVERY_S)

    return run
