"""How long a way takes by distance and hour; and what the settings say of it."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.help import travel
from alerting.help.travel import Band, Road, Travel, leg
from runtime.settings import AlertingSettings, Settings, SettingsError, TravelSettings, load

CITY = Travel(
    zone="Asia/Shanghai",
    road_factor=1.5,
    turnout_s=60,
    speed_kmh=36,
    bands=(Band(7 * 60, 9 * 60, 18), Band(22 * 60, 6 * 60, 72)),
)
HERE, THERE = (22.52, 113.38), (22.53, 113.38)


def local(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 26, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("hour", "minute", "speed"),
    [(6, 59, 36), (7, 0, 18), (8, 59, 18), (9, 0, 36), (21, 59, 36), (22, 0, 72), (0, 0, 72), (5, 59, 72), (6, 0, 36)],
)
def test_speed_by_the_hour_of_the_citys_clock(hour: int, minute: int, speed: float) -> None:
    assert CITY.speed_at(local(hour, minute)) == speed
    assert CITY.speed_at(local(hour, minute).astimezone(UTC)) == speed


def test_an_estimate_is_distance_by_road_over_speed_and_the_turnout() -> None:
    found = leg(CITY, HERE, THERE, local(12))
    assert found.metres == pytest.approx(1.5 * 1112, rel=1e-3)
    assert found.seconds == pytest.approx(60 + 1.5 * 1112 / 10, rel=1e-3)
    assert (found.routed, found.words) == (False, "4 min, 1.7 km estimated")


def test_a_road_is_slower_by_as_much_as_the_hour_is() -> None:
    night = leg(CITY, HERE, THERE, local(23), Road(100, 2000))
    rush = leg(CITY, HERE, THERE, local(8), Road(100))
    assert (night.seconds, night.metres, night.routed) == (160, 2000, True)
    assert rush.seconds == 60 + 400
    assert rush.metres == pytest.approx(1.5 * 1112, rel=1e-3)
    assert night.words == "3 min, 2.0 km by road"


POINTS = st.tuples(st.floats(-80, 80), st.floats(-179, 179))


@given(POINTS, POINTS, st.integers(0, 23))
def test_no_way_is_shorter_than_the_turnout_and_none_slower_than_at_the_slowest_hour(
    start: tuple[float, float], end: tuple[float, float], hour: int
) -> None:
    found = leg(CITY, start, end, local(hour))
    assert CITY.turnout_s <= found.seconds
    assert found.seconds <= CITY.estimated_s(found.metres / CITY.road_factor, CITY.slowest_kmh) + 1e-6


def test_settings_become_what_is_assumed() -> None:
    found = travel.of(TravelSettings(bands={"23:30-05:15": 50}, speed_kmh=25), "UTC")
    assert found.bands == (Band(23 * 60 + 30, 5 * 60 + 15, 50),)
    assert (found.slowest_kmh, found.fastest_kmh, found.zone) == (25, 50, "UTC")
    assert travel.of(Settings().travel, AlertingSettings().timezone) == travel.DEFAULT


def test_the_values_in_the_docs_are_those_without_a_file() -> None:
    text = (Path(__file__).resolve().parents[4] / "docs" / "help.md").read_text("utf-8")
    example = tomllib.loads(text.partition("```toml\n")[2].partition("```")[0])
    assert TravelSettings(**example["travel"]) == TravelSettings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[travel.bands]\n"7-9" = 20', "travel.bands.*'7-9', expected hours such as 07:00-09:30"),
        ('[travel.bands]\n"24:00-09:00" = 20', "expected hours such as"),
        ('[travel.bands]\n"07:00-09:00" = 0', "travel.bands.*0"),
        ("[travel]\nroad_factor = 0.5", "travel.road_factor: 0.5"),
        ('[alerting]\nrouting_url = "osrm:5000"', "alerting.routing_url: 'osrm:5000'.*such as http://127.0.0.1:5000"),
        ('[alerting]\ntimezone = "Mars"', "alerting.timezone: 'Mars'.*time zone such as Asia/Shanghai"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "sunlit.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=said):
        load(file)
