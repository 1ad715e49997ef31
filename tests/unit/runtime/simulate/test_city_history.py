"""An invented past is one that could have been."""

from datetime import UTC, datetime, timedelta

from runtime.simulate.history import Ground, midnight, past
from runtime.simulate.store import PAST_COLUMNS

TODAY = datetime(2026, 11, 25, tzinfo=UTC)
GROUND = Ground([(number, 1 + number % 3) for number in range(1, 60_001)], [(n, n) for n in range(1, 2001)], 1, 2)


def named(table: str, row: tuple[object, ...]) -> dict[str, object]:
    return dict(zip(PAST_COLUMNS[table].split(), row, strict=True))


def test_the_same_seed_is_the_same_past() -> None:
    assert past(1, 20, GROUND, TODAY) == past(1, 20, GROUND, TODAY)


def test_a_month_has_the_published_number_of_rescues() -> None:
    made = past(1, 30, GROUND, TODAY)
    assert 300 < len(made.incident) < 420  # 0.6 % of 60,000
    assert len(made.dispatch) == len(made.incident_entry) == len(made.incident)


def test_times_go_forward_and_numbers_are_unique() -> None:
    made = past(1, 90, GROUND, TODAY)
    for row in made.incident:
        one = named("incident", row)
        times = [
            one[name] for name in ("alarm_at", "opened_at", "accepted_at", "arrived_at", "released_at", "closed_at")
        ]
        assert times == sorted(times)  # type: ignore[type-var]
    for row in made.finding:
        one = named("finding", row)
        assert (one["state"] == "closed") == (one["closed_at"] is not None)
        due = one["due_at"]
        assert due is None or (isinstance(due, datetime) and due >= TODAY - timedelta(days=5))
        assert (due is None) == (one["state"] == "closed"), "no state without a next clock"
    for rows in (made.incident, made.finding):
        assert len({row[1] for row in rows}) == len(rows)


def test_a_city_without_anything_has_no_past() -> None:
    made = past(1, 30, Ground([], [], 1, 2), TODAY)
    assert (made.incident, made.finding) == ([], [])


def test_midnight_is_utc() -> None:
    assert midnight(datetime.fromisoformat("2026-11-25T03:00:00+08:00")) == datetime(2026, 11, 24, tzinfo=UTC)
