"""Past incidents from files: every bad row is named; what stands together is a mass incident."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from alerting.lift_policy import LiftPolicy
from alerting.simulate.history import HistoryError, read, scenes
from contracts.kinds import Hazard

ROOT = Path(__file__).resolve().parents[4]
POLICY = msgspec.convert(tomllib.loads((ROOT / "alerting/policies/lift.toml").read_text("utf-8")), LiftPolicy)
ZONE = "Asia/Shanghai"


def test_csv_and_json_say_the_same() -> None:
    csv = (
        "alarm_at,place_kind,remote,people,hazards,campaigns\n"
        "2026-05-01T08:30:00+08:00,school,1,3,injury fire,spring-festival fair\n"
        "2026-05-01 07:10:00,,,,,\n"
    )
    listed = (
        '[{"alarm_at": "2026-05-01T00:30:00+00:00", "place_kind": "school", "remote": true, "people": 3,'
        ' "hazards": ["injury", "fire"], "campaigns": ["spring-festival", "fair"]},'
        ' {"alarm_at": "2026-05-01T07:10:00", "people": null}]'
    )
    lines = "\n".join(one + "}" for one in listed[1:-2].split("},")).replace("\n ", "\n")
    found = read(csv, "h.csv", ZONE)
    assert found == read(listed, "h.json", ZONE) == read(lines, "h.jsonl", ZONE)
    first, second = found
    assert first.alarm_at == datetime(2026, 4, 30, 23, 10, tzinfo=UTC)
    assert (first.place_kind, first.remote, first.people, first.hazards) == ("other", False, None, ())
    assert (second.place_kind, second.remote, second.people) == ("school", True, 3)
    assert second.hazards == (Hazard.INJURY, Hazard.FIRE)
    assert [scene.minute for scene in scenes(found, POLICY)] == [7 * 60 + 10, 8 * 60 + 30]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("alarm_at,people\nyesterday,1\n", "h: line 2: alarm_at: 'yesterday', expected a time such as"),
        (
            "alarm_at,people\n2026-05-01T08:30:00,2.5\n",
            "h: line 2: people: '2.5', expected a whole number from 0 to 200",
        ),
        ("alarm_at,people\n2026-05-01T08:30:00,nan\n", "h: line 2: people: 'nan'"),
        ("alarm_at,people\n2026-05-01T08:30:00,201\n", "h: line 2: people: '201'"),
        ("alarm_at,remote\n2026-05-01T08:30:00,far\n", "h: line 2: remote: 'far', expected 1 or 0"),
        ("alarm_at,hazards\n2026-05-01T08:30:00,bees\n", "h: line 2: hazards: 'bees', expected injury, fire, water"),
        ("alarm_at,colour\n", "h: line 1: 'colour', expected some of alarm_at, lift, place"),
        ("people\n1\n", "h: line 1: alarm_at is missing"),
        ("alarm_at\n2026-05-01T08:30:00,1\n", "h: line 2: more fields than the first line, expected 1"),
        ("", "h: line 1: alarm_at is missing"),
        ("alarm_at\n", "h: no incidents, expected at least one row"),
        ("[", "h: line 1: Expecting value, expected JSON"),
        ("[1]", "h: line 1: 1, expected an object"),
        ('[{"alarm_at": "x"}]', "h: line 1: alarm_at: 'x'"),
        ("{}\n{]", "h: line 1: Expecting property name"),
    ],
)
def test_bad_rows_are_named(text: str, words: str) -> None:
    with pytest.raises(HistoryError) as caught:
        read(text, "h", ZONE)
    assert str(caught.value).startswith(words)


def test_every_bad_row_is_named_up_to_twenty() -> None:
    with pytest.raises(HistoryError) as caught:
        read("alarm_at\n" + "never\n" * 25, "h", ZONE)
    lines = str(caught.value).splitlines()
    assert lines[19].startswith("h: line 21: ")
    assert lines[20] == "h: 5 more rows are no better"


def test_lifts_that_stand_together_are_a_mass_incident_from_then_on() -> None:
    rows = [
        "2026-05-01T08:00:00,100001,p-1,g-1",
        "2026-05-01T08:01:00,100002,p-1,g-1",
        "2026-05-01T08:01:30,100009,p-9,g-9",
        "2026-05-01T08:02:00,100003,p-1,g-1",
        "2026-05-01T08:03:00,100004,p-1,g-1",
        "2026-05-01T09:00:00,100005,p-1,g-1",
    ]
    found = scenes(read("alarm_at,lift,place,grid\n" + "\n".join(rows), "h", ZONE), POLICY)
    assert [scene.mass_after_s for scene in found] == [120.0, 60.0, None, 0.0, 0.0, None]


def test_one_lift_three_times_and_lifts_of_nowhere_are_no_mass_incident() -> None:
    same = [f"2026-05-01T08:0{minute}:00,100001,p-1,g-1" for minute in range(4)]
    nowhere = [f"2026-05-01T09:0{minute}:00,,," for minute in range(6)]
    found = scenes(read("alarm_at,lift,place,grid\n" + "\n".join(same + nowhere), "h", ZONE), POLICY)
    assert {scene.mass_after_s for scene in found} == {None}


def test_five_lifts_of_a_grid_are_one() -> None:
    rows = [f"2026-05-01T08:0{number}:00,10000{number},p-{number},g-1" for number in range(5)]
    found = scenes(read("alarm_at,lift,place,grid\n" + "\n".join(rows), "h", ZONE), POLICY)
    assert [scene.mass_after_s for scene in found] == [240.0, 180.0, 120.0, 60.0, 0.0]
