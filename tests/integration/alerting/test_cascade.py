"""The desk on a real database; time is moved by handing in `now`."""

import hashlib
import re
from datetime import timedelta

import psycopg
import pytest

from alerting.engine import Engine
from alerting.means import Means
from runtime.db import Role, connect
from tests.integration.alerting.town import T0, City


def test_nobody_accepts_then_a_station_comes_and_sets_the_person_free(town: City) -> None:
    started = town.event("lift-442001", "trapped_non_level", floor="7", people=2)
    incident = town.incident()
    assert (incident["state"], incident["tier"], incident["people_inside"]) == ("dispatched", 1, 2)
    assert incident["due_at"] == T0 + timedelta(seconds=180)
    assert town.letters("tier_offer") == {"mu-1"}
    assert town.letters("property_notice") == {"prop-1"}

    town.after(179)
    assert town.incident()["tier"] == 1
    town.after(1)
    assert town.incident()["tier"] == 2
    assert town.letters("tier_offer") == {"mu-1", "rs-1"}, "the nearest station, not another"
    assert town.letters("tier_informed") == {"mu-1"}

    assert town.crew("rs-1", "accept")["ok"]
    assert town.crew("rs-1", "accept") == {"ok": True, "reason": "already accepted"}
    assert town.crew("rs-1", "en_route", eta_minutes="8")["ok"]
    assert town.incident()["state"] == "en_route"
    refused = town.crew("rs-1", "released")
    assert not refused["ok"]
    assert "after the crew has arrived" in refused["reason"]
    assert "expected 442001" in town.crew("rs-1", "arrived", proof="qr", code="442002")["reason"]
    town.after(600)
    assert town.crew("rs-1", "arrived", proof="qr", code="442001")["ok"]
    assert town.letters("stand_down") == {"mu-1"}
    assert town.crew("rs-1", "released", people="2")["ok"]
    assert town.incident()["state"] == "released"

    closing = {"incident_id": incident["id"], "args": {"cause": "door_system", "method": "open_at_level"}}
    assert "sensors" in town.command("close", **closing)["reason"]
    town.event("lift-442001", "trapped_non_level", "end", started, reason="door opened in the door zone")
    assert town.incident()["state"] == "released", "sensors alone never close"
    assert "expected both" in town.command("close", incident_id=incident["id"])["reason"]
    assert town.command("close", **closing)["ok"]
    closed = town.incident()
    assert (closed["state"], closed["due_reason"], closed["cause"]) == ("closed", "call back", "door_system")
    assert closed["released_at"] >= closed["arrived_at"] >= closed["accepted_at"] >= closed["alarm_at"]
    entries = town.all("SELECT actor, at, reason, policy_version FROM incident_entry")
    assert all(entry["actor"] and entry["reason"] and entry["policy_version"] == 1 for entry in entries)


def test_every_reason_can_be_read_in_chinese(town: City) -> None:
    from api.reasons import reason

    town.event("lift-442001", "trapped_non_level", reason="still, doors closed, person inside, between landings")
    town.crew("mu-1", "decline", "路上堵车")
    for seconds in (120, 60, 60):
        town.after(seconds)
    town.crew("city-119", "arrived", proof="qr", code="442001")
    town.crew("city-119", "released", people="1")
    for row in town.all("SELECT DISTINCT reason FROM incident_entry"):
        assert reason("zh", row["reason"]) != row["reason"], row["reason"]


def test_nobody_ever_answers(town: City) -> None:
    town.event("lift-442001", "trapped_non_level")
    town.after(180)
    town.after(120)
    assert town.incident()["tier"] == 3
    assert "city-119" in town.letters("tier_offer")
    town.after(60)
    town.after(60)
    assert town.actions().count("called_again") == 2
    assert town.incident()["due_at"] > town.now


