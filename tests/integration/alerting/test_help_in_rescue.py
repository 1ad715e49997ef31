"""A whole rescue asks whoever is free and on duty, and its timeline says who was passed over and why."""

from datetime import timedelta

from alerting.help.routing import Server, refresh
from tests.integration.alerting.osrm_server import osrm
from tests.integration.alerting.test_routing import NEVER
from tests.integration.alerting.town import T0, City


def on_roster(town: City, code: str, *logins: str) -> None:
    town.owner.execute(
        "INSERT INTO roster SELECT id, 'Asia/Shanghai', 'test', %s FROM organisation WHERE code = %s", (T0, code)
    )
    for login in logins:
        town.owner.execute(
            "INSERT INTO person (login, name, organisation_id) SELECT %s, %s, id FROM organisation WHERE code = %s",
            (login, login.title(), code),
        )
        town.owner.execute(
            "INSERT INTO duty_shift (organisation_id, person_id, starts_at, ends_at)"
            " SELECT organisation_id, id, %s, %s FROM person WHERE login = %s",
            (T0 - timedelta(hours=1), T0 + timedelta(hours=1), login),
        )


def method(town: City, login: str) -> None:
    town.owner.execute(
        "INSERT INTO contact_method (person_id, channel, address)"
        " SELECT id, 'webhook', %s FROM person WHERE login = %s",
        (f"http://127.0.0.1:1/hook/{login}", login),
    )


def reasons(town: City, action: str) -> list[str]:
    rows = town.all("SELECT reason FROM incident_entry WHERE action = %s ORDER BY id", action)
    return [row["reason"] for row in rows]


def test_a_station_that_is_out_is_passed_over_for_a_second_lift(town: City) -> None:
    town.event("lift-442001", "trapped_non_level", people=1)
    town.after(181)
    assert town.crew("rs-1", "accept")["ok"]
    town.event("lift-442003", "trapped_non_level", people=1)
    town.after(181)
    assert [row["code"] for row in town.all(
        "SELECT o.code FROM dispatch d JOIN organisation o ON o.id = d.organisation_id JOIN incident i"
        " ON i.id = d.incident_id JOIN lift l ON l.id = i.lift_id WHERE l.code = '442003' AND d.tier = 2")
    ] == ["rs-2"]  # fmt: skip
    assert any("石岐救援站, busy: 1 of 1 crew under way; " in reason for reason in reasons(town, "passed_over"))
    asked = town.dispatch("rs-2")
    assert asked["travel_s"] > 60
    assert asked["distance_m"] > 1000
    assert any(reason.endswith("km estimated") for reason in reasons(town, "offered"))


def test_whoever_is_on_duty_gets_the_page(town: City) -> None:
    on_roster(town, "rs-1", "li", "wang")
    method(town, "li")
    town.event("lift-442001", "trapped_non_level", people=1)
    town.after(181)
    assert town.letters("tier_offer") == {"mu-1", "li"}
    assert reasons(town, "roster") == ["石岐救援站: no contact method: Wang"]


def test_off_duty_comes_last_and_is_reached_by_its_own_methods(town: City) -> None:
    on_roster(town, "rs-1")
    town.event("lift-442001", "trapped_non_level", people=1)
    town.after(181)
    assert town.letters("tier_offer") == {"mu-1", "rs-2"}
    assert reasons(town, "passed_over")[0].startswith("tier 2: 石岐救援站, off duty: nobody is on its roster now; ")


def test_the_only_station_is_asked_although_nobody_is_on_duty(town: City) -> None:
    on_roster(town, "rs-1")
    town.owner.execute("UPDATE organisation SET active = false WHERE code IN ('rs-2', 'rs-3')")
    town.event("lift-442001", "trapped_non_level", people=1)
    town.after(181)
    assert town.letters("tier_offer") == {"mu-1", "rs-1"}
    assert reasons(town, "roster") == [
        "石岐救援站: nobody is on duty by the roster; the organisation's own contact methods are used"
    ]


def test_a_way_by_road_is_said_to_be_one(town: City) -> None:
    with osrm() as router:
        assert refresh(town.desk, Server(router.url, 1.0), 7, NEVER)[1] == ""
    town.event("lift-442001", "trapped_non_level", people=1)
    town.after(181)
    assert any(reason.endswith("km by road") for reason in reasons(town, "offered"))
