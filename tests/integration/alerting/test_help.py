"""Whom the desk asks, and how they are reached, out of a real register."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from alerting.help import duty
from alerting.help.candidates import candidates
from alerting.help.ranking import Standing
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings

NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
KAIYIN = (22.5233, 113.3771)


@pytest.fixture
def owner(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.OWNER) as connection:
        yield connection


@pytest.fixture
def desk(city_db: DatabaseSettings, owner: Connection) -> Iterator[Connection]:
    for login, name in (("li", "李一"), ("wang", "王二")):
        owner.execute(
            "INSERT INTO person (login, name, organisation_id) SELECT %s, %s, id FROM organisation WHERE code = 'rs-1'",
            (login, name),
        )
    with connect(city_db, Role.ALERTING) as connection:
        yield connection


def number(owner: Connection, code: str) -> int:
    row = owner.execute("SELECT id FROM organisation WHERE code = %s", (code,)).fetchone()
    assert row is not None
    return int(row["id"])


def under_way(owner: Connection, code: str, state: str = "accepted", source: str = "sensor") -> None:
    owner.execute(
        "INSERT INTO incident (number, lift_id, rule, state, policy_id, alarm_at, opened_at, source)"
        " SELECT 'R' || (SELECT count(*) FROM incident), l.id, 'alarm_button', 'accepted', p.id, %s, %s, %s"
        " FROM lift l, policy p WHERE p.kind = 'lift' AND NOT EXISTS (SELECT FROM incident i WHERE i.lift_id = l.id)"
        " ORDER BY l.id DESC LIMIT 1",
        (NOW, NOW, source),
    )
    owner.execute(
        "INSERT INTO dispatch (incident_id, tier, organisation_id, state, offered_at, accept_due, link_sha256,"
        " link_expires) SELECT max(i.id), 2, o.id, %s, %s, %s, 'x' || max(i.id), %s FROM incident i, organisation o"
        " WHERE o.code = %s GROUP BY o.id",
        (state, NOW, NOW + timedelta(minutes=2), NOW, code),
    )


def method(owner: Connection, login: str, address: str, priority: int = 1) -> None:
    owner.execute(
        "INSERT INTO contact_method (person_id, channel, address, priority) SELECT id, 'email', %s, %s FROM person"
        " WHERE login = %s",
        (address, priority, login),
    )


def on_roster(owner: Connection, *logins: str) -> None:
    owner.execute(
        "INSERT INTO roster (organisation_id, timezone, source, imported_at)"
        " SELECT id, 'Asia/Shanghai', 'test', %s FROM organisation WHERE code = 'rs-1'",
        (NOW,),
    )
    for login in logins:
        owner.execute(
            "INSERT INTO duty_shift (organisation_id, person_id, starts_at, ends_at)"
            " SELECT organisation_id, id, %s, %s FROM person WHERE login = %s",
            (NOW - timedelta(hours=1), NOW + timedelta(hours=1), login),
        )


def ask(desk: Connection, owner: Connection, *asked: str, count: int = 1) -> tuple[list[str], dict[str, str]]:
    """Who is chosen, and who is passed over for what reason."""
    found = candidates(desk, ["rescue_station"], KAIYIN, [number(owner, code) for code in asked], NOW, count)
    rows = owner.execute("SELECT id, code FROM organisation")
    codes = {row["id"]: row["code"] for row in rows}
    return [codes[one.organisation_id] for one in found.chosen], {
        codes[one.organisation_id]: one.reason.partition(";")[0] for one in found.passed
    }


def test_the_nearest_station_in_time(desk: Connection, owner: Connection) -> None:
    assert ask(desk, owner) == (["rs-1"], {})
    assert ask(desk, owner, "rs-1") == (["rs-2"], {"rs-1": "already asked"})
    assert ask(desk, owner, count=0) == (["rs-1", "rs-2", "rs-3"], {})
    first = candidates(desk, ["rescue_station"], KAIYIN, [], NOW, 1).chosen[0]
    assert first.distance_m == pytest.approx(1.4 * 766, rel=0.01)
    assert first.travel_s == pytest.approx(60 + 1.4 * 766 / (30 / 3.6), rel=0.01)


def test_a_busy_station_comes_last_but_comes(desk: Connection, owner: Connection) -> None:
    under_way(owner, "rs-1")
    assert ask(desk, owner) == (["rs-2"], {"rs-1": "busy: 1 of 1 crew under way"})
    assert ask(desk, owner, "rs-2", "rs-3") == (["rs-1"], {"rs-2": "already asked", "rs-3": "already asked"})
    owner.execute("UPDATE organisation SET crews = 2 WHERE code = 'rs-1'")
    assert ask(desk, owner) == (["rs-1"], {})
    under_way(owner, "rs-1", "arrived")
    assert ask(desk, owner)[1] == {"rs-1": "busy: 2 of 2 crews under way"}


def test_a_drill_makes_nobody_busy_and_a_closed_incident_neither(desk: Connection, owner: Connection) -> None:
    under_way(owner, "rs-1", source="drill")
    assert ask(desk, owner) == (["rs-1"], {})
    under_way(owner, "rs-1")
    owner.execute("UPDATE incident SET state = 'closed', closed_at = %s", (NOW,))
    assert ask(desk, owner) == (["rs-1"], {})


def test_an_open_question_elsewhere_counts_until_it_runs_out(desk: Connection, owner: Connection) -> None:
    under_way(owner, "rs-1", "offered")
    assert ask(desk, owner)[1] == {"rs-1": "asked elsewhere: 0 under way and 1 unanswered for 1 crew"}
    owner.execute("UPDATE dispatch SET accept_due = %s", (NOW,))
    assert ask(desk, owner) == (["rs-1"], {})


def test_off_duty_and_no_contact_method(desk: Connection, owner: Connection) -> None:
    on_roster(owner)
    assert ask(desk, owner) == (["rs-2"], {"rs-1": "off duty: nobody is on its roster now"})
    owner.execute("UPDATE organisation SET phone = '12350' WHERE code = 'rs-1'")
    owner.execute("DELETE FROM contact_method WHERE organisation_id = %s", (number(owner, "rs-1"),))
    assert ask(desk, owner) == (["rs-2"], {"rs-1": "no contact method, telephone 12350"})


def test_a_known_way_holds_for_exactly_its_ends(desk: Connection, owner: Connection) -> None:
    owner.execute(
        "INSERT INTO travel_time SELECT %s, %s, lat, lon, CASE code WHEN 'rs-1' THEN 900 ELSE 60 END, 5000, %s"
        " FROM organisation WHERE code IN ('rs-1', 'rs-2')",
        (*KAIYIN, NOW),
    )
    found = candidates(desk, ["rescue_station"], KAIYIN, [], NOW, 1)
    assert found.chosen[0].organisation_id == number(owner, "rs-2"), "the river lies between"
    assert found.chosen[0].reason == "2 min, 5.0 km by road"
    owner.execute("UPDATE organisation SET lat = lat + 0.001 WHERE code = 'rs-1'")
    assert ask(desk, owner)[0] == ["rs-2"]
    owner.execute("DELETE FROM travel_time")
    assert ask(desk, owner)[0] == ["rs-1"]


def test_without_a_roster_the_organisations_own_methods(desk: Connection, owner: Connection) -> None:
    reach = duty.contacts(desk, number(owner, "rs-1"), NOW)
    assert ([one.channel for one in reach.contacts], reach.reason) == (["webhook", "email"], "")
    assert duty.on_duty(desk, number(owner, "rs-1"), NOW) == []


def test_people_on_duty_are_reached_in_their_own_way(desk: Connection, owner: Connection) -> None:
    on_roster(owner, "li", "wang")
    method(owner, "li", "li@phone", 2)
    method(owner, "li", "li@first", 1)
    station = number(owner, "rs-1")
    reach = duty.contacts(desk, station, NOW)
    assert [(one.address, one.priority, one.organisation_id) for one in reach.contacts] == [
        ("li@first", 1, station),
        ("li@phone", 2, station),
    ]
    assert reach.reason == "no contact method: 王二"
    assert {one.login: one.until for one in duty.on_duty(desk, station, NOW)} == {
        "li": NOW + timedelta(hours=1),
        "wang": NOW + timedelta(hours=1),
    }


def test_where_people_lead_nowhere_the_own_methods_are_used_and_it_is_said(desk: Connection, owner: Connection) -> None:
    on_roster(owner, "li")
    station = number(owner, "rs-1")
    reach = duty.contacts(desk, station, NOW)
    assert reach.reason == "no contact method: 李一; the organisation's own contact methods are used"
    assert [one.channel for one in reach.contacts] == ["webhook", "email"]
    later = duty.contacts(desk, station, NOW + timedelta(hours=2))
    assert later.reason == "nobody is on duty by the roster; the organisation's own contact methods are used"
    assert later.off_duty
    owner.execute("UPDATE contact_method SET active = false")
    assert duty.contacts(desk, station, NOW + timedelta(hours=2)).reason == (
        "nobody is on duty by the roster; it has none of its own either"
    )
    assert duty.contacts(desk, number(owner, "rs-2"), NOW).reason == "no contact method"


def test_who_has_left_is_not_on_duty(desk: Connection, owner: Connection) -> None:
    on_roster(owner, "li")
    method(owner, "li", "li@phone")
    owner.execute("UPDATE person SET active = false WHERE login = 'li'")
    assert duty.contacts(desk, number(owner, "rs-1"), NOW).off_duty
    assert candidates(desk, ["rescue_station"], KAIYIN, [], NOW, 1).passed[0].standing is Standing.OFF_DUTY


def test_beyond_the_nearest_few_nobody_is_forgotten(desk: Connection, owner: Connection) -> None:
    """Forty stations, all busy but the farthest: it is found; when all are busy, the nearest."""
    owner.execute("UPDATE organisation SET active = false WHERE kind = 'rescue_station' AND code <> 'rs-1'")
    owner.execute(
        "INSERT INTO organisation (code, kind, name_zh, name_en, lat, lon)"
        " SELECT 'far-' || n, 'rescue_station', 'x', 'x', 22.6 + n / 100.0, 113.4 FROM generate_series(1, 40) n"
    )
    owner.execute(
        "INSERT INTO contact_method (organisation_id, channel, address)"
        " SELECT id, 'email', code FROM organisation WHERE code LIKE 'far-%'"
    )
    under_way(owner, "rs-1")
    owner.execute(
        "INSERT INTO dispatch (incident_id, tier, organisation_id, state, offered_at, link_sha256, link_expires)"
        " SELECT i.id, 2, o.id, 'accepted', %s, o.code, %s FROM incident i, organisation o"
        " WHERE o.code LIKE 'far-%%' AND o.code <> 'far-40'",
        (NOW, NOW),
    )
    chosen, passed = ask(desk, owner)
    assert (chosen, len(passed)) == (["far-40"], 40)
    assert ask(desk, owner, "far-40")[0] == ["rs-1"]
    assert len(ask(desk, owner, count=0)[0]) == 41


def test_a_substitute_for_somebody_who_has_left_still_comes(desk: Connection, owner: Connection) -> None:
    on_roster(owner, "li")
    owner.execute(
        "INSERT INTO duty_substitute (organisation_id, person_id, substitute_id, starts_at, ends_at, reason)"
        " SELECT l.organisation_id, l.id, w.id, %s, %s, 'left' FROM person l, person w"
        " WHERE l.login = 'li' AND w.login = 'wang'",
        (NOW - timedelta(hours=1), NOW + timedelta(hours=1)),
    )
    owner.execute("UPDATE person SET active = false WHERE login = 'li'")
    station = number(owner, "rs-1")
    assert [one.login for one in duty.on_duty(desk, station, NOW)] == ["wang"]
    owner.execute("UPDATE person SET active = false WHERE login = 'wang'")
    assert duty.contacts(desk, station, NOW).off_duty
