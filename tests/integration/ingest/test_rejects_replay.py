"""Rejects after a fix: what is stored now moves from the rejected to the stored, once, and the equation holds."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from contracts.kinds import Lane, Phase, Rule
from contracts.messages import Event, LiftSample, Telemetry, decode, encode
from contracts.topics import topic
from ingest import normalise
from ingest.batch import Written
from ingest.cli import app
from ingest.devices import Devices
from ingest.rejects_cli import field_of, text_of
from ingest.replay import Filter, Outcome, open_ids, replay
from ingest.sql import QUERIES
from ingest.writer import Raw, Writer
from runtime.db import Connection, Role, connect
from runtime.settings import DatabaseSettings

BOOT = UUID(int=1, version=4)
LIFT = "lift-442001"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FAULTY = b'"speed":1.5'


def telemetry(seq: int, lift: str = LIFT) -> Raw:
    made = Telemetry(device=lift, boot=BOOT, seq=seq, base=NOW, samples=(LiftSample(speed=1.5),))
    return Raw(str(topic("demo", lift, Lane.TELEMETRY)), encode(made))


def too_fast(seq: int) -> Raw:
    """What the contract refuses until the test has mended it."""
    raw = telemetry(seq)
    return Raw(raw.topic, raw.payload.replace(FAULTY, b'"speed":"15"'))


@pytest.fixture
def ingest(city_db: DatabaseSettings) -> Connection:
    return connect(city_db, Role.INGEST)


@pytest.fixture
def config(city_db: DatabaseSettings, tmp_path: Path) -> Path:
    path = tmp_path / "sunlit.toml"
    path.write_text(f"[database]\nurl = {json.dumps(city_db.url)}\n", "utf-8")
    return path


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--config", str(config)], env={"COLUMNS": "250"})


def fix(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newer version of ingest that understands what the old one refused."""
    monkeypatch.setattr(normalise, "decode", lambda lane, payload: decode(lane, payload.replace(b'"15"', b"15.0")))


def books(ingest: Connection) -> dict[str, int]:
    row = ingest.execute(QUERIES["audit"]).fetchone()
    assert row is not None
    return {name: row[name] for name in ("published", "stored", "rejected", "lost", "unexplained")}


def replay_all(ingest: Connection) -> Counter[Outcome]:
    return Counter(replay(ingest, Writer(ingest, Devices()), open_ids(ingest, Filter())))


def rows(ingest: Connection, statement: str) -> list[dict[str, Any]]:
    return ingest.execute(statement).fetchall()


