"""Devices that are not in the register: never dropped in silence, bounded, loud when it may be an alarm, adoptable."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner, Result

from contracts.kinds import Lane, Phase, Rule
from contracts.messages import Event, LiftSample, Status, Telemetry, encode
from contracts.topics import topic
from ingest.cli import app
from ingest.devices import Devices
from ingest.sql import QUERIES
from ingest.strangers import trim
from ingest.writer import Raw, Writer
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings

BOOT = UUID(int=1, version=4)
CODE, SITE = "lift-900001", "site-9"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def telemetry(seq: int, code: str = CODE, site: str = SITE) -> Raw:
    made = Telemetry(device=code, boot=BOOT, seq=seq, base=NOW, samples=(LiftSample(speed=1.5),))
    return Raw(str(topic(site, code, Lane.TELEMETRY)), encode(made))


def event(seq: int, code: str = CODE, site: str = SITE) -> Raw:
    made = Event(
        id=uuid4(), device=code, boot=BOOT, seq=seq, phase=Phase.START, rule=Rule.ALARM_BUTTON, at=NOW, observed=NOW
    )
    return Raw(str(topic(site, code, Lane.EVENT)), encode(made))


def status(telemetries: int, events: int) -> Raw:
    said = Status(
        device=CODE, boot=BOOT, at=NOW, online=True, published_telemetry=telemetries, published_event=events, losses=()
    )
    return Raw(str(topic(SITE, CODE, Lane.STATUS)), encode(said))


@pytest.fixture
def owner(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.OWNER) as connection:
        yield connection


@pytest.fixture
def ingest(city_db: DatabaseSettings) -> Iterator[Connection]:
    with connect(city_db, Role.INGEST) as connection:
        yield connection


@pytest.fixture
def write(ingest: Connection) -> Any:
    writer = Writer(ingest, Devices())
    return lambda *batch: writer.write(batch)


@pytest.fixture
def config(city_db: DatabaseSettings, tmp_path: Path) -> Path:
    path = tmp_path / "sunlit.toml"
    path.write_text(f"[database]\nurl = {json.dumps(city_db.url)}\n", "utf-8")
    return path


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--config", str(config)], env={"COLUMNS": "250"})


def listed(config: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(config, "strangers", "--json").stdout)
    return found


def books(ingest: Connection, lane: str = "telemetry") -> tuple[int, ...]:
    row = next(row for row in ingest.execute(QUERIES["audit"]).fetchall() if row["lane"] == lane)
    return tuple(row[name] for name in ("published", "stored", "rejected", "lost", "unexplained"))


def test_counted_kept_and_said_once(write: Any, config: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(telemetry(0), telemetry(1), status(2, 0))
    write(telemetry(2))
    (row,) = listed(config)
    assert (row["code"], row["site"], row["reason"], row["messages"], row["kept"]) == (CODE, SITE, "unknown", 4, 4)
    assert row["lanes"] == ["status", "telemetry"]
    assert [record.levelno for record in caplog.records if CODE in record.message] == [logging.WARNING]


def test_an_event_of_a_stranger_is_loud_once(write: Any, config: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(telemetry(0))
    for seq in range(3):
        write(event(seq))
    errors = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert f"{CODE} at site {SITE}" in errors[0]
    (row,) = listed(config)
    assert (row["events"], row["last_event"] is not None) == (3, True)


def test_retired_and_elsewhere(write: Any, config: Path, owner: Connection, ingest: Connection) -> None:
    owner.execute("UPDATE device SET retired_at = now() WHERE code = 'lift-442001'")
    write(event(0, "lift-442001", "demo"), event(0, "lift-442002", SITE))
    assert {row["code"]: row["reason"] for row in listed(config)} == {
        "lift-442001": "retired",
        "lift-442002": "elsewhere",
    }
    # What speaks in its name from another place does not make the true one seem alive.
    assert ingest.execute("SELECT * FROM device_status").fetchall() == []
    refused = run(config, "adopt", "lift-442001")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "sunlit ingest: device: 'lift-442001' is retired; --again takes it back\n",
    )
    assert run(config, "adopt", "lift-442002").exit_code == 1
    assert run(config, "adopt", "lift-442001", "--again").stdout == "lift-442001: taken back at demo; 1 stored\n"
    assert run(config, "adopt", "lift-442002", "--move").stdout == f"lift-442002: moved at {SITE}; 1 stored\n"
    assert listed(config) == []


def test_a_retired_device_that_is_silent_is_taken_back_where_it_is_registered(
    write: Any, config: Path, owner: Connection
) -> None:
    retire = "UPDATE device SET retired_at = now() WHERE code = 'lift-442001'"
    owner.execute(retire)
    refused = run(config, "adopt", "lift-442001")
    assert refused.stderr == "sunlit ingest: device: 'lift-442001' is retired; --again takes it back\n"
    done = run(config, "adopt", "lift-442001", "--again")
    assert done.stdout == "lift-442001: taken back at demo; nothing was kept\n", done.stderr
    # What speaks in its name from another place has no say in it.
    owner.execute(retire)
    write(telemetry(0, "lift-442001", SITE))
    done = run(config, "adopt", "lift-442001", "--again")
    assert done.stdout == "lift-442001: taken back at demo; nothing was kept\n", done.stderr


def test_adopted_in_one_command_and_nothing_is_missing(
    write: Any, config: Path, ingest: Connection, owner: Connection
) -> None:
    write(event(0), *(telemetry(seq) for seq in range(50)), status(50, 1))
    done = run(config, "adopt", CODE, "--kind", "lift", "--lift", "442001", "--json")
    assert json.loads(done.stdout) == {
        "code": CODE, "site": SITE, "what": "registered",
        "stored": 52, "known": 0, "refused": 0, "gone": 0, "lost": 0,
    }  # fmt: skip
    assert books(ingest) == (50, 50, 0, 0, 0)
    assert books(ingest, "event") == (1, 1, 0, 0, 0)
    write(telemetry(50))
    assert books(ingest) == (51, 51, 0, 0, 0)
    assert (
        run(config, "adopt", CODE, "--site", SITE).stdout == f"{CODE}: registered already at {SITE}; nothing was kept\n"
    )
    (row,) = owner.execute("SELECT l.code FROM device d JOIN lift l ON l.id = d.lift_id WHERE d.code = %s", (CODE,))
    assert row == {"code": "442001"}


def test_a_rogue_cannot_fill_the_disk_and_what_is_forgotten_is_accounted_for(
    write: Any, config: Path, ingest: Connection
) -> None:
    write(event(0), *(telemetry(seq) for seq in range(60)), *(status(seq, 0) for seq in range(1, 40)))
    assert trim(ingest, keep=20) == 80
    assert trim(ingest, keep=20) == 0
    (row,) = listed(config)
    assert (row["messages"], row["kept"], row["forgotten"]) == (100, 20, 80)
    kept = ingest.execute("SELECT lane, count(*) AS n, min(seq) AS first FROM reject GROUP BY 1 ORDER BY 1").fetchall()
    assert [tuple(part.values()) for part in kept] == [("event", 1, 0), ("telemetry", 19, 41)], "events and the newest"
    done = json.loads(run(config, "adopt", CODE, "--kind", "lift", "--lift", "442001", "--json").stdout)
    assert (done["stored"], done["lost"]) == (20, 41)
    assert books(ingest) == (60, 19, 0, 41, 0)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ((), "kind: '', expected one of agent, lift, camera, kitchen_sensor"),
        (("--kind", "lift"), "kind: 'lift', expected --lift: else nobody knows whom it concerns"),
        (("--kind", "lift", "--lift", "1"), "lift: '1' is not registered"),
        (
            ("--kind", "lift", "--lift", "442001", "--agent", "agent-demo"),
            "agent: 'agent-demo', expected an agent at site-9",
        ),
        (("--site", "No Site"), "site: 'No Site', expected 2-63 of a-z, 0-9 and '-'"),
    ],
)
def test_what_cannot_be_adopted_is_one_line(write: Any, config: Path, words: tuple[str, ...], fault: str) -> None:
    write(telemetry(0))
    done = run(config, "adopt", CODE, *words)
    assert (done.exit_code, done.stderr) == (1, f"sunlit ingest: {fault}\n")
    assert len(listed(config)) == 1


def test_a_stranger_at_two_sites_must_be_named_with_one(write: Any, config: Path) -> None:
    write(telemetry(0), telemetry(0, site="site-8"))
    done = run(config, "adopt", CODE, "--kind", "lift", "--lift", "442001")
    assert "expected --site: it speaks at site-" in done.stderr
    assert "no stranger of this code" in run(config, "adopt", "lift-1").stderr
