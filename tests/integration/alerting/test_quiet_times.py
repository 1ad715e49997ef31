"""Mutings on a real database: begun and ended by command, never over a person, never for ever."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from contracts.kinds import ServiceMode
from tests.integration.alerting.town import City

CAR, CAMERA = "lift-442001", "cam-k-001-1"


def quiet(town: City, what: str = "lift", code: str = "442001", **args: Any) -> Mapping[str, Any]:
    asked = {"what": what, "code": code, "kind": "maintenance", "minutes": "120", "owner": "安捷电梯维保", **args}
    return town.command("quiet", str(asked.pop("reason", "new ropes")), args=asked)


def states(town: City) -> list[str]:
    return [row["state"] for row in town.all("SELECT state FROM finding ORDER BY id")]


def test_a_muted_fault_waits_and_is_told_when_it_is_still_there(town: City) -> None:
    assert quiet(town)["ok"]
    town.event(CAR, "door_not_opening", subject="door")
    assert states(town) == ["muted"]
    assert town.all("SELECT FROM outbox") == []
    assert town.one("SELECT due_at FROM finding")["due_at"] == town.now + timedelta(hours=2)
    town.after(7200)
    assert states(town) == ["pushed"]
    assert town.letters("finding_pushed") == {"mu-1"}


def test_a_muted_fault_that_ended_is_told_to_nobody(town: City) -> None:
    quiet(town)
    event = town.event(CAR, "unintended_movement", subject="car")
    town.event(CAR, "unintended_movement", "end", event)
    town.after(7200)
    assert states(town) == ["closed"]
    assert town.all("SELECT FROM outbox") == []
    reasons = [row["reason"] for row in town.all("SELECT reason FROM finding_entry ORDER BY id")]
    assert reasons == ["muted by 安捷电梯维保: new ropes", "ended while it was muted"]


@pytest.mark.parametrize("rule", ["trapped_non_level", "trapped_level", "alarm_button"])
def test_a_person_is_never_muted(town: City, rule: str) -> None:
    quiet(town)
    quiet(town, "place", "p-1", kind="silence")
    quiet(town, "device", CAR, kind="drill")
    town.event(CAR, rule)
    assert town.incident()["tier"] == 1
    assert town.letters("tier_offer") == {"mu-1"}


@pytest.mark.parametrize(
    ("what", "code", "device", "rule", "expected"),
    [
        ("place", "p-1", CAR, "lift_fault", "muted"),
        ("place", "p-1", CAMERA, "no_hat", "muted"),
        ("place", "p-2", CAR, "lift_fault", "pushed"),
        ("kitchen", "k-001", CAMERA, "no_hat", "muted"),
        ("device", CAMERA, CAMERA, "no_hat", "muted"),
        ("lift", "442002", CAR, "lift_fault", "pushed"),
    ],
)
def test_what_is_muted(town: City, what: str, code: str, device: str, rule: str, expected: str) -> None:
    assert quiet(town, what, code)["ok"]
    town.event(device, rule, subject="x", confidence=0.95)
    assert states(town) == [expected]


def test_one_rule_alone(town: City) -> None:
    quiet(town, rule="lift_fault")
    for rule in ("lift_fault", "door_not_opening"):
        town.event(CAR, rule)
    assert states(town) == ["muted", "pushed"]


def test_ended_early_what_it_muted_is_looked_at_now(town: City) -> None:
    quiet(town)
    town.event(CAR, "lift_fault")
    identity = town.one("SELECT id FROM quiet")["id"]
    assert town.command("unquiet", args={"quiet": str(identity)})["ok"]
    assert states(town) == ["pushed"]
    assert town.one("SELECT ended_by FROM quiet")["ended_by"] == "test"
    assert town.command("unquiet", args={"quiet": str(identity)}) == {"ok": True, "reason": "ended already"}
    town.event(CAR, "door_not_opening")
    assert states(town) == ["pushed", "pushed"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"minutes": "2000"}, "minutes: '2000', expected 1 to 1440"),
        ({"owner": ""}, "owner: ''"),
        ({"reason": ""}, "reason: ''"),
        ({"code": "999999"}, "code: '999999', expected the code of a lift"),
        ({"what": "town"}, "what: 'town', expected lift, place, kitchen, device"),
        ({"rule": "trapped_level"}, "somebody may be inside"),
        ({"rule": "no_hat"}, "rule: 'no_hat', expected"),
    ],
)
def test_what_may_not_be_muted(town: City, asked: dict[str, str], words: str) -> None:
    refused = quiet(town, **asked)
    assert not refused["ok"]
    assert words in refused["reason"]
    assert town.all("SELECT FROM quiet") == []


@pytest.mark.parametrize("identity", ["", "x", "-1", "77", "9" * 40])
def test_what_is_not_muted_cannot_be_ended(town: City, identity: str) -> None:
    assert "expected the number of a muting" in town.command("unquiet", args={"quiet": identity})["reason"]


def test_the_same_twice_and_one_after_the_other(town: City) -> None:
    """However often somebody mutes, one finding is muted for a day at most."""
    assert quiet(town, minutes="1440")["ok"]
    assert "muted already" in quiet(town)["reason"]
    town.event(CAR, "lift_fault")
    town.after(1439 * 60)
    assert states(town) == ["muted"]
    assert quiet(town, rule="lift_fault", minutes="1440")["ok"]
    town.after(60)
    assert states(town) == ["pushed"]


def test_a_lift_in_inspection_mode_is_a_session_of_its_own(town: City) -> None:
    town.owner.execute(
        "INSERT INTO lift_sample (time, device_id, boot, seq, n, received, mode)"
        " SELECT %s, id, gen_random_uuid(), 1, 1, %s, %s FROM device WHERE code = %s",
        (town.now - timedelta(minutes=5), town.now, ServiceMode.INSPECTION, CAR),
    )
    event = town.event(CAR, "mains_lost", subject="mains")
    assert states(town) == ["muted"]
    session = town.one("SELECT * FROM quiet")
    assert (session["owner"], session["actor"]) == ("安捷电梯维保", "sensors")
    assert session["ends_at"] == town.now + timedelta(hours=1)
    town.event(CAR, "trapped_non_level")
    assert town.incident()["tier"] == 1
    town.event(CAR, "mains_lost", "end", event)
    town.after(3600)
    assert states(town) == ["closed"]


def test_a_silence_of_what_is_muted(town: City) -> None:
    quiet(town, minutes="240")
    opened = town.one(
        "INSERT INTO silence (device_id, cause, since, noticed_at) SELECT id, 'silent', %s, %s FROM device"
        " WHERE code = %s RETURNING id", town.now, town.now, CAR,
    )["id"]  # fmt: skip
    town.after(3600)
    assert states(town) == ["muted"]
    town.owner.execute("UPDATE silence SET ended_at = %s WHERE id = %s", (town.now, opened))
    town.after(3 * 3600)
    assert states(town) == ["closed"]
    assert town.all("SELECT FROM outbox") == []