def test_the_equation_holds_before_and_after(ingest: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer(ingest, Devices())
    assert writer.write([telemetry(0), too_fast(1), too_fast(2), telemetry(3)]) == Written(stored=2, rejected=2)
    before = {"published": 4, "stored": 2, "rejected": 2, "lost": 0, "unexplained": 0}
    assert books(ingest) == before
    assert replay_all(ingest) == {Outcome.REFUSED: 2}
    assert books(ingest) == before
    assert rows(ingest, "SELECT times FROM reject") == [{"times": 1}] * 2, "a replay is no delivery"
    fix(monkeypatch)
    assert replay_all(ingest) == {Outcome.STORED: 2}
    assert books(ingest) == {"published": 4, "stored": 4, "rejected": 0, "lost": 0, "unexplained": 0}
    assert replay_all(ingest) == {}, "they are open no longer"
    samples = rows(
        ingest, "SELECT s.seq, s.received = r.received AS then FROM lift_sample s LEFT JOIN reject r USING (seq)"
    )
    assert {row["seq"]: row["then"] for row in samples} == {0: None, 1: True, 2: True, 3: None}
    assert all("Expected" in row["reason"] for row in rows(ingest, "SELECT reason FROM reject")), "why stays to be read"


def test_a_number_is_stored_once_whatever_was_refused_under_it(
    ingest: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(ingest, Devices())
    other = Raw(too_fast(1).topic, too_fast(1).payload.replace(b'"dt":0', b'"dt":1').replace(b"}]", b',"dt":7}]'))
    writer.write([too_fast(1), other, telemetry(0)])
    writer.write([telemetry(5)])
    writer.write([Raw(telemetry(5).topic, telemetry(5).payload.replace(FAULTY, b'"speed":"15"'))])
    fix(monkeypatch)
    assert replay_all(ingest) == {Outcome.STORED: 1, Outcome.KNOWN: 2}
    assert books(ingest) == {"published": 6, "stored": 3, "rejected": 0, "lost": 0, "unexplained": 3}
    assert [row["seq"] for row in rows(ingest, "SELECT seq FROM lift_sample ORDER BY seq")] == [0, 1, 5]


def test_what_breaks_between_writing_and_marking_leaves_all_as_it_was(
    ingest: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    Writer(ingest, Devices()).write([telemetry(0), too_fast(1)])
    fix(monkeypatch)

    class Killed(Exception):
        pass

    class Dying(Writer):
        def write(self, *args: Any, **values: Any) -> Written:
            super().write(*args, **values)
            raise Killed

    with pytest.raises(Killed):
        list(replay(ingest, Dying(ingest, Devices()), open_ids(ingest, Filter())))
    assert books(ingest)["rejected"] == 1
    assert replay_all(ingest) == {Outcome.STORED: 1}
    assert books(ingest)["stored"] == 2


def test_a_replayed_status_is_not_the_present_one(ingest: Connection, city_db: DatabaseSettings) -> None:
    """Nor does an old message make a silent device heard."""
    Writer(ingest, Devices()).write([telemetry(0, "lift-late")])
    with connect(city_db, Role.OWNER) as owner:
        owner.execute("INSERT INTO device (code, kind, site) VALUES ('lift-late', 'lift', 'demo')")
    assert replay_all(ingest) == {Outcome.STORED: 1}
    assert rows(ingest, "SELECT * FROM device_status") == []


def test_the_desk_hears_of_a_replayed_alarm_with_its_own_time(ingest: Connection, city_db: DatabaseSettings) -> None:
    code, began = "lift-late", datetime.now(UTC)
    alarm = Event(
        id=UUID(int=9, version=4),
        device=code,
        boot=BOOT,
        seq=0,
        phase=Phase.START,
        rule=Rule.ALARM_BUTTON,
        at=began,
        observed=began,
    )
    Writer(ingest, Devices()).write([Raw(str(topic("demo", code, Lane.EVENT)), encode(alarm))])
    with connect(city_db, Role.OWNER) as owner:
        owner.execute("UPDATE reject SET received = received - interval '1 hour'")
        owner.execute("INSERT INTO device (code, kind, site) VALUES (%s, 'lift', 'demo')", (code,))
    assert replay_all(ingest) == {Outcome.STORED: 1}
    (row,) = rows(ingest, "SELECT received FROM event")
    assert timedelta(minutes=59) < datetime.now(UTC) - row["received"] < timedelta(minutes=61)


def test_list_show_replay(config: Path, ingest: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    Writer(ingest, Devices()).write([too_fast(0), Raw("sunlit/v1/x", b"\x00\xff"), telemetry(1, "lift-nobody")])
    listed = json.loads(run(config, "rejects", "list", "--json").stdout)
    assert [row["topic"].rpartition("/")[2] for row in listed] == ["telemetry", "x", "telemetry"]
    (row,) = json.loads(run(config, "rejects", "list", "--json", "--device", LIFT).stdout)
    assert json.loads(run(config, "rejects", "list", "--json", "--reason", "100%").stdout) == []
    shown = run(config, "rejects", "show", str(row["id"])).stdout
    assert "field        samples[0].speed" in shown
    assert '      "speed": "15"' in shown
    assert "00ff" in run(config, "rejects", "show", str(row["id"] + 1)).stdout.replace(" ", "")
    missing = run(config, "rejects", "show", "999")
    assert (missing.exit_code, missing.stderr) == (1, "sunlit ingest: id: 999, there is no such reject\n")
    assert run(config, "rejects", "replay").exit_code == 1
    still = run(config, "rejects", "replay", "--all")
    assert (still.exit_code, still.stdout) == (1, "3 refused again\n")
    fix(monkeypatch)
    assert json.loads(run(config, "rejects", "replay", str(row["id"]), "--json").stdout)["stored"] == 1
    assert run(config, "rejects", "replay", "--device", LIFT).stdout == "nothing is open\n"
    assert len(json.loads(run(config, "rejects", "list", "--json", "--replayed").stdout)) == 3


@pytest.mark.parametrize(
    ("reason", "field"),
    [
        ("telemetry: Expected `float | null`, got `str` - at `$.samples[...].speed`", "samples[...].speed"),
        ("event: JSON is malformed: invalid character (byte 0)", "event"),
        ("device: 'x' is not registered", "device"),
        ("", ""),
    ],
)
def test_the_field_at_fault(reason: str, field: str) -> None:
    assert field_of(reason) == field


def test_bytes_for_people() -> None:
    assert text_of(b'{"a":1}') == '{\n  "a": 1\n}'
    assert text_of(b"\xff\x00") == "ff00"
    assert text_of(b'{"a":"\\ud800"}').startswith("7b22")
    assert "bytes in all" in text_of(b"\xff" * 100_000)


def test_a_number_that_is_no_reject_is_said(ingest: Connection, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Writer(ingest, Devices()).write([too_fast(0)])
    only = ingest.execute("SELECT id FROM reject").fetchone()
    assert only
    none = run(config, "rejects", "replay", "999")
    assert (none.exit_code, none.stdout, none.stderr) == (1, "", "sunlit ingest: there is no such reject: 999\n")
    fix(monkeypatch)
    both = run(config, "rejects", "replay", str(only["id"]), "999")
    assert (both.exit_code, both.stdout) == (1, "1 stored\n")
    assert both.stderr == "sunlit ingest: there is no such reject: 999\n"
    again = run(config, "rejects", "replay", str(only["id"]))
    assert (again.exit_code, again.stdout) == (0, "nothing is open\n")


def test_what_a_device_sent_neither_breaks_nor_paints_the_screen(ingest: Connection, config: Path) -> None:
    raw = telemetry(0)
    for kind in ("[/x]", "\x1b[2J"):
        kinds = json.dumps({"kind": kind})[1:-1].replace(" ", "").encode()
        Writer(ingest, Devices()).write([Raw(raw.topic, raw.payload.replace(b'"kind":"lift"', kinds))])
    listed = run(config, "rejects", "list")
    assert listed.exit_code == 0, listed.output
    assert "[/x]" in listed.output
    for number in (row["id"] for row in ingest.execute("SELECT id FROM reject").fetchall()):
        shown = run(config, "rejects", "show", str(number))
        assert shown.exit_code == 0
        assert "\x1b" not in shown.output
    assert "\x1b[2J" not in listed.output
