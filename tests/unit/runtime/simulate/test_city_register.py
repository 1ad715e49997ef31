"""The invented register: the same for the same seed, and whole."""

from collections import Counter
from datetime import date

import pytest

from contracts.topics import topic
from runtime.simulate.register import City, invent
from runtime.simulate.store import COLUMNS
from runtime.simulate.towns import TOWNS

TODAY = date(2026, 11, 25)


def made(seed: int = 1, lifts: int = 2000, kitchens: int = 1000) -> City:
    return invent(seed, lifts, kitchens, hook="http://127.0.0.1:1/letter", today=TODAY)


def test_the_same_seed_is_the_same_city() -> None:
    assert vars(made()) == vars(made())
    assert vars(made()) != vars(made(seed=2))


def test_rows_fit_their_columns() -> None:
    for table, columns in COLUMNS.items():
        rows = getattr(made(), table)
        assert rows, table
        assert {len(row) for row in rows} == {len(columns.split())}, table


def test_counts_and_codes() -> None:
    city = made()
    assert len(city.town) == len(TOWNS) == 23
    assert len(city.lift) == 2000
    assert len(city.kitchen) == 1000
    assert {len(str(row[1])) for row in city.lift} == {6}
    for rows in (city.organisation, city.place, city.lift, city.kitchen, city.device):
        assert len({row[1] for row in rows}) == len(rows)
        assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    canteens = [row for row in city.kitchen if str(row[6]).endswith("canteen") or row[6] == "nursery"]
    assert len(canteens) == 36  # 900 of 25,000


def test_every_place_has_an_agent_and_every_device_a_topic() -> None:
    city = made()
    agents = {str(row[3]) for row in city.device if row[2] == "agent"}
    assert agents == {str(row[1]) for row in city.place}
    assert {str(row[3]) for row in city.device} == agents
    kinds = Counter(row[2] for row in city.device)
    assert kinds["lift"] == 2000
    assert kinds["camera"] > 800
    assert kinds["kitchen_sensor"] > 10
    for row in city.device:
        topic(str(row[3]), str(row[1]), "status")  # type: ignore[arg-type]


def test_every_town_can_send_somebody() -> None:
    city = made(lifts=300, kitchens=50)
    kinds = Counter(row[2] for row in city.organisation)
    stations = {row[5] for row in city.organisation if row[2] == "rescue_station"}
    assert stations == {town.code for town in TOWNS}
    assert kinds["city_rescue"] == 1
    assert kinds["maintenance"] >= 3
    told = {row[0] for row in city.contact_method}
    assert told == {row[0] for row in city.organisation if row[2] != "bureau"}


def test_a_city_without_lifts_or_kitchens() -> None:
    assert made(lifts=0, kitchens=10).lift == []
    assert made(lifts=10, kitchens=0).kitchen == []


@pytest.mark.parametrize(("lifts", "kitchens"), [(-1, 0), (900_000, 0), (0, 900_000)])
def test_counts_that_cannot_be_numbered(lifts: int, kitchens: int) -> None:
    with pytest.raises(ValueError, match=r"expected 0 to 800000"):
        made(lifts=lifts, kitchens=kitchens)
