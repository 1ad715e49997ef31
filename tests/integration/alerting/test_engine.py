"""The engine's inbox, its locks and its numbers on a real database."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from psycopg.types.json import Jsonb

from alerting import events
from alerting.engine import LIFT, Engine
from alerting.means import Means
from alerting.sql import QUERIES
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings
from tests.integration.alerting.desk_city import T0, DeskCity


@pytest.fixture
def city(city_db: DatabaseSettings) -> Iterator[DeskCity]:
    made = DeskCity(city_db)
    yield made
    made.close()


def test_an_event_that_is_committed_late_is_handled(city: DeskCity) -> None:
    with connect(city.database, Role.OWNER) as slow:
        with slow.transaction():
            city.event("442001", by=slow)
            for lift in ("442002", "442003"):
                city.event(lift)
                for _ in range(3):
                    city.engine.cycle(T0)
            assert city.lifts() == ["442002", "442003"]
        city.engine.cycle(T0)
    assert city.lifts() == ["442002", "442003", "442001"]
    for _ in range(2):
        city.engine.cycle(T0)
    assert city.engine._rescue.after == 3, "and now nothing is read again"


def test_a_command_that_is_committed_late_is_carried_out(city: DeskCity) -> None:
    city.event("442001")
    city.engine.cycle(T0)
    [incident] = city.all("SELECT id FROM incident")
    with connect(city.database, Role.OWNER) as slow:
        with slow.transaction():
            late = city.command("confirm", by=slow, incident_id=incident["id"])
            for _ in range(3):
                city.command("confirm", incident_id=incident["id"])
                city.engine.cycle(T0)
        city.engine.cycle(T0)
    assert city.all("SELECT ok FROM command_result WHERE command_id = %s", late) == [{"ok": True}]


def test_the_sweep_finds_what_a_cursor_passed_over(city: DeskCity) -> None:
    city.event("442001")
    city.engine._rescue.after = 1000
    city.engine.cycle(T0)
    assert city.lifts() == []
    assert city.engine.sweep(T0) == 1
    assert city.lifts() == ["442001"]


def test_the_sweep_goes_on_behind_a_page_of_events_that_cannot_be_handled(
    city: DeskCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerting.engine.PAGE", 3)
    city.engine = Engine(city.desk, Means("http://sunlit.test"))
    handle = events.handle
    broken = {city.event("442002") for _ in range(7)}

    def picky(connection: object, row: dict[str, object], *rest: object) -> str:
        if row["event_id"] in broken:
            raise ValueError("cannot be read")
        return handle(connection, row, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(events, "handle", picky)
    city.event("442001")
    assert city.engine.sweep(T0) == 1
    assert city.lifts() == ["442001"]
    for _ in range(4):
        city.engine.cycle(T0)
    city.event("442003")
    for _ in range(3):
        city.engine.cycle(T0)
    assert city.lifts() == ["442001", "442003"], "nor do they stop the cursor"
    monkeypatch.setattr(events, "handle", handle)
    city.engine.cycle(T0)
    city.engine.sweep(T0)
    assert city.lifts() == ["442001", "442003", "442002"], "and they are tried again"


def test_nothing_overtakes_what_another_worker_is_at(city: DeskCity) -> None:
    began = city.event("442001")
    city.event("442001", phase="end", identity=began)
    city.event("442002")
    [lift] = city.all("SELECT id FROM lift WHERE code = '442001'")
    with connect(city.database, Role.ALERTING) as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LIFT, lift["id"]))
        city.engine.cycle(T0)
        assert city.lifts() == ["442002"]
    city.engine.cycle(T0)
    assert city.lifts() == ["442002", "442001"]
    assert len(city.actions("sensors_clear")) == 1


def test_a_row_that_is_held_holds_up_nobody_else(city: DeskCity) -> None:
    city.event("442001")
    city.event("442002")
    city.engine.cycle(T0)
    later = T0 + timedelta(seconds=181)
    with connect(city.database, Role.OWNER) as other, other.transaction():
        other.execute("SELECT FROM incident i JOIN lift l ON l.id = i.lift_id WHERE l.code = '442001' FOR UPDATE OF i")
        city.event("442001", "alarm_button", at=later)
        city.event("442003", at=later)
        city.engine.cycle(later)
        assert city.lifts() == ["442001", "442002", "442003"]
        assert city.tiers() == [1, 1, 1, 2], "442001 waits, 442002 does not"
    city.engine.cycle(later)
    assert city.tiers() == [1, 1, 1, 2, 2]
    assert len(city.actions("repeated")) == 1


def test_an_alarm_comes_before_whatever_else_came_first(city: DeskCity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerting.engine.PAGE", 2)
    for _ in range(6):
        city.event("442001", "door_fault")
    city.event("442002")
    order: list[str] = []
    handle = events.handle

    def listening(connection: object, row: dict[str, str], *rest: object) -> str:
        order.append(row["rule"])
        return handle(connection, row, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(events, "handle", listening)
    city.engine.cycle(T0)
    assert order[0] == "trapped_non_level"
    cycles = 1
    while len(order) < 7:
        assert city.engine.more, "who has not seen everything looks again at once"
        city.engine.cycle(T0)
        cycles += 1
    assert cycles == 3


def test_numbers_are_unique_and_begin_anew_each_day(city: DeskCity) -> None:
    def number(days: int = 0) -> str:
        moment = T0.replace(hour=12) + timedelta(days=days)
        row = city.desk.execute("SELECT next_number('R', %s) AS n", (moment,)).fetchone()
        assert row is not None
        return str(row["n"])

    today = f"R{T0:%Y%m%d}"
    assert [number() for _ in range(3)] == [f"{today}-0001", f"{today}-0002", f"{today}-0003"]
    tomorrow = number(1)
    assert tomorrow.endswith("-0001")
    again = [number(), number(1), number()]
    assert len({*again, tomorrow}) == 4, "a clock that goes back repeats none"


def test_nobody_waits_for_a_number(city: DeskCity) -> None:
    city.desk.execute("SELECT next_number('R', %s)", (T0,))
    drawn = []
    with connect(city.database, Role.ALERTING) as other, other.transaction():
        other.execute("SELECT next_number('R', %s)", (T0,))
        row = city.desk.execute("SELECT next_number('R', %s) AS n", (T0,)).fetchone()
        assert row is not None
        drawn.append(row["n"])
    assert drawn[0].endswith("-0003")


def test_many_workers_at_once_do_everything_once(city: DeskCity) -> None:
    codes = [f"4420{number:02d}" for number in range(1, 13)]
    for code in codes:
        city.event(code)
        city.event(code, "alarm_button")
    faults: list[BaseException] = []

    def cycles(number: int) -> None:
        try:
            with connect(city.database, Role.ALERTING, "lock_timeout=1s") as connection:
                engine = Engine(connection, Means("http://sunlit.test"), number, 4)
                for second in range(6):
                    engine.cycle(T0 + timedelta(seconds=60 * second))
        except psycopg.Error as error:
            faults.append(error)

    threads = [threading.Thread(target=cycles, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    city.engine.cycle(T0 + timedelta(seconds=300))
    assert sorted(city.lifts()) == codes
    assert len(city.actions("repeated")) == 12
    numbers = [row["number"] for row in city.all("SELECT number FROM incident")]
    assert len(set(numbers)) == 12
    calls = city.all("SELECT incident_id, array_agg(tier ORDER BY id) AS tiers FROM incident_entry"
                     " WHERE action = 'tier_called' GROUP BY 1")  # fmt: skip
    assert [row["tiers"] for row in calls] == [[1, 2, 3]] * 12


def test_the_lock_of_a_lift_is_the_one_that_others_take(city: DeskCity) -> None:
    """events.py takes the lock again for whoever calls it without an engine; it must be the same one."""
    assert f"({LIFT}," in QUERIES.statements["lift_lock"]


def test_a_crew_at_the_lift_stays_there_when_nobody_is_out_in_time(city: DeskCity) -> None:
    """Found by the stories: the call after the arrival made the crew that was there one that was only asked."""
    city.event("442001")
    for seconds in (0, 180, 300):
        city.engine.cycle(T0 + timedelta(seconds=seconds))
    [crew] = city.all("SELECT d.id, d.incident_id FROM dispatch d JOIN organisation o ON o.id = d.organisation_id"
                      " WHERE o.code = 'city-119'")  # fmt: skip
    about = {"incident_id": crew["incident_id"], "dispatch_id": crew["id"]}
    city.command("arrived", args=Jsonb({"proof": "qr", "code": "442001"}), **about)
    city.engine.cycle(T0 + timedelta(seconds=400))
    city.engine.cycle(T0 + timedelta(seconds=400 + 1801))
    assert len(city.actions("called_again")) == 1
    assert city.all("SELECT state FROM dispatch WHERE id = %s", crew["id"]) == [{"state": "arrived"}]
    city.command("released", args=Jsonb({"people": "1"}), **about)
    city.engine.cycle(T0 + timedelta(seconds=2300))
    assert city.all("SELECT state FROM incident") == [{"state": "released"}]
