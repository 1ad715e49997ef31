"""From a row of the api over alerting, the broker and a real agent to a row of ingest, whatever is away meanwhile."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from alerting import orders
from alerting.orders import NotConnected, cycle
from contracts.kinds import EdgeCommand, Lane
from contracts.messages import Command, decode
from contracts.topics import topic
from ingest.consumer import lanes
from runtime.db import Role, connect
from runtime.settings import AlertingSettings, BrokerSettings, DatabaseSettings, IngestSettings, Settings
from runtime.stack.process import sunlit
from tests.integration.alerting.town import City

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def order(database: DatabaseSettings, kind: str = "self_test", device: str = "lift-442001", life: float = 60) -> UUID:
    identity = uuid4()
    with connect(database, Role.API) as connection:
        connection.execute(
            "INSERT INTO edge_order (id, device_id, kind, args, actor, expires_at)"
            " SELECT %s, id, %s, %s, 'operator', clock_timestamp() + make_interval(secs => %s) FROM device"
            " WHERE code = %s",
            (identity, kind, Jsonb({}), life, device),
        )
    return identity


def rows(database: DatabaseSettings, statement: str, *values: object) -> list[dict[str, Any]]:
    with connect(database, Role.OWNER) as connection:
        return connection.execute(statement, values).fetchall()


def until(look: Callable[[], object], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


@pytest.fixture
def settings(city_db: DatabaseSettings, broker: BrokerSettings) -> Settings:
    return Settings(
        database=city_db,
        broker=broker,
        ingest=IngestSettings(linger_ms=20),
        alerting=AlertingSettings(poll_s=0.2),
    )


@pytest.fixture
def centre(settings: Settings) -> Iterator[None]:
    """The duties of alerting and ingest that an order passes."""
    stop = threading.Event()
    work = [orders.work(settings), *(lane.run for lane in lanes(settings).values())]
    threads = [threading.Thread(daemon=True, target=one, args=(stop,)) for one in work]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join(20)


@pytest.fixture
def agent(tmp_path: Path, settings: Settings) -> Iterator[Callable[[], None]]:
    config = tmp_path / "edge.toml"
    config.write_text(
        f'agent = "agent-demo"\nsite = "demo"\nspool = "{tmp_path}/spool"\nstatus_every_s = 0.5\n'
        f'[broker]\nport = {settings.broker.port}\n[[lift]]\ndevice = "lift-442001"\n',
        "utf-8",
    )
    children: list[subprocess.Popen[bytes]] = []
    yield lambda: children.append(subprocess.Popen(sunlit("edge", "run", "--config", str(config))))
    for child in children:
        child.terminate()
        child.wait(20)


@pytest.mark.usefixtures("centre")
def test_an_order_waits_for_the_agent_is_carried_out_once_and_answered(
    settings: Settings, agent: Callable[[], None], tmp_path: Path
) -> None:
    database = settings.database
    one = order(database)
    until(lambda: rows(database, "SELECT 1 FROM edge_order_sent"))
    # Nobody listens yet: an order that was handed over is asked again until somebody answers.
    agent()
    until(lambda: rows(database, "SELECT 1 FROM edge_reply WHERE order_id = %s", one))
    (reply,) = rows(
        database,
        "SELECT r.ok, r.final, r.reason, d.code, s.times FROM edge_reply r JOIN device d ON d.id = r.device_id"
        " JOIN edge_order_sent s ON s.order_id = r.order_id",
    )
    assert (reply["final"], reply["code"]) == (True, "lift-442001")
    assert "disk ok" in reply["reason"]
    audit = (tmp_path / "spool" / "commands" / "audit.jsonl").read_text("utf-8")
    assert audit.count('"received"') == 1, "however often it was asked"
    time.sleep(orders.AGAIN_S + 1)
    (sent,) = rows(database, "SELECT times FROM edge_order_sent")
    assert sent["times"] == reply["times"], "an answered order is not asked again"


def worker(database: DatabaseSettings, publish: Callable[[str, bytes], bool], now: datetime) -> int:
    with connect(database, Role.ALERTING) as connection:
        return cycle(connection, publish, now)


def test_it_is_asked_again_until_it_has_expired(city_db: DatabaseSettings) -> None:
    order(city_db, life=60)
    (row,) = rows(city_db, "SELECT created_at FROM edge_order")
    said: list[str] = []

    def publish(where: str, _: bytes) -> bool:
        said.append(where)
        return True

    for second in (0, 1, 4.9, 5.1, 6, 11, 59, 61, 70):
        worker(city_db, publish, row["created_at"] + timedelta(seconds=second))
    assert said == [str(topic("demo", "lift-442001", Lane.COMMAND))] * 4


def test_without_a_broker_nothing_counts_as_sent(city_db: DatabaseSettings) -> None:
    order(city_db)
    (row,) = rows(city_db, "SELECT created_at FROM edge_order")
    with pytest.raises(NotConnected):
        worker(city_db, lambda *_: False, row["created_at"])
    assert rows(city_db, "SELECT 1 FROM edge_order_sent") == []
    assert worker(city_db, lambda *_: True, row["created_at"]) == 1


def test_two_workers_hand_it_over_once(city_db: DatabaseSettings) -> None:
    order(city_db)
    (row,) = rows(city_db, "SELECT created_at FROM edge_order")
    with connect(city_db, Role.ALERTING) as one, connect(city_db, Role.ALERTING) as other:
        done: list[int] = []

        def publish(*_: object) -> bool:
            # While the first holds the row, the second comes.
            thread = threading.Thread(
                daemon=True, target=lambda: done.append(cycle(other, lambda *_: True, row["created_at"]))
            )
            thread.start()
            threads.append(thread)
            time.sleep(0.3)
            return True

        threads: list[threading.Thread] = []
        assert cycle(one, publish, row["created_at"]) == 1
        for thread in threads:
            thread.join(20)
    assert done == [0] and rows(city_db, "SELECT times FROM edge_order_sent") == [{"times": 1}]


def test_an_order_that_no_edge_could_read_holds_up_no_other(
    city_db: DatabaseSettings, caplog: pytest.LogCaptureFixture
) -> None:
    order(city_db, kind="dance")
    order(city_db)
    said: list[bytes] = []

    def publish(_: str, payload: bytes) -> bool:
        said.append(payload)
        return True

    now = rows(city_db, "SELECT max(created_at) AS at FROM edge_order")[0]["at"]
    assert worker(city_db, publish, now) == 1 and len(said) == 1
    assert "dance" in caplog.text


@pytest.mark.usefixtures("centre")
def test_an_operator_asks_from_the_command_line(settings: Settings, agent: Callable[[], None], tmp_path: Path) -> None:
    agent()
    config = tmp_path / "sunlit.toml"
    config.write_text(f'[database]\nurl = "{settings.database.url}"\n', "utf-8")

    def ask(*words: str) -> subprocess.CompletedProcess[str]:
        command = sunlit("api", "order", *words, "--config", str(config))
        return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)

    good = ask("agent-demo", "reload", "--by", "operator", "--why", "new thresholds")
    assert (good.returncode, good.stdout) == (0, "ok: nothing has changed\n"), good.stderr
    bad = ask("lift-442001", "inject_fault", "fault=explode", "--by", "operator", "--why", "drill")
    assert bad.returncode == 1 and "refused: fault: 'explode'" in bad.stdout
    (first, second) = rows(settings.database, "SELECT actor, action, object, reason FROM audit_log ORDER BY id")
    assert tuple(first.values()) == ("operator", "edge_reload", "device agent-demo", "new thresholds")
    assert second["action"] == "edge_inject_fault"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("agent-demo", "live", "--by", "operator", "--why", "x"), "video is shown to a signed-in person"),
        (("agent-demo", "reload", "--by", "operator"), "--why: '', expected the reason"),
        (("agent-demo", "reload", "--by", "nobody", "--why", "x"), "'nobody' is nobody"),
        (("agent-9", "reload", "--by", "operator", "--why", "x"), "'agent-9' is not registered"),
        (("agent-demo", "reload", "now", "--by", "operator", "--why", "x"), "'now', expected NAME=VALUE"),
        (("agent-demo", "reload", "--by", "operator", "--why", "x", "--wait", "0.1"), "no answer within 0.1 s"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    city_db: DatabaseSettings, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    config = tmp_path / "sunlit.toml"
    config.write_text(f'[database]\nurl = "{city_db.url}"\n', "utf-8")
    command = sunlit("api", "order", *words, "--config", str(config))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and said in done.stderr and done.stderr.count("\n") == 1


def test_the_desk_s_own_words_to_a_car_go_the_same_way(town: City) -> None:
    town.event("lift-442001", "trapped_non_level")
    said: list[tuple[str, bytes]] = []

    def publish(where: str, what: bytes) -> bool:
        said.append((where, what))
        return True

    assert worker(town.database, publish, town.now) == 1
    (where, what) = said[0]
    assert where == str(topic("demo", "lift-442001", Lane.COMMAND))
    found = decode(Lane.COMMAND, what)
    assert isinstance(found, Command)
    assert (found.kind, "救援人员正在赶来" in str(found.args["text"])) == (EdgeCommand.COMFORT, True)
