"""`sunlit ingest audit` and `rejects`: what they print, and with what they end."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from contracts.kinds import Lane
from contracts.messages import LiftSample, Status, Telemetry, encode
from contracts.topics import topic
from ingest.cli import app
from ingest.devices import Devices
from ingest.writer import Raw, Writer
from runtime.db import Role, connect
from runtime.settings import DatabaseSettings

BOOT, NEXT_BOOT = UUID(int=1, version=4), UUID(int=2, version=4)
LIFT = "lift-442001"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def telemetry(seq: int) -> Raw:
    message = Telemetry(device=LIFT, boot=BOOT, seq=seq, base=NOW, samples=(LiftSample(speed=1.0),))
    return Raw(str(topic("demo", LIFT, Lane.TELEMETRY)), encode(message))


def status(boot: UUID, published: int = 0, lost: int = 0, spooled: int = 0) -> Raw:
    said = Status(
        device=LIFT,
        boot=boot,
        at=NOW,
        online=True,
        published_telemetry=published,
        lost_telemetry=lost,
        spooled=spooled,
    )
    return Raw(str(topic("demo", LIFT, Lane.STATUS)), encode(said))


@pytest.fixture
def config(city_db: DatabaseSettings, tmp_path: Path) -> Path:
    path = tmp_path / "sunlit.toml"
    path.write_text(f"[database]\nurl = {json.dumps(city_db.url)}\n", "utf-8")
    return path


def write(database: DatabaseSettings, *batch: Raw) -> None:
    with connect(database, Role.INGEST) as connection:
        Writer(connection, Devices()).write(batch)


@pytest.mark.parametrize(
    ("said", "rest", "code"),
    [
        ([status(BOOT, published=4, lost=1)], 0, 0),
        ([status(BOOT, published=6, spooled=3)], 3, 0),
        ([status(BOOT, published=6, spooled=2)], 3, 1),
        ([status(BOOT, published=6, spooled=3), status(NEXT_BOOT, spooled=3)], 3, 1),
    ],
)
def test_audit(city_db: DatabaseSettings, config: Path, said: list[Raw], rest: int, code: int) -> None:
    write(city_db, *(telemetry(seq) for seq in (0, 1, 2, 2)), *said)
    result = CliRunner().invoke(app, ["audit", "--config", str(config), "--json"])
    assert result.exit_code == code, result.output
    found = json.loads(result.stdout)
    assert (found["stored"], found["duplicates"], found["rejected"], found["unexplained"]) == (3, 1, 0, rest)
    assert found["published"] == found["stored"] + found["rejected"] + found["lost"] + found["unexplained"]


def test_audit_as_a_table(city_db: DatabaseSettings, config: Path) -> None:
    write(city_db, telemetry(0))
    result = CliRunner().invoke(app, ["audit", "--config", str(config)])
    assert result.exit_code == 0
    assert "published 1, stored 1, rejected 0, lost 0, duplicates 0, unexplained 0, in flight 0" in result.stdout


def test_rejects_are_listed_with_their_reason(city_db: DatabaseSettings, config: Path) -> None:
    write(city_db, Raw(str(topic("demo", LIFT, Lane.EVENT)), b"no json"))
    result = CliRunner().invoke(app, ["rejects", "list", "--config", str(config)], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "JSON is malformed" in result.stdout


@pytest.mark.parametrize("command", ["audit", "rejects list", "rejects replay --all", "strangers", "adopt x-1"])
def test_a_database_that_is_away_is_one_line(tmp_path: Path, command: str) -> None:
    path = tmp_path / "sunlit.toml"
    path.write_text('[database]\nurl = "postgresql://127.0.0.1:1/nowhere"\n', "utf-8")
    result = CliRunner().invoke(app, [*command.split(), "--config", str(path)])
    assert result.exit_code == 2
    assert result.stderr.startswith("sunlit ingest: database: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
