"""The city's figures: shares of those that kept or broke a promise, and no year before where there are no records."""

from datetime import date
from typing import Any

import pytest

from api.public.published import by_month, corrections, months_before, published, sorted_towns

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
SPANS = dict.fromkeys(("now", "last", "year", "last_year"), NOW)


def test_shares_and_what_is_unknown() -> None:
    found = published({**SPANS, "last": {**NOW, "rescues": 3}}, {})
    now = found["now"]
    assert (now["rate"], now["answered"], now["arrived"]) == (0.6, 80.0, None)
    assert (now["arrival_min"], now["release_min"], now["tiers"]) == (11.5, None, [80.0, 20.0, 0.0])
    assert found["last"]["rate"] == 0.3
    # A rate is by month, whatever the span.
    assert found["year"]["rate"] == pytest.approx(0.6 * 30 / 365)


def test_no_year_before_is_not_nought() -> None:
    found = published(SPANS, {"last": False, "last_year": False})
    assert found["last"] is None and found["last_year"] is None and found["year"] is not None


def test_months_before_records_began_are_unknown_and_not_nought() -> None:
    names = months_before(date(2026, 2, 3), 4)
    assert names == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert by_month([{"month": "2026-02", "n": 3}], names, "2025-12") == [None, 0, 0, 3]
    assert by_month([], names, None) == [None] * 4


def test_what_was_put_right() -> None:
    row = {"found": 10, "put_right": 8, "in_time": 6, "late": 2, "median_h": 5}
    assert corrections(row) == {"found": 10, "put_right": 80.0, "in_time": 75.0, "median_h": 5.0}
    nothing = {"found": 0, "put_right": 0, "in_time": 0, "late": 0, "median_h": None}
    assert corrections(nothing) == {"found": 0, "put_right": None, "in_time": None, "median_h": None}


def test_towns_by_a_column_with_the_unknown_last() -> None:
    rows = [
        {"name_en": "B", "lifts": 2, "kitchens": 4, "open_kitchens": 1},
        {"name_en": "A", "lifts": 9, "kitchens": 0, "open_kitchens": 0},
        {"name_en": "C", "lifts": 5, "kitchens": 2, "open_kitchens": 2},
    ]

    def order(sort: str, way: str) -> str:
        return "".join(row["name_en"] for row in sorted_towns(rows, sort, way, "name_en"))

    assert [order("name", "asc"), order("lifts", "desc"), order("open", "asc"), order("open", "desc")] == [
        "ABC",
        "ACB",
        "BCA",
        "CBA",
    ]
