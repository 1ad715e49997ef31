"""An invented city against real parts: everything it says is stored, its people are rescued, and pages show it."""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import LiteralString

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from alerting import activation, policy
from api.app import create_app
from ingest.consumer import lanes
from runtime.api_settings import ApiSettings
from runtime.db import Role, connect
from runtime.settings import AlertingSettings, BrokerSettings, DatabaseSettings, IngestSettings, Settings
from runtime.simulate import store
from runtime.simulate.cli import app
from runtime.simulate.crews import Crews, Mail
from runtime.simulate.life import Life, Pace
from runtime.simulate.register import invent
from runtime.simulate.run import Report, Runner
from runtime.simulate.sender import Sender
from runtime.simulate.speakers import Member
from runtime.stack.broker import Broker
from runtime.stack.ports import free_port, wait_for
from runtime.stack.process import Process, sunlit

ROOT = Path(__file__).resolve().parents[3]
LIFTS, KITCHENS = 300, 50
HASH = PasswordHasher().hash("a good password")
PACE = Pace(period=1.0, kitchen_period=2.0, status_period=2.0, speed=0.0, hurry=60.0)


@pytest.fixture
def settings(empty_db: DatabaseSettings, broker: BrokerSettings, tmp_path: Path) -> Settings:
    with connect(empty_db, Role.OWNER) as connection:
        for kind in ("lift", "kitchen"):
            loaded = policy.load(ROOT / "alerting" / "policies" / f"{kind}.toml")
            activation.store(connection, loaded, author="test", now=datetime.now(UTC))
    port = free_port()
    return Settings(
        database=empty_db,
        broker=broker,
        ingest=IngestSettings(batch=500, linger_ms=50),
        alerting=AlertingSettings(poll_s=0.25, public_url=f"http://127.0.0.1:{port}"),
        api=ApiSettings(port=port, demo=True, evidence=tmp_path / "evidence", live=tmp_path / "live"),
    )


@pytest.fixture
def config(settings: Settings, tmp_path: Path) -> Path:
    path = tmp_path / "sunlit.toml"
    path.write_text(
        f'[database]\nurl = "{settings.database.url}"\n[broker]\nport = {settings.broker.port}\n'
        f'[alerting]\npoll_s = 0.25\npublic_url = "{settings.alerting.public_url}"\nwebhook_secret = "x"\n'
        f'[api]\nport = {settings.api.port}\ndemo = true\nevidence = "{settings.api.evidence}"\n'
        f'live = "{settings.api.live}"\n',
        "utf-8",
    )
    return path


@pytest.fixture
def ingesting(settings: Settings) -> Iterator[None]:
    stop = threading.Event()
    consumers = lanes(settings)
    threads = [threading.Thread(daemon=True, target=consumer.run, args=(stop,)) for consumer in consumers.values()]
    for thread in threads:
        thread.start()
    until(lambda: all(consumer.bus.connected for consumer in consumers.values()))
    time.sleep(0.5)  # the subscription follows the connection
    yield
    stop.set()
    for thread in threads:
        thread.join(15)


def until(look: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.1)


def register(settings: Settings, mail_port: int = 1) -> list[Member]:
    rows = invent(7, LIFTS, KITCHENS, hook=f"http://127.0.0.1:{mail_port}/letter", today=datetime.now(UTC).date())
    hashes = {login: HASH for login, *_ in (*store.PEOPLE, store.OWNER)}
    with connect(settings.database, Role.OWNER) as connection:
        store.write(connection, rows, hashes, lambda *_: None)
        return store.fleet(connection)


class Played:
    """A city at work for as long as a test looks at it."""

    def __init__(self, settings: Settings, members: list[Member]) -> None:
        self.sender = Sender(settings.broker, "test-city", 2)
        self.life = Life(members, self.sender, PACE, now=time.time(), random=Random(7))
        self.reports: list[Report] = []
        self.runner = Runner(self.life, self.sender, self.reports.append)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.runner.run, args=(self.stop, None), daemon=True)

    def start(self) -> None:
        self.sender.start()
        self.thread.start()

    def end(self) -> Report:
        self.stop.set()
        self.thread.join(30)
        last = self.runner.end(threading.Event(), lambda _: None)
        self.sender.stop()
        return last


