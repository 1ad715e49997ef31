"""A real agent over TLS: its certificate, its rights, and an alarm that comes through to the database."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.db import Role, connect
from runtime.settings import DatabaseSettings
from runtime.stack.broker import find_mosquitto
from runtime.stack.process import Process, sunlit
from tests.conftest import lacking, open_folder
from tests.integration.runtime.wired import City, until

SITE = "demo"


@pytest.fixture
def city(empty_db: DatabaseSettings) -> Iterator[City]:
    if find_mosquitto() is None:
        lacking("mosquitto is not installed")
    with open_folder("edge-tls") as folder:
        made = City(folder, empty_db)
        with made.config.open("a") as file:
            file.write(f"[broker]\nport = {made.broker.port}\n")
        yield made
        made.close()


@pytest.fixture
def edge(city: City, tmp_path: Path) -> Path:
    """edge.toml of an agent with one lift, both registered."""
    out = city.add("agent-demo", SITE)
    city.sunlit("add", "lift-442001", "--kind", "lift", "--site", SITE, "--agent", "agent-demo")
    assert city.broker.wire is not None
    files = {"tls_ca": out / "ca.crt", "tls_cert": out / "device.crt", "tls_key": out / "device.key"}
    text = (
        f'agent = "agent-demo"\nsite = "{SITE}"\nspool = {json.dumps(str(tmp_path / "spool"))}\nstatus_every_s = 0.5\n'
    )
    text += f'[broker]\nhost = "localhost"\nport = {city.broker.wire.port}\n'
    text += "".join(f"{key} = {json.dumps(str(path))}\n" for key, path in files.items())
    text += '[[lift]]\ndevice = "lift-442001"\n'
    path = tmp_path / "edge.toml"
    path.write_text(text, "utf-8")
    return path


def count(database: DatabaseSettings, statement: str) -> int:
    with connect(database, Role.OWNER) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row["n"])


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(sunlit(*words), capture_output=True, text=True, check=False, timeout=60)


def test_an_alarm_comes_through_and_its_certificate_is_renewed_meanwhile(
    city: City, edge: Path, empty_db: DatabaseSettings, tmp_path: Path
) -> None:
    said = run("edge", "check", str(edge))
    assert said.returncode == 0 and "(certificate)" in said.stdout, said.stderr
    ingest = Process("ingest", sunlit("ingest", "run", "--config", str(city.config)), tmp_path / "ingest.log")
    agent = Process("edge", sunlit("edge", "run", "--config", str(edge)), tmp_path / "edge.log")
    ingest.start()
    agent.start()
    try:
        until(lambda: count(empty_db, "SELECT count(*) AS n FROM lift_sample"), 40)
        refused = run("edge", "fault", "--config", str(edge), "lift-442001", "alarm_button")
        assert refused.returncode == 1 and "an agent with a certificate gives no commands" in refused.stderr
        words = ("edge", "fault", "--config", str(edge), "--centre", str(city.config), "lift-442001", "alarm_button")
        assert run(*words).returncode == 0
        until(lambda: count(empty_db, "SELECT count(*) AS n FROM event WHERE rule = 'alarm_button'"), 30)
        until(lambda: count(empty_db, "SELECT count(*) AS n FROM device_status WHERE online"), 30)
        telling = "SELECT count(*) AS n FROM device_status WHERE health ->> 'certificate' LIKE 'until 2%'"
        until(lambda: count(empty_db, telling) == 1, 30)
        # The old certificate ends now, the new one lies where the old one lay: no restart.
        out = city.folder / "new"
        city.sunlit("rotate", "agent-demo", "--out", str(out), "--overlap-days", "0")
        for name in ("device.crt", "device.key"):
            (out / name).replace(city.folder / "agent-demo" / name)
        city.broker.process.stop()
        city.broker.start()
        until(lambda: agent.log.read_text().count("connected to broker") == 2, 40)
        before = count(empty_db, "SELECT count(*) AS n FROM lift_sample")
        until(lambda: count(empty_db, "SELECT count(*) AS n FROM lift_sample") > before, 40)
        # Without a good-bye the broker speaks for it.
        agent.kill()
        until(lambda: count(empty_db, "SELECT count(*) AS n FROM device_status WHERE NOT online") == 1, 40)
    finally:
        agent.stop()
        ingest.stop()
    assert count(empty_db, "SELECT count(*) AS n FROM reject") == 0
