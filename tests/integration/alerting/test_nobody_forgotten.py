"""Paths on which a call could get lost: an ambulance that comes first, help sent home, ends of something else."""

from datetime import timedelta
from uuid import uuid4

from tests.integration.alerting.test_rescue_ways import states, trapped
from tests.integration.alerting.town import City


def test_an_ambulance_that_comes_first_sends_nobody_home_and_stops_no_clock(town: City) -> None:
    trapped(town)
    assert town.crew("mu-1", "accept")["ok"]
    assert town.operator("emergency", "faint", ambulance="on")["ok"]
    assert town.crew("city-120", "arrived", proof="qr", code="442001")["ok"]
    assert states(town) == {"mu-1": "accepted", "rs-1": "offered", "city-119": "offered", "city-120": "arrived"}
    assert town.letters("stand_down") == set()
    assert town.incident()["arrived_at"] is None
    town.after(60)
    assert town.letters("call_again") == {"city-119"}, "whoever opens the car has not answered"


def test_119_that_was_sent_home_is_called_again(town: City) -> None:
    trapped(town)
    assert town.operator("emergency", "smoke")["ok"]
    assert town.crew("mu-1", "arrived", proof="qr", code="442001")["ok"]
    assert states(town)["city-119"] == "stood_down"
    town.after(120)
    assert town.operator("emergency", "smoke again")["ok"]
    assert states(town)["city-119"] == "offered"
    assert town.letters("call_again") == {"city-119"}
    assert town.crew("city-119", "decline", "another fire")["ok"]
    assert town.operator("raise", "still smoke") == {"ok": True, "reason": "done"}
    assert states(town)["city-119"] == "offered"


def test_who_is_found_hurt_after_119_was_sent_home_gets_it_all_the_same(town: City) -> None:
    trapped(town)
    assert town.operator("emergency", "smoke")["ok"]
    assert town.crew("mu-1", "arrived", proof="qr", code="442001")["ok"]
    town.after(120)
    assert town.operator("facts", "the crew calls", hazards="injury")["ok"]
    assert states(town)["city-119"] == "offered"
    assert town.crew("city-119", "decline", "another fire")["ok"]
    town.after(60)
    assert states(town)["city-119"] == "declined", "who was asked and said no is not asked for ever"


def test_a_release_sends_everybody_home_and_the_state_does_not_go_back(town: City) -> None:
    trapped(town)
    crew = town.dispatch("mu-1")["id"]
    assert town.crew("mu-1", "accept")["ok"]
    assert town.operator("reassign", "both come", organisation="mu-2", dispatch=str(crew))["ok"]
    assert town.crew("mu-1", "arrived", proof="qr", code="442001")["ok"]
    assert town.operator("reassign", "heavy tools", organisation="mu-2", dispatch=str(crew))["ok"]
    assert town.crew("mu-2", "en_route", eta_minutes="5")["ok"]
    assert town.crew("mu-1", "released", people="1")["ok"]
    assert states(town) == {"mu-1": "released", "mu-2": "stood_down"}
    assert town.incident()["state"] == "released"


def test_whoever_is_asked_twice_is_told_twice(town: City) -> None:
    trapped(town)
    crew = town.dispatch("mu-1")["id"]
    for _ in range(2):
        assert town.operator("reassign", "flat tyre", organisation="mu-2", dispatch=str(crew))["ok"]
        assert town.crew("mu-2", "decline", "busy")["ok"]
    told = "SELECT count(*) AS n FROM outbox WHERE stage = 'tier_offer' AND address LIKE '%%mu-2'"
    assert town.one(told)["n"] == 2


def test_the_end_of_another_stop_ends_nothing(town: City) -> None:
    old = uuid4()
    town.event("lift-442001", "stopped_outside_zone")
    town.event("lift-442001", "stopped_outside_zone", "end", old, reason="in the door zone, or runs")
    assert town.incident()["state"] == "verifying"
    town.after(60)
    assert (town.incident()["state"], town.incident()["tier"]) == ("dispatched", 1)