def rows(settings: Settings, statement: LiteralString) -> list[dict[str, object]]:
    with connect(settings.database, Role.OWNER) as connection:
        return connection.execute(statement).fetchall()


@pytest.mark.usefixtures("ingesting")
def test_everything_it_says_is_stored_and_accounted_for(settings: Settings, config: Path) -> None:
    city = Played(settings, register(settings))
    for _ in range(5):
        assert city.life.trap(time.time())
        city.life.find(time.time())
    city.start()
    until(lambda: len(city.reports) >= 4)
    last = city.end()
    assert last.waiting == last.unheard == last.refused == 0
    assert last.telemetry > 4 * LIFTS
    assert last.event >= 5 * 3  # start, update, end of everybody who was inside
    stored = "SELECT sum(stored) AS n FROM stream"
    until(lambda: rows(settings, stored)[0]["n"] == last.telemetry + last.event)
    samples = "SELECT (SELECT count(*) FROM lift_sample) + (SELECT count(*) FROM camera_sample)"
    samples += " + (SELECT count(*) FROM climate_sample) AS n"
    assert rows(settings, samples)[0]["n"] == last.samples
    until(lambda: rows(settings, "SELECT count(*) AS n FROM device_status WHERE online")[0]["n"] == 0)
    audit = subprocess.run(
        sunlit("ingest", "audit", "--json", "--config", str(config)), capture_output=True, text=True, check=False
    )
    assert audit.returncode == 0, audit.stderr
    told = json.loads(audit.stdout)
    assert told["published"] == told["stored"] == last.telemetry + last.event
    assert (told["rejected"], told["lost"], told["unexplained"]) == (0, 0, 0)


@pytest.mark.usefixtures("ingesting")
def test_a_broker_that_restarts_costs_nothing(settings: Settings, broker_process: Broker) -> None:
    city = Played(settings, register(settings))
    for _ in range(3):
        assert city.life.trap(time.time())
    city.start()
    until(lambda: len(city.reports) >= 3)
    broker_process.process.stop()
    time.sleep(2)
    broker_process.start()
    heard = len(city.reports) + 4
    until(lambda: len(city.reports) >= heard)
    until(lambda: city.life.rescues == {})
    last = city.end()
    assert last.waiting == last.refused == 0
    stored = "SELECT sum(stored) AS n FROM stream"
    until(lambda: rows(settings, stored)[0]["n"] == last.telemetry + last.event)
    open_ends = "SELECT count(*) FILTER (WHERE phase = 'start') - count(*) FILTER (WHERE phase = 'end') AS n FROM event"
    assert rows(settings, open_ends)[0]["n"] == 0


@pytest.mark.usefixtures("ingesting")
def test_pages_show_the_city(settings: Settings) -> None:
    city = Played(settings, register(settings))
    city.start()
    until(lambda: len(city.reports) >= 4)
    with TestClient(create_app(settings), headers={"accept": "text/html"}) as client:
        assert f"/ {KITCHENS}" in client.get("/?lang=en").text or f"of {KITCHENS}" in client.get("/?lang=en").text
        for login, path in (("operator", "/board?lang=en"), ("regulator", "/oversight?lang=en")):
            client.cookies.clear()
            client.post("/login", data={"login": login, "password": "a good password"})
            page = client.get(path)
            assert page.status_code == 200, path
            assert "invented" in page.text.lower()
    city.end()


@pytest.mark.usefixtures("ingesting")
def test_crews_answer_at_their_page_and_people_get_out(settings: Settings, config: Path, tmp_path: Path) -> None:
    port = free_port()
    city = Played(settings, register(settings, port))
    crews = Crews(city.life.rescues, "a good password", PACE.hurry, Random(1))
    mail = Mail(port, crews.take)
    services = [
        Process(name, sunlit(name, "run", "--config", str(config)), tmp_path / f"{name}.log")
        for name in ("alerting", "api")
    ]
    for service in services:
        service.start()
    mail.start()
    threading.Thread(target=crews.run, args=(city.stop,), daemon=True).start()
    try:
        assert wait_for(settings.api.port, 30), services[1].tail()
        assert city.life.trap(time.time())
        city.start()
        closed = "SELECT tier, arrived_at - alarm_at AS way, cause FROM incident WHERE state = 'closed'"
        until(lambda: rows(settings, closed), 90)
        found = rows(settings, closed)[0]
        assert found["tier"] == 1
        assert found["cause"]
        assert crews.refused == 0
        assert city.life.rescues == {}
    finally:
        mail.stop()
        city.end()
        for service in services:
            service.stop()


