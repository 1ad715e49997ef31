"""In which order the board shows what it shows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.board.view import grouped, urgency

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def row(number: int, minutes: float = 5, **columns: Any) -> dict[str, Any]:
    plain = {"people_inside": 1, "hazards": [], "released_at": None, "arrived_at": None, "source": "sensor"}
    at = NOON - timedelta(minutes=minutes)
    return {"id": number, "mass_id": None, "alarm_at": at, **plain, **columns}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (row(1), row(2, released_at=NOON)),
        (row(1), row(2, minutes=90, arrived_at=NOON)),
        (row(1, minutes=1, hazards=["fire"]), row(2, minutes=30, people_inside=8)),
        (row(1, hazards=["fire", "injury"]), row(2, minutes=30, hazards=["fire"])),
        (row(1, minutes=6), row(2, minutes=5)),
        (row(1, minutes=10, people_inside=5), row(2, minutes=40)),
        (row(1, minutes=1), row(2, minutes=60, people_inside=0)),
        (row(1, minutes=6, people_inside=None), row(2, minutes=5)),
        (row(1, minutes=1), row(2, minutes=60, source="drill")),
        (row(1, arrived_at=NOON), row(2, hazards=["injury"], source="drill")),
    ],
)
def test_who_comes_first(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert urgency(first, NOON) < urgency(second, NOON)


def test_a_mass_incident_stands_where_its_worst_lift_would() -> None:
    rows = [row(1, 3), row(2, 9, mass_id=7), row(3, 6), row(4, 1, mass_id=7), row(5, 2, mass_id=8)]
    groups = grouped(rows, [{"id": 7, "number": "M1"}], NOON)
    assert [[found["id"] for found in group.rows] for group in groups] == [[2, 4], [3], [1], [5]]
    assert [group.mass is not None for group in groups] == [True, False, False, False]


@given(st.lists(st.tuples(st.floats(0, 500), st.sampled_from([None, 1, 2]), st.booleans()), max_size=30))
def test_nobody_is_lost_on_the_board(made: list[tuple[float, int | None, bool]]) -> None:
    rows = [
        row(number, minutes, mass_id=mass, released_at=NOON if out else None)
        for number, (minutes, mass, out) in enumerate(made)
    ]
    shown = [found["id"] for group in grouped(rows, [{"id": 1}], NOON) for found in group.rows]
    assert sorted(shown) == list(range(len(rows)))
