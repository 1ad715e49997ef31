"""Ways by road from a server that speaks OSRM: asked ahead of time, kept, and estimated where it does not answer."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from alerting.help import routing
from alerting.help.candidates import candidates
from alerting.help.routing import Server, refresh
from contracts.geometry import distance_m
from runtime.db import Connection, Role, connect
from runtime.settings import AlertingSettings, DatabaseSettings, Settings
from runtime.stack.ports import free_port
from tests.integration.alerting.osrm_server import DETOUR, SPEED_MS, Osrm, osrm

NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
# Six places, each from three stations, a city rescue, and its own units: two places have two.
WAYS = 6 * (3 + 1) + 8
NEVER = threading.Event()


@pytest.fixture
def desk(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.ALERTING) as connection:
        yield connection


@pytest.fixture
def owner(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.OWNER) as connection:
        yield connection


@pytest.fixture
def router() -> Iterator[Osrm]:
    with osrm() as told:
        yield told


def until(look: Callable[[], bool]) -> bool:
    """Whether it is seen within ten seconds."""
    end = time.monotonic() + 10
    while not look() and time.monotonic() < end:
        time.sleep(0.02)
    return look()


def known(owner: Connection) -> int:
    row = owner.execute("SELECT count(*) AS n FROM travel_time").fetchone()
    assert row is not None
    return int(row["n"])


def first(desk: Connection, owner: Connection) -> tuple[float | None, float | None, str]:
    """The nearest station to the first place: seconds, metres, words."""
    row = owner.execute("SELECT lat, lon FROM place WHERE code = 'p-1'").fetchone()
    assert row is not None
    chosen = candidates(desk, ["rescue_station"], (row["lat"], row["lon"]), [], NOW, 1).chosen[0]
    return chosen.travel_s, chosen.distance_m, chosen.reason


def test_ways_are_asked_once_and_used(desk: Connection, owner: Connection, router: Osrm) -> None:
    before = first(desk, owner)
    assert before[2].endswith("estimated")
    assert refresh(desk, Server(router.url, 1.0), 7, NEVER) == (WAYS, "")
    assert known(owner) == WAYS
    row = owner.execute(
        "SELECT p.lat, p.lon, o.lat AS olat, o.lon AS olon FROM place p, organisation o"
        " WHERE p.code = 'p-1' AND o.code = 'rs-1'"
    ).fetchone()
    assert row is not None
    straight = distance_m((row["lat"], row["lon"]), (row["olat"], row["olon"]))
    seconds, metres, words = first(desk, owner)
    # At noon the city drives 30 km/h, on empty roads 40.
    assert seconds == pytest.approx(60 + DETOUR * straight / SPEED_MS * 40 / 30, abs=0.2)
    assert metres == pytest.approx(DETOUR * straight, abs=0.2)
    assert words.endswith("km by road")
    assert refresh(desk, Server(router.url, 1.0), 7, NEVER) == (0, "")
    assert len(router.asked) == 1, "all of a small city is one question, asked once a week"


def test_who_moves_and_what_is_old_is_asked_again(desk: Connection, owner: Connection, router: Osrm) -> None:
    server = Server(router.url, 1.0)
    refresh(desk, server, 7, NEVER)
    owner.execute("UPDATE organisation SET lat = lat + 0.01 WHERE code = 'rs-1'")
    assert first(desk, owner)[2].endswith("estimated")
    assert refresh(desk, server, 7, NEVER)[0] == 6
    assert first(desk, owner)[2].endswith("by road")
    owner.execute("UPDATE travel_time SET asked_at = asked_at - interval '8 days'")
    assert refresh(desk, server, 7, NEVER)[0] == WAYS


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        ("slow", "ReadTimeout"),
        ("dripping", "no end after 0.3 s"),
        ("nonsense", "expected an answer of OSRM's table service"),
        ("too_big", "code: 'TooBig' 'Too many table coordinates', expected 'Ok'"),
        ("mad", "durations: 1 x 1, expected"),
    ],
)
def test_a_server_that_does_not_answer_well_is_estimated(
    desk: Connection, owner: Connection, router: Osrm, mood: str, words: str
) -> None:
    router.mood = mood
    kept, fault = refresh(desk, Server(router.url, 0.3), 7, NEVER)
    assert kept == 0
    assert words in fault
    assert known(owner) == 0
    assert first(desk, owner)[2].endswith("estimated")
    router.mood = "well"
    assert refresh(desk, Server(router.url, 1.0), 7, NEVER) == (WAYS, "")


def test_a_server_that_is_down(desk: Connection, owner: Connection) -> None:
    kept, fault = refresh(desk, Server(f"http://127.0.0.1:{free_port()}", 0.3), 7, NEVER)
    assert (kept, fault.partition(":")[0]) == (0, "ConnectError")
    assert refresh(desk, Server("nonsense", 0.3), 7, NEVER)[0] == 0
    assert first(desk, owner)[2].endswith("estimated")


def test_a_dispatch_waits_for_no_server(desk: Connection, owner: Connection, router: Osrm) -> None:
    """While the duty hangs on a slow server, nothing is locked and candidates are found."""
    router.mood = "slow"
    asking = threading.Thread(target=refresh, args=(desk, Server(router.url, 1.0), 7, NEVER), daemon=True)
    asking.start()
    assert until(lambda: bool(router.asked))
    row = owner.execute(
        "SELECT count(*) AS n FROM pg_stat_activity"
        " WHERE state LIKE 'idle in transaction%' AND datname = current_database()"
    ).fetchone()
    assert row == {"n": 0}
    assert first(owner, owner)[2].endswith("estimated")
    asking.join(5)


def test_the_duty_says_on_change_whether_ways_are_asked(
    city_db: DatabaseSettings, owner: Connection, router: Osrm, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(
        database=city_db, alerting=AlertingSettings(routing_url=router.url.replace("//", "//me:secret@"))
    )
    stop = threading.Event()
    with caplog.at_level(logging.INFO, "alerting.help.routing"):
        thread = threading.Thread(target=routing.work(settings), args=(stop,), daemon=True)
        thread.start()
        assert until(lambda: known(owner) == WAYS)
        stop.set()
        thread.join(10)
    assert f"routing: {router.url.removeprefix('http://')} answers, {WAYS} ways are new" in caplog.text
    assert "secret" not in caplog.text


def test_what_a_server_said_long_ago_is_forgotten_without_it(desk: Connection, owner: Connection, router: Osrm) -> None:
    refresh(desk, Server(router.url, 1.0), 7, NEVER)
    assert routing._turn(desk, None, 7, NEVER) == "routing: no server, so all ways are estimated"
    assert known(owner) == WAYS
    owner.execute("UPDATE travel_time SET asked_at = asked_at - %s", (timedelta(days=29),))
    routing._turn(desk, None, 7, NEVER)
    assert known(owner) == 0
