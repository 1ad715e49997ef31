"""Coverage out of a real register: rows that change only when something changed, and the report in words and JSON."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from alerting.cli import app
from alerting.help import coverage_rows
from alerting.help.duty import QUERIES
from alerting.help.travel import DEFAULT
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings

NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)


@pytest.fixture
def owner(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.OWNER) as connection:
        yield connection


@pytest.fixture
def desk(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.ALERTING) as connection:
        yield connection


def report(city_db: DatabaseSettings, tmp_path: Path, *words: str) -> str:
    config = tmp_path / "sunlit.toml"
    config.write_text(f'[database]\nurl = "{city_db.url}"\n', "utf-8")
    done = CliRunner().invoke(app, ["coverage", *words, "--config", str(config)])
    assert done.exit_code == 0, done.output
    return done.output


def far_away(owner: Connection, *codes: str) -> None:
    owner.execute("UPDATE organisation SET lat = 23.5, lon = 114.5 WHERE code = ANY(%s)", (list(codes),))


def gaps(owner: Connection) -> list[dict[str, Any]]:
    return owner.execute(
        "SELECT g.tier, p.code AS place, g.lifts, o.code AS nearest, round(g.travel_s) AS s, g.since"
        " FROM coverage_gap g JOIN place p ON p.id = g.place_id LEFT JOIN organisation o ON o.id = g.nearest_id"
        " ORDER BY g.tier, p.code"
    ).fetchall()


def test_the_demo_city_is_covered_but_for_its_far_town(city_db: DatabaseSettings, tmp_path: Path) -> None:
    lines = report(city_db, tmp_path).splitlines()
    assert lines[0] == "reckoned with 20 km/h, the slowest hours of the day; ways estimated"
    assert lines[2] == "tier 2: a rescue station within 30 min (remote places 60 min) of each of 12 lifts"
    # Its city rescue is one, 23 km away.
    assert lines[3].startswith("tier 3: no city rescue within 30 min (remote places 60 min) of 4 lifts: 442009, 442010")
    assert "Xiaolan: 4 lifts, out of reach: " in lines[4]


def test_shortfalls_by_name(city_db: DatabaseSettings, owner: Connection, tmp_path: Path) -> None:
    far_away(owner, "rs-3")
    owner.execute("UPDATE lift SET maintenance_org_id = NULL WHERE code IN ('442001', '442002')")
    owner.execute("UPDATE contact_method SET active = false FROM organisation o WHERE o.id = organisation_id"
                  " AND o.code = 'rs-1'")  # fmt: skip
    owner.execute("UPDATE contact_method SET verified_at = NULL FROM organisation o WHERE o.id = organisation_id"
                  " AND o.code = 'city-119'")  # fmt: skip
    owner.execute(
        "INSERT INTO person (login, name, organisation_id) SELECT 'li', 'Li', id FROM organisation WHERE code = 'rs-1'"
    )
    text = report(city_db, tmp_path)
    assert "tier 2: no rescue station within 30 min (remote places 60 min) of 4 lifts: 442009, 442010, 442011" in text
    assert "lifts without a maintenance unit (2): 442001, 442002" in text
    assert "organisations without any contact method (1): rs-1" in text
    assert "organisations without a verified contact method (1): city-119" in text
    owner.execute(
        "INSERT INTO contact_method (person_id, channel, address)"
        " SELECT id, 'email', 'li@x' FROM person WHERE login = 'li'"
    )
    assert (
        "rs-1"
        in report(city_db, tmp_path).partition(
            "only while somebody is on duty, having no contact method of their own (1): "
        )[2]
    )
    found = json.loads(report(city_db, tmp_path, "--json"))
    assert found["tiers"][1]["out_of_reach_lifts"] == ["442009", "442010", "442011", "442012"]
    assert found["tiers"][0]["out_of_reach_lifts"][:2] == ["442001", "442002"]
    assert {row["code"]: row["fault"] for row in found["hard_to_reach"]} == {
        "rs-1": "people_only",
        "city-119": "unverified",
    }
    assert [row["code"] for row in found["without_unit"]] == ["442001", "442002"]
    xiaolan = next(row for row in found["towns"] if row["name_en"] == "Xiaolan")
    assert (xiaolan["lifts"], xiaolan["out_of_reach"]["2"]) == (4, 4)


def test_rows_stay_while_nothing_changes(desk: Connection, owner: Connection) -> None:
    far_away(owner, "rs-3")
    coverage_rows.look(desk, DEFAULT, NOW)
    before = gaps(owner)
    assert [(row["tier"], row["place"], row["lifts"], row["nearest"]) for row in before if row["tier"] == 2] == [
        (2, "p-5", 2, "rs-1"),
        (2, "p-6", 2, "rs-1"),
    ]
    later = NOW + timedelta(hours=1)
    coverage_rows.look(desk, DEFAULT, later)
    assert gaps(owner) == before
    looks = owner.execute(
        "SELECT tier, at, kinds, lifts, stations, speed_kmh FROM coverage_look ORDER BY tier"
    ).fetchall()
    assert [(row["tier"], row["at"], row["lifts"], row["stations"]) for row in looks] == [
        (1, later, 12, 4),
        (2, later, 12, 3),
        (3, later, 12, 1),
    ]
    owner.execute("UPDATE organisation SET lat = 22.67, lon = 113.24 WHERE code = 'rs-3'")
    coverage_rows.look(desk, DEFAULT, later)
    assert [row for row in gaps(owner) if row["tier"] == 2] == []


def test_a_place_with_two_units_is_one_row(desk: Connection, owner: Connection) -> None:
    far_away(owner, "mu-1")
    owner.execute("UPDATE lift SET maintenance_org_id = NULL WHERE code = '442001'")
    coverage_rows.look(desk, DEFAULT, NOW)
    first = gaps(owner)[0]
    assert (first["tier"], first["place"], first["lifts"], first["nearest"]) == (1, "p-1", 2, None)


def test_one_worker_looks(city_db: DatabaseSettings, desk: Connection) -> None:
    with connect(city_db, Role.ALERTING) as other, other.transaction():
        other.execute(QUERIES["help_lock"], {"number": coverage_rows.LOCK})
        assert coverage_rows.look(desk, DEFAULT, NOW) == []
    assert len(coverage_rows.look(desk, DEFAULT, NOW)) == 3


def test_a_database_that_is_away_is_one_line(tmp_path: Path) -> None:
    config = tmp_path / "sunlit.toml"
    config.write_text('[database]\nurl = "postgresql://127.0.0.1:1/none"\n', "utf-8")
    done = CliRunner().invoke(app, ["coverage", "--config", str(config)])
    assert done.exit_code == 1
    assert done.output.startswith("sunlit alerting: database: ")
    assert len(done.output.splitlines()) == 1
