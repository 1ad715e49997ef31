"""The city's figures: shares of those that kept or broke a promise, and no year before where there are no records."""

from typing import Any

from api.public.published import published

NOW: dict[str, Any] = {
    "passenger_lifts": 1000,
    "rescues": 6,
    "mass": 1,
    "arrival_min": 11.5,
    "release_min": None,
    "answered": 4,
    "not_answered": 1,
    "arrived": 0,
    "not_arrived": 0,
    "tier_1": 4,
    "tier_2": 1,
    "tier_3": 0,
}


def test_shares_and_what_is_unknown() -> None:
    found = published({"now": NOW, "last": {**NOW, "rescues": 3}}, compared=True)
    assert (found["rate"], found["answered"], found["arrived"]) == (0.6, 80.0, None)
    assert (found["arrival_min"], found["release_min"], found["tiers"]) == (11.5, None, [80.0, 20.0, 0.0])
    assert found["last"]["rate"] == 0.3


def test_no_year_before_is_not_nought() -> None:
    assert published({"now": NOW, "last": NOW}, compared=False)["last"] is None
