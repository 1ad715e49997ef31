"""Findings on a real database: kitchens, faults of lifts, silences, daily letters. Time is handed in."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from psycopg.types.json import Jsonb

from alerting import activation, finding_chains, finding_events
from alerting.engine import Engine
from alerting.finding_policy import KitchenPolicy
from alerting.means import Means
from runtime.db import Role, connect
from tests.integration.alerting.town import City

HOUR, DAY = 3600, 86_400
CAMERA, CAR = "cam-k-001-1", "lift-442001"


def finding(town: City, **where: Any) -> Mapping[str, Any]:
    """The newest finding."""
    clause = " AND ".join(f"{name} = %s" for name in where) or "true"
    return town.one(f"SELECT * FROM finding WHERE {clause} ORDER BY id DESC", *where.values())


def state(town: City) -> str:
    return str(finding(town)["state"])


def history(town: City) -> list[str]:
    return [row["action"] for row in town.all("SELECT action FROM finding_entry ORDER BY id")]


def silence(town: City, device: str) -> int:
    """A device falls silent now."""
    return int(
        town.one(
            "INSERT INTO silence (device_id, cause, since, noticed_at) SELECT id, 'silent', %s, %s FROM device"
            " WHERE code = %s RETURNING id", town.now, town.now, device,
        )["id"]
    )  # fmt: skip


def test_from_push_to_verified(town: City) -> None:
    town.event(CAMERA, "no_hat", subject="track-1", confidence=0.95)
    town.event(CAMERA, "no_hat", subject="track-1", confidence=0.95)
    found = finding(town)
    assert (found["state"], found["class"], found["repeats"]) == ("pushed", "II", 1)
    assert found["due_at"] == town.now + timedelta(days=1)
    assert town.letters("finding_pushed") == {"cat-1"}
    assert not town.command("verify", "fine", finding_id=found["id"])["ok"]
    assert not town.command("rectify", finding_id=found["id"])["ok"], "words are needed"
    assert town.command("rectify", finding_id=found["id"], args={"note": "hats handed out"})["ok"]
    assert town.letters("finding_officer") == {"grid-1"}
    assert town.command("verify", "seen", finding_id=found["id"])["ok"]
    assert town.one("SELECT state, verified_by FROM finding") == {"state": "closed", "verified_by": "test"}
    assert history(town) == ["pushed", "rectified", "verified"]


@pytest.mark.parametrize(("confidence", "expected"), [(0.95, "pushed"), (0.7, "under_review"), (0.3, "detected")])
def test_doubtful_findings_are_looked_at_first(town: City, confidence: float, expected: str) -> None:
    town.event(CAMERA, "no_hat", subject="t", confidence=confidence)
    assert state(town) == expected
    assert bool(town.letters("finding_pushed")) is (expected == "pushed")
    assert finding(town)["due_at"] > town.now, "no state without a next clock"


def test_another_head_in_the_same_kitchen_is_a_repeat_and_doubt_swallows_nothing(town: City) -> None:
    town.event(CAMERA, "no_hat", subject="1", confidence=0.7)
    town.event(CAMERA, "no_hat", subject="2", confidence=0.95)
    town.event(CAMERA, "no_hat", subject="3", confidence=0.95)
    town.event(CAMERA, "no_mask", subject="3", confidence=0.95)
    found = town.all("SELECT rule, state, repeats FROM finding ORDER BY id")
    assert found == [
        {"rule": "no_hat", "state": "under_review", "repeats": 0},
        {"rule": "no_hat", "state": "pushed", "repeats": 1},
        {"rule": "no_mask", "state": "pushed", "repeats": 0},
    ]


def test_an_owner_who_does_nothing(town: City) -> None:
    town.event(CAMERA, "no_hat", subject="t", confidence=0.95)
    town.after(DAY)
    assert town.letters("finding_overdue") == {"cat-1"}
    assert town.letters("finding_officer") == {"grid-1"}
    town.after(4 * DAY)
    assert state(town) == "overdue_yellow"
    assert town.letters("finding_officer") == {"grid-1", "bureau"}
    town.after(5 * DAY)
    assert state(town) == "overdue_red"
    before = town.one("SELECT count(*) AS n FROM outbox")["n"]
    town.after(7 * DAY)
    assert town.one("SELECT count(*) AS n FROM outbox")["n"] > before, "what is red is said again"
    assert finding(town)["due_at"] > town.now


def test_a_desk_that_was_down_for_weeks_tells_every_level_once(town: City) -> None:
    town.event(CAMERA, "no_hat", subject="t", confidence=0.95)
    town.after(30 * DAY)
    assert state(town) == "overdue_red"
    assert town.letters("finding_officer") == {"grid-1", "bureau"}
    assert history(town) == ["pushed", "overdue"]


def test_class_one_tells_the_grid_officer_at_once_and_runs_on_through_a_dispute(town: City) -> None:
    town.event(CAMERA, "stranger", subject="zone", confidence=0.95)
    found = finding(town)
    assert (found["class"], found["due_at"]) == ("I", town.now + timedelta(hours=2))
    assert town.letters("finding_officer") == {"grid-1"}
    assert town.command("appeal", finding_id=found["id"], args={"note": "a delivery"})["ok"]
    town.after(2 * HOUR)
    assert (finding(town)["state"], finding(town)["level"]) == ("appealed", 1)
    town.after(22 * HOUR)
    assert (finding(town)["state"], finding(town)["level"]) == ("appealed", 2)
    assert "bureau" in town.letters("finding_officer")
    assert town.command("appeal_refuse", "it was a stranger", finding_id=found["id"])["ok"]
    assert finding(town)["due_at"] == found["pushed_at"] + timedelta(days=2), "its clock never stopped"


def test_a_dispute_stops_the_clock_of_what_can_wait(town: City) -> None:
    town.event(CAMERA, "no_hat", subject="t", confidence=0.95)
    found = finding(town)
    assert not town.command("appeal", finding_id=found["id"])["ok"], "words are needed"
    assert town.command("appeal", finding_id=found["id"], args={"note": "it is a hood"})["ok"]
    town.after(4 * DAY)
    assert finding(town)["level"] == 0
    assert history(town).count("reminder") == 1, "the officer is reminded"
    assert not town.command("appeal_refuse", finding_id=found["id"])["ok"], "words are needed"
    assert town.command("appeal_refuse", "no hood", finding_id=found["id"])["ok"]
    again = finding(town)
    assert (again["state"], again["due_at"]) == ("pushed", town.now + timedelta(days=1))
    assert again["pushed_at"] == found["pushed_at"] + timedelta(days=4)
    assert "has judged" in town.command("appeal", finding_id=found["id"], args={"note": "but"})["reason"]


def test_an_appeal_that_is_right_and_a_case(town: City) -> None:
    town.event(CAMERA, "no_hat", subject="t", confidence=0.95)
    found = finding(town)
    town.command("appeal", finding_id=found["id"], args={"note": "a hood"})
    assert not town.command("reject", "wrong word", finding_id=found["id"])["ok"]
    assert town.command("appeal_accept", "a hood is fine", finding_id=found["id"])["ok"]
    assert state(town) == "rejected"
    assert town.letters("finding_withdrawn") == {"cat-1"}
    town.event("cam-k-002-1", "no_hat", subject="t", confidence=0.95)
    second = finding(town)["id"]
    assert not town.command("case", finding_id=second)["ok"], "words are needed"
    assert town.command("case", "the third in a month", finding_id=second)["ok"]
    town.after(8 * DAY)
    assert (state(town), "reminder" in history(town)) == ("case", True)
    assert not town.command("verify", finding_id=second)["ok"], "how it ended is needed"
    assert town.command("verify", "fined", finding_id=second)["ok"]


def test_advice_goes_into_one_letter_a_day_and_the_third_is_more(town: City) -> None:
    for code in ("cam-k-002-1", CAMERA):
        town.event(code, "no_mask", subject="t", confidence=0.95, advisory=True)
    town.event(CAMERA, "no_hat", subject="t", confidence=0.95, advisory=True)
    assert state(town) == "detected"
    assert town.letters("finding_pushed") == set()
    town.after(DAY)
    assert town.letters("finding_digest") == {"cat-1", "cat-2"}
    assert town.one("SELECT count(*) AS n FROM outbox WHERE stage = 'finding_digest' AND channel = 'webhook'")["n"] == 2
    assert {row["state"] for row in town.all("SELECT state FROM finding")} == {"closed"}
    town.event(CAMERA, "no_mask", subject="t", confidence=0.95, advisory=True)
    assert finding(town)["class"] == "III"
    town.after(DAY)
    town.event(CAMERA, "no_mask", subject="t", confidence=0.95, advisory=True)
    assert (finding(town)["class"], state(town)) == ("II", "pushed")
    reason = town.one("SELECT reason FROM finding_entry ORDER BY id DESC LIMIT 1")["reason"]
    assert "number 3 of its kind" in reason


def test_a_campaign_and_a_nursery_halve_the_clocks(town: City) -> None:
    town.owner.execute(
        "INSERT INTO campaign (code, name_zh, name_en, starts_at, ends_at, town_code)"
        " VALUES ('gaokao', '高考', 'exams', %s, %s, '442000001')",
        (town.now - timedelta(hours=1), town.now + timedelta(days=3)),
    )
    town.event(CAMERA, "no_hat", subject="t", confidence=0.95)
    found = finding(town)
    assert (found["campaign"], found["due_at"]) == ("gaokao", town.now + timedelta(hours=12))
    town.event("cam-k-003-1", "no_hat", subject="t", confidence=0.95)
    assert (finding(town)["campaign"], finding(town)["share"]) == ("", 1.0)
    town.event("cam-k-006-1", "no_hat", subject="t", confidence=0.95)
    assert finding(town)["share"] == 0.5


def test_a_blind_camera_that_sees_again_is_closed_and_a_covered_one_is_not(town: City) -> None:
    began = town.event(CAMERA, "camera_blind", subject="camera", cause="offline")
    assert town.letters("finding_pushed") == set(), "it may be back in a moment"
    town.after(300)
    assert (state(town), finding(town)["class"]) == ("pushed", "D")
    town.event(CAMERA, "camera_blind", "end", began, reason="sees again")
    assert state(town) == "closed"
    assert town.letters("finding_ended") == {"cat-1"}
    covered = town.event("cam-k-002-1", "camera_blind", subject="camera", cause="covered")
    assert (state(town), finding(town)["class"]) == ("pushed", "I")
    town.event("cam-k-002-1", "camera_blind", "end", covered, reason="sees again")
    assert state(town) == "pushed", "somebody covered it: a person has to look"


def test_a_fault_of_a_lift_goes_up_its_own_chain(town: City) -> None:
    town.event("lift-442005", "door_not_opening", subject="door")
    found = finding(town)
    assert (found["class"], found["kitchen_id"]) == ("II", None)
    assert town.letters("finding_pushed") == {"mu-2"}
    town.after(DAY)
    assert town.letters("finding_overdue") == {"mu-2", "prop-2"}
    assert town.letters("finding_officer") == {"grid-2"}
    assert town.one("SELECT count(*) AS n FROM incident")["n"] == 0


def test_one_finding_for_a_lift_and_rule_while_it_is_open(town: City) -> None:
    events = [town.event(CAR, "sensor_shielded", subject=name) for name in ("door_zone", "passenger")]
    town.event(CAR, "lift_fault", subject="car")
    assert len(town.all("SELECT FROM finding")) == 2
    assert finding(town, rule="sensor_shielded")["repeats"] == 1
    town.event(CAR, "sensor_shielded", "end", events[0])
    assert finding(town, rule="sensor_shielded")["state"] == "pushed", "one sensor is shielded still"
    town.event(CAR, "sensor_shielded", "end", events[1])
    assert finding(town, rule="sensor_shielded")["state"] == "closed"


def test_what_lasts_and_what_does_not(town: City) -> None:
    first = town.event(CAR, "mains_lost", subject="mains")
    town.after(60)
    town.event(CAR, "mains_lost", "end", first)
    assert (state(town), town.letters("finding_pushed")) == ("closed", set())
    second = town.event(CAR, "mains_lost", subject="mains")
    town.after(600)
    assert (state(town), town.letters("finding_pushed")) == ("pushed", {"mu-1"})
    assert len(town.all("SELECT FROM finding")) == 1, "what is back within the time goes on"
    pushed = finding(town)["pushed_at"]
    town.event(CAR, "mains_lost", "end", second)
    assert (state(town), town.letters("finding_ended")) == ("closed", {"mu-1"})
    town.after(1200)
    town.event(CAR, "mains_lost", subject="mains")
    town.after(600)
    again = finding(town)
    assert (again["state"], again["pushed_at"], again["closed_at"]) == ("pushed", pushed, None)
    town.after(DAY - 1200 - 600)
    assert town.letters("finding_overdue") == {"mu-1", "prop-1"}, "its clock went on from the first time"


def test_a_grave_fault_does_not_end_by_itself(town: City) -> None:
    event = town.event(CAR, "unintended_movement", subject="car")
    assert town.letters("finding_pushed") == {"mu-1", "prop-1"}
    town.event(CAR, "unintended_movement", "end", event, reason="stands in the door zone")
    assert state(town) == "pushed"
    assert town.command("rectify", "brake set", finding_id=finding(town)["id"])["ok"]
    assert town.command("verify", "seen", finding_id=finding(town)["id"])["ok"]


def test_what_a_person_has_confirmed_does_not_end_by_itself(town: City) -> None:
    event = town.event(CAR, "door_not_opening", subject="door")
    assert town.command("confirm", "seen on site", finding_id=finding(town)["id"])["ok"]
    town.event(CAR, "door_not_opening", "end", event)
    assert state(town) == "pushed"


def test_a_ride_that_got_worse_is_named_until_it_is_better(town: City) -> None:
    event = town.event(CAR, "ride_quality", subject="ride")
    for _ in range(2):
        town.after(DAY)
    assert town.one("SELECT count(*) AS n FROM outbox WHERE stage = 'finding_digest' AND channel = 'webhook'")["n"] == 2
    assert town.letters("finding_digest") == {"mu-1"}
    town.event(CAR, "ride_quality", "end", event)
    assert state(town) == "closed"


def test_an_event_that_is_over_when_it_is_read_is_no_finding(town: City, monkeypatch: pytest.MonkeyPatch) -> None:
    event = uuid4()
    with monkeypatch.context() as away:
        away.setattr(town.engine, "cycle", lambda now: 0)
        town.event(CAR, "door_not_opening", "start", event, subject="door")
        town.event(CAR, "door_not_opening", "end", event, subject="door")
    town.after(0)
    assert town.all("SELECT FROM finding") == []
    outcomes = [row["outcome"] for row in town.all("SELECT outcome FROM event_handled ORDER BY event_row")]
    assert outcomes == ["ended before anybody was told", "end without an open finding"]


def test_a_drill_is_no_finding(town: City) -> None:
    town.event(CAR, "door_not_opening", subject="drill", drill="doors")
    assert town.all("SELECT FROM finding") == []


def test_nobody_in_the_chain_is_passed_over_in_silence(town: City) -> None:
    town.owner.execute("UPDATE contact_method SET active = false WHERE address LIKE '%%mu-1' OR address LIKE 'mu-1%%'")
    town.event(CAR, "door_not_opening", subject="door")
    assert town.letters("finding_pushed") == {"prop-1"}, "the next above is told instead"
    assert history(town) == ["pushed", "unreachable"]


def test_a_silent_lift_is_a_finding_until_it_is_heard(town: City) -> None:
    opened = silence(town, CAR)
    town.after(HOUR - 1)
    assert town.all("SELECT FROM finding") == []
    town.after(1)
    found = finding(town)
    assert (found["rule"], found["class"], found["state"]) == ("device_silent", "D", "pushed")
    assert town.letters("finding_pushed") == {"mu-1"}
    town.after(60)
    assert len(town.all("SELECT FROM finding")) == 1
    town.owner.execute("UPDATE silence SET ended_at = %s WHERE id = %s", (town.now, opened))
    town.after(1)
    assert state(town) == "closed"
    assert town.letters("finding_ended") == {"mu-1"}


def test_a_silent_agent_is_one_finding_for_all_behind_it(town: City) -> None:
    agent = silence(town, "agent-demo")
    for device in (CAR, CAMERA):
        silence(town, device)
    town.after(HOUR)
    found = town.all("SELECT f.rule, d.code, f.lift_id FROM finding f JOIN device d ON d.id = f.device_id")
    assert [(row["rule"], row["code"]) for row in found] == [("device_silent", "agent-demo")]
    reasons = [row["reason"] for row in town.all("SELECT reason FROM finding_entry WHERE action = 'behind'")]
    assert reasons == ["24 devices behind it, 12 of them lifts"]
    town.owner.execute("UPDATE silence SET ended_at = %s WHERE id = %s", (town.now, agent))
    town.after(1)
    states = {row["code"]: row["state"] for row in town.all(
        "SELECT d.code, f.state FROM finding f JOIN device d ON d.id = f.device_id")}  # fmt: skip
    assert states == {"agent-demo": "closed", CAR: "pushed", CAMERA: "pushed"}, "who is silent still, is now its own"


def test_without_a_policy_the_shipped_one_is_activated(town: City) -> None:
    town.owner.execute("DELETE FROM policy WHERE kind = 'fault'")
    town.event(CAR, "door_not_opening", subject="door")
    assert state(town) == "pushed"
    assert town.one("SELECT author FROM policy WHERE kind = 'fault'")["author"].startswith("sunlit")


def test_a_finding_keeps_the_policy_it_began_with(town: City) -> None:
    town.event(CAMERA, "no_hat", subject="t", confidence=0.95)
    newest = finding_events.active(town.desk, "kitchen", town.now).policy
    quick = {kind: msgspec.structs.replace(known, rectify_s=60) for kind, known in newest.clocks.items()}
    changed = msgspec.structs.replace(newest, clocks=quick)
    assert isinstance(changed, KitchenPolicy)
    activation.store(town.desk, changed, "test", datetime.now(UTC))
    town.event("cam-k-003-1", "no_hat", subject="t", confidence=0.95)
    town.after(60)
    versions = town.all("SELECT policy_version, action FROM finding_entry ORDER BY id")
    assert [(row["policy_version"], row["action"]) for row in versions] == [(1, "pushed"), (2, "pushed"), (2, "late")]


def test_a_policy_of_the_first_form_still_counts_for_its_findings(town: City) -> None:
    body = {
        "kind": "kitchen", "name": "old", "automatic_confidence": 0.9, "review_confidence": 0.6, "repeat_s": 600,
        "rectify_s": 3600, "review_s": 7200, "yellow_s": 10_000, "red_s": 20_000, "version": 9,
        "classes": {"no_hat": "II", "stranger": "I"},
    }  # fmt: skip
    town.owner.execute(
        "INSERT INTO policy (kind, version, body, sha256, activated_at, author)"
        " VALUES ('kitchen', 9, %s, '', now(), 'x')",
        (Jsonb(body),),
    )
    town.event(CAMERA, "no_hat", subject="t", confidence=0.95)
    assert finding(town)["due_at"] == town.now + timedelta(hours=1)


def test_two_workers_open_and_tell_nothing_twice(town: City) -> None:
    other = connect(town.database, Role.ALERTING)
    try:
        second = Engine(other, Means("http://sunlit.test"))
        silence(town, CAR)
        town.event(CAMERA, "no_hat", subject="t", confidence=0.95)
        for seconds in (HOUR, HOUR + DAY, 6 * DAY):
            for engine in (town.engine, second, town.engine):
                engine.cycle(town.now + timedelta(seconds=seconds))
        assert len(town.all("SELECT FROM finding")) == 2
        assert history(town).count("late") == 2
        assert history(town).count("overdue") == 2
    finally:
        other.close()


def test_where_nobody_of_the_chain_can_be_told_is_named(town: City) -> None:
    kitchen = finding_events.active(town.desk, "kitchen", town.now).policy
    fault = finding_events.active(town.desk, "fault", town.now).policy
    assert (finding_chains.faults(town.desk, kitchen), finding_chains.faults(town.desk, fault)) == ([], [])
    town.owner.execute("UPDATE organisation SET active = false WHERE code = 'grid-1'")
    town.owner.execute("UPDATE contact_method SET active = false WHERE address LIKE '%%bureau'")
    town.owner.execute("UPDATE lift SET maintenance_org_id = NULL WHERE code = '442005'")
    assert finding_chains.faults(town.desk, kitchen) == [
        "grid office: none with a contact method for 2 kitchens (k-001, k-002), expected one for each",
        "bureau: none with a contact method for 6 kitchens (k-001, k-002, k-003, k-004, k-005 and 1 more),"
        " expected one for each",
    ]
    assert finding_chains.faults(town.desk, fault)[0] == (
        "maintenance unit: none with a contact method for 1 lifts (442005), expected one for each"
    )
