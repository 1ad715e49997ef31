"""The ways that a rescue can take besides the straight one."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.alerting.town import T0, City


def trapped(town: City, lift: str = "442001", **details: Any) -> str:
    town.event(f"lift-{lift}", "trapped_non_level", **details)
    return str(town.incident(lift)["number"])


def states(town: City) -> dict[str, str]:
    rows = town.all("SELECT o.code, d.state FROM dispatch d JOIN organisation o ON o.id = d.organisation_id")
    return {row["code"]: row["state"] for row in rows}


def test_an_injury_calls_every_tier_and_the_ambulance_at_once(town: City) -> None:
    trapped(town)
    assert town.letters("tier_offer") == {"mu-1"}
    assert town.operator("facts", "the voice link", people="2", hazards="injury")["ok"]
    assert town.incident()["hazards"] == ["injury"]
    assert town.letters("tier_offer") == {"mu-1", "rs-1", "city-119", "city-120"}
    assert town.incident()["emergency_at"] == T0
    assert town.actions().count("tier_called") == 3, "no tier is left out"
    assert "expected injury, fire" in town.operator("facts", hazards="boredom")["reason"]


def test_an_ambulance_at_the_lift_stops_no_call_for_whoever_opens_it(town: City) -> None:
    trapped(town, hazards=["injury"])
    assert town.crew("city-120", "arrived", proof="qr", code="442001")["ok"]
    assert (town.incident()["arrived_at"], town.incident()["state"]) == (None, "dispatched")
    assert states(town) == {"mu-1": "offered", "rs-1": "offered", "city-119": "offered", "city-120": "arrived"}
    town.after(180)
    assert "city-119" in town.letters("call_again"), "119 is called again until somebody who can open has answered"


def test_times_stand_in_their_order_also_where_only_the_ambulance_says_that_people_are_out(town: City) -> None:
    trapped(town, hazards=["injury"])
    town.after(600)
    town.crew("city-120", "arrived", proof="qr", code="442001")
    town.after(60)
    assert town.crew("city-120", "released", people="1")["ok"]
    town.after(60)
    assert town.crew("mu-1", "arrived", proof="qr", code="442001")["ok"]
    found = town.incident()
    assert (found["arrived_at"], found["released_at"]) == (T0 + timedelta(seconds=600), T0 + timedelta(seconds=660))
    assert found["state"] == "released"


def test_who_was_trapped_for_an_hour_is_seen_by_the_ambulance_whoever_opens_the_car(town: City) -> None:
    trapped(town)
    town.after(3600)
    assert states(town)["city-120"] == "offered"
    town.crew("city-119", "arrived", proof="qr", code="442001")
    town.crew("city-119", "released", people="1")
    assert states(town)["city-120"] == "offered"
    closing = {"cause": "car", "method": "hand_winding", "override_reason": "looked myself"}
    assert town.operator("close", **closing)["ok"]
    assert states(town)["city-120"] == "stood_down"


def test_a_danger_ends_the_looking(town: City) -> None:
    town.event("lift-442001", "stopped_outside_zone")
    assert town.operator("facts", "smoke on the camera", hazards="fire")["ok"]
    assert (town.incident()["state"], town.incident()["tier"]) == ("dispatched", 3)


def test_119_and_120_now(town: City) -> None:
    trapped(town)
    assert town.operator("emergency", "smoke in the shaft", ambulance="on")["ok"]
    assert (town.incident()["tier"], town.incident()["emergency_at"]) == (3, T0)
    assert town.operator("emergency", "again", ambulance="on") == {
        "ok": True,
        "reason": "119 is called already, 120 too",
    }


def test_whoever_is_trapped_after_a_release_is_a_new_incident(town: City) -> None:
    first = trapped(town)
    town.crew("mu-1", "arrived", proof="qr", code="442001")
    town.after(60)
    assert town.crew("mu-1", "released", people="1")["ok"]
    town.after(30)
    assert trapped(town) == first, "within a minute of the release it is the same"
    assert town.incident()["repeats"] == 1
    town.after(300)
    second = trapped(town)
    assert second != first
    assert town.incident()["state"] == "dispatched"
    assert town.incident()["follows"] == town.one("SELECT id FROM incident WHERE number = %s", first)["id"]


def test_an_alarm_soon_after_a_false_one_opens_it_again(town: City) -> None:
    number = trapped(town)
    town.after(60)
    assert town.operator("false_alarm", "children play")["ok"]
    assert states(town) == {"mu-1": "stood_down"}
    town.after(120)
    assert trapped(town) == number
    assert (town.incident()["state"], town.incident()["reopened"], town.incident()["closed_at"]) == (
        "dispatched",
        1,
        None,
    )
    assert states(town) == {"mu-1": "offered"}
    town.after(179)
    assert town.incident()["tier"] == 1
    town.after(1)
    assert town.incident()["tier"] == 2, "its clocks run again"
    town.operator("false_alarm", "children, seen by the camera")
    town.after(3600)
    assert trapped(town) != number, "later it is another one"


def test_a_stop_between_landings_is_looked_at_and_counts_after_a_minute(town: City) -> None:
    town.event("lift-442001", "stopped_outside_zone", person=None)
    assert (town.incident()["state"], town.incident()["tier"]) == ("verifying", 0)
    assert town.letters("tier_offer") == set()
    town.after(59)
    assert town.incident()["state"] == "verifying"
    town.after(1)
    assert (town.incident()["state"], town.incident()["tier"]) == ("dispatched", 1)


@pytest.mark.parametrize(
    ("kind", "state", "tier"), [("confirm", "dispatched", 1), ("not_trapped", "fault_not_trapped", 0)]
)
def test_an_operator_looks(town: City, kind: str, state: str, tier: int) -> None:
    town.event("lift-442001", "stopped_outside_zone")
    assert town.operator(kind, "the camera shows it")["ok"]
    assert (town.incident()["state"], town.incident()["tier"]) == (state, tier)


def test_a_car_that_moves_on_calls_nobody_and_one_that_traps_calls_at_once(town: City) -> None:
    event = town.event("lift-442001", "stopped_outside_zone")
    town.after(20)
    town.event("lift-442001", "stopped_outside_zone", "end", event, reason="in the door zone, or runs")
    assert town.incident()["state"] == "fault_not_trapped"
    town.event("lift-442002", "stopped_outside_zone")
    trapped(town, "442002")
    assert (town.incident("442002")["tier"], town.incident("442002")["rule"]) == (1, "trapped_non_level")
    assert town.one("SELECT count(*) AS n FROM incident")["n"] == 2


def test_a_crew_hands_over_and_stays_responsible_until_the_other_has_accepted(town: City) -> None:
    trapped(town)
    town.crew("mu-1", "accept")
    assert "expected the code" in town.crew("mu-1", "hand_over", "flat tyre", organisation="nobody")["reason"]
    assert town.crew("mu-1", "hand_over", "flat tyre", organisation="mu-2")["ok"]
    assert states(town) == {"mu-1": "accepted", "mu-2": "offered"}
    assert town.crew("mu-2", "accept")["ok"]
    assert states(town) == {"mu-1": "stood_down", "mu-2": "accepted"}
    assert town.crew("mu-2", "hand_over", "back again", organisation="mu-1")["ok"]
    assert states(town)["mu-1"] == "offered"


def test_who_takes_over_from_a_crew_at_the_lift_relieves_it_on_arrival(town: City) -> None:
    trapped(town)
    town.crew("mu-1", "arrived", proof="qr", code="442001")
    crew = town.dispatch("mu-1")["id"]
    assert town.operator("reassign", "needs heavy tools", organisation="rs-2", dispatch=str(crew))["ok"]
    town.crew("rs-2", "accept")
    assert states(town) == {"mu-1": "arrived", "rs-2": "accepted"}
    town.crew("rs-2", "arrived", proof="qr", code="442001")
    assert states(town) == {"mu-1": "stood_down", "rs-2": "arrived"}


def test_the_first_who_arrives_sends_the_other_tiers_home_but_not_where_somebody_is_hurt(town: City) -> None:
    trapped(town)
    town.after(180)
    town.crew("rs-1", "accept")
    town.crew("mu-1", "arrived", proof="qr", code="442001")
    assert states(town) == {"mu-1": "arrived", "rs-1": "stood_down"}
    assert town.letters("stand_down") == {"rs-1"}

    trapped(town, "442002", hazards=["fire"])
    fire = town.incident("442002")["id"]
    crews = "SELECT o.code, d.id, d.state FROM dispatch d JOIN organisation o ON o.id = d.organisation_id"
    asked = {row["code"]: row["id"] for row in town.all(f"{crews} WHERE d.incident_id = %s", fire)}
    args = {"proof": "qr", "code": "442002"}
    assert town.command("arrived", incident_id=fire, dispatch_id=asked["mu-1"], args=args)["ok"]
    left = {row["code"]: row["state"] for row in town.all(f"{crews} WHERE d.incident_id = %s", fire)}
    assert (left["mu-1"], left["city-119"], left["city-120"]) == ("arrived", "offered", "offered")


def test_fewer_people_out_than_were_inside_is_no_release(town: City) -> None:
    trapped(town, people=3)
    town.crew("mu-1", "arrived", proof="qr", code="442001")
    assert town.crew("mu-1", "released", people="2")["ok"]
    assert (town.incident()["state"], town.incident()["released_at"], town.incident()["people_released"]) == (
        "arrived", None, 2,
    )  # fmt: skip
    town.after(1800)
    assert town.incident()["tier"] == 3, "nobody forgets the third"
    assert town.crew("mu-1", "released", people="3")["ok"]
    assert town.incident()["state"] == "released"


def test_everybody_is_out_though_they_were_fewer(town: City) -> None:
    trapped(town, people=3)
    town.crew("mu-1", "arrived", proof="qr", code="442001")
    assert town.crew("mu-1", "released", people="2", all="on")["ok"]
    assert (town.incident()["state"], town.incident()["people_inside"]) == ("released", 2)


def test_a_crew_cannot_vouch_for_itself(town: City) -> None:
    trapped(town)
    assert "operator" in town.crew("mu-1", "arrived", "no signal", proof="override")["reason"]
    assert town.crew("mu-1", "arrived", "no signal", proof="ask")["ok"]
    assert town.incident()["arrived_at"] is None
    person = town.one("SELECT id FROM person LIMIT 1")["id"]
    crew = town.dispatch("mu-1")
    values = {"incident_id": crew["incident_id"], "dispatch_id": crew["id"], "actor_person_id": person}
    assert town.command("arrived", "heard them on the voice link", args={"proof": "override"}, **values)["ok"]
    assert town.incident()["state"] == "arrived"


def test_two_incidents_become_one_and_two_again(town: City) -> None:
    first = trapped(town)
    second = trapped(town, "442002", people=2, hazards=["water"])
    assert "expected the number" in town.operator("merge", "same car", lift="442002", into="R0")["reason"]
    assert town.operator("merge", "same car, wrong code", lift="442002", into=first)["ok"]
    assert (town.incident("442002")["state"], town.incident()["people_inside"]) == ("merged", 2)
    assert town.incident()["hazards"] == ["water"]
    assert town.operator("split", "two cars after all", lift="442002")["ok"]
    assert (town.incident("442002")["state"], town.incident("442002")["number"]) == ("dispatched", second)


def test_words_go_to_the_car_again_and_again_until_people_are_out(town: City) -> None:
    trapped(town)
    orders = "SELECT args ->> 'text' AS text FROM rescue_order ORDER BY created_at"
    assert ["请不要扒门" in row["text"] for row in town.all(orders)] == [True]
    town.crew("mu-1", "arrived", proof="qr", code="442001")
    town.after(300)
    assert town.operator("comfort", text="师傅到楼上了")["ok"]
    assert [row["text"] for row in town.all(orders)][-1] == "师傅到楼上了"
    town.crew("mu-1", "released", people="1")
    town.after(600)
    assert len(town.all(orders)) == 3
    assert "nobody is left" in town.operator("comfort", text="hello")["reason"]


def test_a_day_later_somebody_is_reminded_to_call(town: City) -> None:
    trapped(town)
    town.crew("mu-1", "arrived", proof="qr", code="442001")
    town.crew("mu-1", "released", people="1")
    closing = {"cause": "door_system", "method": "open_at_level", "override_reason": "looked myself"}
    assert town.operator("close", **closing)["ok"]
    assert town.incident()["due_at"] == T0 + timedelta(days=1)
    town.after(86_400)
    assert town.letters("follow_up_reminder") == {"mu-1"}
    assert town.incident()["due_at"] is None
    assert town.operator("follow_up", "they are well")["ok"]
    assert (town.incident()["state"], town.incident()["followed_up_at"]) == ("closed", town.now)


def test_a_real_alarm_ends_a_drill_and_a_drill_never_hides_behind_one(town: City) -> None:
    town.drill("442001")
    drill = town.incident()
    assert drill["source"] == "drill"
    real = trapped(town)
    assert (real != drill["number"], town.incident()["source"]) == (True, "sensor")
    ended = town.one("SELECT state FROM incident WHERE id = %s", drill["id"])
    assert ended["state"] == "false_alarm"
    town.drill("442001")
    assert town.incident()["number"] == real
    assert town.incident()["repeats"] == 0


def test_nonsense_in_an_alarm_never_loses_it(town: City) -> None:
    trapped(town, people="many", floor={"no": "floor"}, hazards=7)
    assert (town.incident()["state"], town.incident()["people_inside"]) == ("dispatched", None)


def test_an_incident_keeps_a_policy_of_the_first_form(town: City) -> None:
    town.owner.execute(
        "UPDATE policy SET body = %s WHERE kind = 'lift'",
        (
            '{"kind": "lift", "name": "old", "version": 1, "tier1_accept_s": 100, "tier2_accept_s": 50,'
            ' "tier3_accept_s": 60, "check_eta_s": 900, "arrive_s": 1800, "arrive_remote_s": 3600, "release_s": 1800,'
            ' "t_max_s": 2400, "record_s": 172800}',
        ),
    )
    trapped(town)
    town.after(100)
    assert town.incident()["tier"] == 2
    town.after(50)
    assert town.incident()["tier"] == 3


def test_the_second_channel_waits_and_a_second_call_goes_out_on_both(town: City) -> None:
    town.owner.execute(
        "DELETE FROM contact_method WHERE organisation_id IN (SELECT id FROM organisation WHERE code = 'rs-1')"
    )
    town.owner.execute(
        "INSERT INTO contact_method (organisation_id, channel, address, priority)"
        " SELECT id, 'email', 'duty@city.invalid', 2 FROM organisation WHERE code = 'city-119'"
    )
    trapped(town)
    assert town.operator("emergency", "smoke")["ok"]
    ways = "SELECT stage, state, channel FROM outbox WHERE address LIKE '%%city%%' ORDER BY id"
    assert [(row["channel"], row["state"]) for row in town.all(ways)] == [("webhook", "queued"), ("email", "waiting")]
    town.after(60)
    again = [(row["channel"], row["state"]) for row in town.all(ways) if row["stage"] == "call_again"]
    assert again == [("webhook", "queued"), ("email", "queued")]


def test_without_any_policy_the_shipped_one_holds(town: City) -> None:
    town.owner.execute("DELETE FROM policy")
    trapped(town)
    assert (town.incident()["state"], town.incident()["tier"]) == ("dispatched", 1)
    assert town.one("SELECT author FROM policy WHERE kind = 'lift'")["author"].startswith("sunlit")


class TestMass:
    def test_three_lifts_of_a_place_are_one_mass_incident(self, town: City) -> None:
        town.owner.execute("UPDATE lift SET place_id = (SELECT id FROM place WHERE code = 'p-1') WHERE code < '442005'")
        for lift in ("442001", "442002"):
            trapped(town, lift)
        town.after(200)
        assert town.all("SELECT FROM mass_incident") == []
        trapped(town, "442003", people=4)
        town.after(1)
        mass = town.one("SELECT * FROM mass_incident")
        assert (mass["cause"], mass["lifts"], mass["grid_code"]) == ("cluster", 3, "")
        assert [town.incident(lift)["tier"] for lift in ("442001", "442002", "442003")] == [2, 2, 2], "in parallel"
        assert town.letters("mass_notice") == {"bureau", "city-119", "prop-1"}
        entry = town.one("SELECT reason FROM incident_entry WHERE action = 'mass' AND reason LIKE '%%1 of 3%%'")
        assert entry["reason"].startswith(f"part of {mass['number']}")
        trapped(town, "442004")
        town.after(1)
        assert town.incident("442004")["mass_id"] == mass["id"], "who comes later joins"
        assert town.one("SELECT lifts FROM mass_incident")["lifts"] == 4

    def test_a_power_cut_counts_lifts_without_anybody_inside(self, town: City) -> None:
        town.owner.execute("UPDATE place SET grid_code = 'g-1' WHERE code IN ('p-1', 'p-2', 'p-3')")
        for lift in ("442001", "442002", "442003", "442004"):
            town.event(f"lift-{lift}", "mains_lost")
        trapped(town, "442005")
        town.after(1)
        mass = town.one("SELECT * FROM mass_incident")
        assert (mass["cause"], mass["lifts"], mass["grid_code"], mass["place_id"]) == ("power", 5, "g-1", None)
        town.after(1800)
        assert town.one("SELECT count(*) AS n FROM mass_incident")["n"] == 1

    def test_it_is_over_when_everybody_is_out_and_nothing_new_came(self, town: City) -> None:
        town.owner.execute("UPDATE lift SET place_id = (SELECT id FROM place WHERE code = 'p-1') WHERE code < '442004'")
        for lift in ("442001", "442002", "442003"):
            trapped(town, lift)
        for lift in ("442001", "442002", "442003"):
            town.operator("false_alarm", "power is back, nobody inside", lift=lift)
        town.after(3500)
        assert town.one("SELECT closed_at FROM mass_incident")["closed_at"] is None
        town.after(200)
        assert town.one("SELECT closed_at FROM mass_incident")["closed_at"] == town.now

    def test_drills_make_none(self, town: City) -> None:
        town.owner.execute("UPDATE lift SET place_id = (SELECT id FROM place WHERE code = 'p-1') WHERE code < '442004'")
        for lift in ("442001", "442002", "442003"):
            town.drill(lift)
        town.after(1)
        assert town.all("SELECT FROM mass_incident") == []
