"""What the board's map shows of rescues, stations and crews."""

from datetime import UTC, datetime, timedelta
from typing import Any

from api.board.map import points

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
CREW = {
    "state": "en_route",
    "lat": 22.6,
    "lon": 113.4,
    "name_en": "Shiqi station",
    "eta_at": "2026-11-24T04:07:00+00:00",
}


def row(number: int, **columns: Any) -> dict[str, Any]:
    plain = {
        "number": f"R{number}", "lift_code": f"44200{number}", "state": "dispatched", "tier": 1, "people_inside": 2,
        "hazards": [], "alarm_at": NOON - timedelta(minutes=4), "arrived_at": None, "released_at": None,
        "source": "sensor", "place_en": "Tower", "lift_en": "B2-1", "lat": 22.5, "lon": 113.3, "crews": None,
    }  # fmt: skip
    return {**plain, **columns}


def station(lat: float, busy: int) -> dict[str, Any]:
    return {"name_en": "A station", "lat": lat, "lon": 113.4, "crews": 2, "busy": busy, "phone": "0760"}


def test_tones_words_and_who_lies_on_top() -> None:
    rows = [
        row(1),
        row(2, arrived_at=NOON, crews=[{**CREW, "state": "arrived"}]),
        row(3, released_at=NOON, crews=[CREW]),
    ]
    made = points("en", "?lang=en", rows, [station(22.7, 1), station(22.7, 2), station(22.6, 0)], NOON)["features"]
    said = [(one["properties"]["kind"], one["properties"]["tone"]) for one in made]
    assert said == [
        ("station", "plain"),
        ("station", "late"),
        ("crew", "fine"),
        ("lift", "plain"),
        ("lift", "late"),
        ("lift", "danger"),
    ]
    worst = made[-1]["properties"]
    assert worst["href"] == "/board/incident/R1?lang=en" and "04:00" in worst["text"] and "Tier 1" in worst["text"]
    crew = made[2]["properties"]
    assert "442003" in crew["text"] and "12:07" in crew["text"], "the ETA in the city's time"
    assert "not where its vehicle is" in crew["text"], "nothing is made up"


def test_whoever_gave_no_time_of_arrival_has_none() -> None:
    made = points("en", "", [row(1, crews=[{**CREW, "eta_at": None}])], [], NOON)["features"]
    assert "arrival time unknown" in made[0]["properties"]["text"]
