"""`sunlit alerting coverage`: which lifts nobody reaches in time, and whom the desk cannot reach."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from msgspec import Struct

from alerting.help import coverage, coverage_rows, travel
from alerting.help.coverage import Tier
from alerting.help.duty import QUERIES
from runtime.db import Connection, Role, connect, fault_of
from runtime.settings import load

FAULTS = {
    "none": "without any contact method",
    "people_only": "reached only while somebody is on duty, having no contact method of their own",
    "unverified": "without a verified contact method",
}
NAMED = 5


class Report(Struct, frozen=True, kw_only=True):
    """All that the command says."""

    tiers: Sequence[Tier]
    lifts: Mapping[int, Sequence[str]]
    """codes of the lifts that a tier misses"""
    towns: Mapping[str, Mapping[int, int]]
    names: Mapping[str, Mapping[str, str]]
    without_unit: Sequence[Mapping[str, str]]
    hard_to_reach: Sequence[Mapping[str, str]]
    speed_kmh: float
    routed: int


def report_command(
    config: Annotated[Path | None, typer.Option("--config", help="TOML file of settings")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for machines; names every lift")] = False,
) -> None:
    """Say which lifts nobody reaches within the policy's limits, and whom the desk cannot reach."""
    settings = load(config)
    roads = travel.of(settings.travel, settings.alerting.timezone)
    try:
        with connect(settings.database, Role.ALERTING) as connection:
            report = _report(connection, roads)
    except psycopg.Error as error:
        typer.echo(f"sunlit alerting: database: {fault_of(error)}", err=True)
        raise typer.Exit(1) from None
    typer.echo(json.dumps(_as_json(report), ensure_ascii=False, indent=1) if as_json else "\n".join(_words(report)))


def _report(connection: Connection, roads: travel.Travel) -> Report:
    ground = coverage_rows.gather(connection)
    found = coverage.tiers(ground.policy, ground.places, ground.stations, roads, ground.roads)
    return Report(
        tiers=found,
        lifts={tier.tier: coverage_rows.lifts_of(connection, tier.gaps) for tier in found},
        towns=coverage.by_town(found, ground.places),
        names={row["code"]: row for row in connection.execute(QUERIES["town_names"])},
        without_unit=connection.execute(QUERIES["lifts_without_unit"]).fetchall(),
        hard_to_reach=connection.execute(QUERIES["hard_to_reach"]).fetchall(),
        speed_kmh=roads.slowest_kmh,
        routed=sum(map(len, ground.roads.values())),
    )


def _words(report: Report) -> list[str]:
    ways = f"{report.routed} ways by road, the others" if report.routed else "ways"
    lines = [f"reckoned with {report.speed_kmh:g} km/h, the slowest hours of the day; {ways} estimated"]
    for tier in report.tiers:
        lines += coverage.words(tier, report.lifts[tier.tier], NAMED)
    for code, counts in report.towns.items():
        missed = [f"tier {number} {count}" for number, count in counts.items() if number and count]
        if missed:
            lines.append(f"{report.names[code]['name_en']}: {counts[0]} lifts, out of reach: {', '.join(missed)}")
    codes = [row["code"] for row in report.without_unit]
    if codes:
        lines.append(f"lifts without a maintenance unit ({len(codes)}): {_first(codes)}")
    for fault, text in FAULTS.items():
        who = [row["code"] for row in report.hard_to_reach if row["fault"] == fault]
        if who:
            lines.append(f"organisations {text} ({len(who)}): {_first(who)}")
    return lines


def _first(codes: Sequence[str]) -> str:
    rest = f" and {len(codes) - NAMED} more" if len(codes) > NAMED else ""
    return f"{', '.join(codes[:NAMED])}{rest}"


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "speed_kmh": report.speed_kmh,
        "routed_ways": report.routed,
        "tiers": [
            {
                "tier": tier.tier,
                "kinds": tier.kinds,
                "limit_s": tier.limit_s,
                "remote_limit_s": tier.remote_limit_s,
                "stations": tier.stations,
                "lifts": tier.lifts,
                "out_of_reach": tier.missed,
                "out_of_reach_lifts": report.lifts[tier.tier],
            }
            for tier in report.tiers
        ],
        "towns": [
            {
                **report.names[code],
                "lifts": counts[0],
                "out_of_reach": {str(number): count for number, count in counts.items() if number},
            }
            for code, counts in report.towns.items()
        ],
        "without_unit": report.without_unit,
        "hard_to_reach": report.hard_to_reach,
    }