def test_an_accepted_crew_that_never_arrives_is_followed_by_the_next_tier(town: City) -> None:
    town.event("lift-442001", "trapped_non_level")
    town.crew("mu-1", "accept")
    town.after(1799)
    assert town.incident()["tier"] == 1
    town.after(1)
    assert town.incident()["tier"] == 2
    reasons = [row["reason"] for row in town.all("SELECT reason FROM incident_entry WHERE action = 'tier_called'")]
    assert reasons[-1] == "tier 1 accepted but has not arrived within 1800 s"


def test_a_predicted_late_arrival_is_acted_on_early(town: City) -> None:
    town.event("lift-442001", "trapped_non_level")
    town.crew("mu-1", "en_route", eta_minutes="50")
    town.after(900)
    assert town.incident()["tier"] == 2


def test_declined_goes_on_at_once(town: City) -> None:
    town.event("lift-442001", "trapped_non_level")
    assert not town.crew("mu-1", "decline")["ok"], "a reason is needed"
    assert town.crew("mu-1", "decline", "no car")["ok"]
    assert town.incident()["tier"] == 2


def test_a_tier_without_a_contact_method_is_said_and_passed_at_once(town: City) -> None:
    town.owner.execute(
        "UPDATE contact_method SET active = false WHERE organisation_id IN"
        " (SELECT id FROM organisation WHERE code LIKE 'mu-%')"
    )
    town.event("lift-442001", "trapped_non_level")
    assert town.incident()["tier"] == 2
    assert "unreachable" in town.actions()


def test_one_incident_per_lift_however_often_it_alarms(town: City) -> None:
    town.event("lift-442001", "alarm_button")
    town.event("lift-442001", "trapped_non_level")
    town.event("lift-442001", "alarm_button")
    assert town.one("SELECT count(*) AS n FROM incident")["n"] == 1
    assert (town.incident()["repeats"], town.incident()["rule"]) == (2, "trapped_non_level")


def test_the_operator_raises_notes_and_finds_a_false_alarm(town: City) -> None:
    town.event("lift-442001", "alarm_button")
    incident = town.incident()["id"]
    assert town.command("raise", "child alone", incident_id=incident)["ok"]
    assert town.incident()["tier"] == 2
    assert not town.command("false_alarm", incident_id=incident)["ok"]
    assert town.command("false_alarm", "button pressed by mistake, called back", incident_id=incident)["ok"]
    assert town.incident()["state"] == "false_alarm"
    assert town.letters("stand_down") == {"mu-1", "rs-1"}
    assert "closed" in town.command("raise", "again", incident_id=incident)["reason"]


def test_a_phone_call_opens_an_incident_by_lift(town: City) -> None:
    lift = town.one("SELECT id FROM lift WHERE code = '442003'")["id"]
    assert town.command("open_by_phone", "caller inside", lift_id=lift)["ok"]
    assert town.incident("442003")["source"] == "phone"
    assert town.command("open_by_phone", "again", lift_id=lift)["reason"].startswith("already open")


def test_links_are_kept_as_hashes_only(town: City) -> None:
    town.event("lift-442001", "trapped_non_level")
    body = town.one("SELECT body FROM outbox WHERE stage = 'tier_offer' LIMIT 1")["body"]
    found = re.search(r"http://sunlit\.test/c/([\w-]+)", body)
    assert found
    assert town.dispatch("mu-1")["link_sha256"] == hashlib.sha256(found[1].encode()).hexdigest()


def test_two_workers_do_nothing_twice(town: City) -> None:
    other = connect(town.database, Role.ALERTING)
    try:
        second = Engine(other, Means("http://sunlit.test"))
        town.event("lift-442001", "trapped_non_level")
        for seconds in (180, 300):
            for engine in (town.engine, second, town.engine):
                engine.cycle(T0 + timedelta(seconds=seconds))
        assert town.actions().count("tier_called") == 3
        assert town.one("SELECT count(*) AS n FROM dispatch")["n"] == 3
    finally:
        other.close()


@pytest.mark.parametrize("table", ["event", "command", "lift_sample", "evidence"])
def test_alerting_cannot_write_what_is_not_its_own(town: City, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        town.desk.execute(f"DELETE FROM {table}")