@pytest.mark.usefixtures("ingesting")
def test_the_command_registers_once_and_goes_on_with_keep(settings: Settings, config: Path, tmp_path: Path) -> None:
    base = ["simulate", "city", "--config", str(config), "--passwords", str(tmp_path / "city.json"), "--json"]
    base += ["--mail-port", str(free_port()), "--period", "1", "--status-period", "1"]

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(sunlit(*base, *words), capture_output=True, text=True, timeout=100, check=False)

    missing = run("--keep", "--seconds", "1")
    assert missing.returncode == 1
    assert "holds no device" in missing.stderr
    first = run("--lifts", "30", "--kitchens", "10", "--register-only", "--history", "400")
    assert first.returncode == 0, first.stderr
    assert (tmp_path / "city.json").stat().st_mode & 0o077 == 0
    assert rows(settings, "SELECT count(*) AS n FROM finding")[0]["n"] != 0
    again = run("--lifts", "30", "--kitchens", "10")
    assert again.returncode == 1
    assert "holds a city already; --keep goes on with it" in " ".join(again.stderr.split())
    assert "Traceback" not in again.stderr
    kept = run("--keep", "--seconds", "2")
    assert kept.returncode == 0, kept.stderr
    last = json.loads(kept.stdout.splitlines()[-1])
    assert last["final"] is True
    assert last["telemetry"] >= 30
    assert last["waiting"] == 0


def test_without_a_broker_there_is_one_line(settings: Settings, config: Path, tmp_path: Path) -> None:
    config.write_text(config.read_text("utf-8").replace(f"port = {settings.broker.port}", f"port = {free_port()}", 1))
    words = ["simulate", "city", "--config", str(config), "--passwords", str(tmp_path / "city.json")]
    words += ["--lifts", "10", "--kitchens", "0", "--mail-port", str(free_port())]
    done = subprocess.run(sunlit(*words), capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 1
    assert "does not answer; is it running?" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def flat(text: str) -> str:
    return "".join(text.split())


def test_a_city_is_not_registered_before_its_logins_can_be_kept(
    settings: Settings, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["city", "--config", str(config), "--lifts", "3", "--kitchens", "1", *words])
        # Without blanks: where a line is broken depends on how long the paths are.
        return done.exit_code, flat(capsys.readouterr().err + done.output)

    kept = tmp_path / "city.json"
    kept.touch(mode=0o644)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = call("--passwords", str(kept), "--crews", "--mail-port", port)
        words = f"--mail-port: port {port} of the loopback cannot be had (Address already"
        assert (code, flat(words) in said) == (1, True)
    code, said = call("--passwords", str(kept / "in.json"))
    assert (code, flat(f"--passwords: {kept / 'in.json'} cannot be written") in said) == (1, True), said
    code, said = call("--passwords", str(tmp_path))
    assert (code, flat(f"--passwords: {tmp_path} cannot be written (it is a folder)") in said) == (1, True), said
    code, said = call("--passwords", str(kept), "--lifts", "0", "--kitchens", "0")
    assert (code, flat("--lifts 0 --kitchens 0: a city of nothing") in said) == (1, True), said
    assert not rows(settings, "SELECT FROM town LIMIT 1")

    assert call("--passwords", str(kept), "--register-only")[0] == 0
    assert kept.stat().st_mode & 0o777 == 0o600
    assert set(json.loads(kept.read_text("utf-8"))) == {"admin", "operator", "regulator", "owner1"}
    for text in ("{", "[]", "{}"):
        kept.write_text(text, "utf-8")
        code, said = call("--passwords", str(kept), "--keep", "--crews", "--mail-port", str(free_port()))
        assert (code, flat(f"--passwords: {kept}: ") in said) == (1, True), said