def test_an_older_incident_that_was_opened_again_is_the_one_that_alarms_belong_to(town: City) -> None:
    first = trapped(town)
    assert town.operator("false_alarm", "children")["ok"]
    town.after(3600)
    assert trapped(town) != first
    assert town.operator("false_alarm", "children again")["ok"]
    older = town.one("SELECT id FROM incident WHERE number = %s", first)["id"]
    assert town.command("reopen", "they were inside", incident_id=older)["ok"]
    event = town.event("lift-442001", "trapped_non_level", people=3)
    outcome = "SELECT h.outcome FROM event_handled h JOIN event e ON e.id = h.event_row WHERE e.event_id = %s"
    assert town.one(outcome, event)["outcome"] == f"repeat of {first}"
    assert town.one("SELECT people_inside FROM incident WHERE id = %s", older)["people_inside"] == 3


def test_where_only_the_update_of_an_alarm_was_heard_that_is_the_alarm(town: City) -> None:
    event = town.event("lift-442001", "trapped_non_level", "update", None, people=2)
    assert (town.incident()["tier"], town.incident()["people_inside"]) == (1, 2)
    assert town.incident()["event_id"] == event


def test_nobody_is_merged_into_a_drill_or_into_what_is_only_looked_at(town: City) -> None:
    trapped(town)
    town.drill("442002")
    drill = str(town.incident("442002")["number"])
    assert "drill" in town.operator("merge", "same car", into=drill)["reason"]
    town.event("lift-442003", "stopped_outside_zone")
    seen = str(town.incident("442003")["number"])
    assert town.operator("merge", "same car", into=seen)["ok"]
    assert (town.incident("442003")["state"], town.incident("442003")["tier"]) == ("dispatched", 1)


def test_a_crew_of_another_tier_that_had_arrived_answers_for_nothing_after_a_re_opening(town: City) -> None:
    trapped(town)
    town.after(180)
    assert town.crew("mu-1", "arrived", proof="qr", code="442001")["ok"]
    assert town.operator("false_alarm", "nobody inside")["ok"]
    town.owner.execute(
        "UPDATE contact_method SET active = false"
        " WHERE organisation_id = (SELECT id FROM organisation WHERE code = 'rs-1')"
    )
    town.after(120)
    trapped(town)
    assert states(town) == {"mu-1": "offered", "rs-1": "declined", "city-119": "offered"}
    assert town.incident()["tier"] == 3, "whoever cannot be told is not waited for"


def test_a_backlog_behind_a_new_alarm_neither_clears_it_nor_calls_everybody(town: City) -> None:
    old, stop = uuid4(), uuid4()
    live = town.event("lift-442001", "trapped_non_level")
    town.event("lift-442001", "trapped_non_level", "end", old)
    assert town.incident()["sensors_clear_at"] is None
    town.event("lift-442001", "trapped_non_level", "end", live)
    assert town.incident()["sensors_clear_at"] is not None

    # An end that overtook its start by the same backlog.
    town.event("lift-442002", "stopped_outside_zone", "end", stop)
    town.event("lift-442002", "stopped_outside_zone", "start", stop)
    assert town.one("SELECT count(*) AS n FROM incident")["n"] == 1
    gone = uuid4()
    town.event("lift-442002", "trapped_non_level", "end", gone)
    town.owner.execute(
        "INSERT INTO event (event_id, rev, device_id, boot, seq, phase, rule, at, observed, received, zone,"
        " confidence, clock_offset_ms, body) SELECT %s, 0, id, gen_random_uuid(), 0, 'start', 'trapped_non_level',"
        " %s, %s, %s, zone, 1, 0, '{}' FROM device WHERE code = 'lift-442002'",
        (gone, town.now - timedelta(hours=20), town.now - timedelta(hours=20), town.now),
    )
    town.after(1)
    assert (town.incident("442002")["tier"], town.letters("tier_offer")) == (1, {"mu-1"})


def test_a_second_caller_takes_no_danger_back(town: City) -> None:
    trapped(town, hazards=["injury"])
    lift = town.one("SELECT id FROM lift WHERE code = '442001'")["id"]
    assert town.command("open_by_phone", "smoke", lift_id=lift, args={"hazards": "fire"})["ok"]
    assert town.incident()["hazards"] == ["fire", "injury"]


def test_an_alarm_of_a_device_without_a_lift_is_said_loudly(town: City) -> None:
    town.owner.execute("UPDATE device SET lift_id = NULL WHERE code = 'lift-442001'")
    event = town.event("lift-442001", "trapped_non_level")
    outcome = "SELECT h.outcome FROM event_handled h JOIN event e ON e.id = h.event_row WHERE e.event_id = %s"
    assert "nobody is called" in town.one(outcome, event)["outcome"]
