"""How the machine does: what is there is read, what is not is left out, and nothing of it can fail a status."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from contracts.kinds import Lane
from contracts.messages import Status, decode, encode
from edge.priority import Priority
from edge.spool import Spool
from edge.status import queue_words, status_of
from edge.vitals import Vitals


def zone(sys: Path, number: int, kind: str, temp: str) -> None:
    folder = sys / "class" / "thermal" / f"thermal_zone{number}"
    folder.mkdir(parents=True)
    (folder / "type").write_text(kind)
    (folder / "temp").write_text(temp)


def test_temperatures_are_read_where_there_are_any(tmp_path: Path) -> None:
    zone(tmp_path, 0, "cpu-thermal\n", "48312\n")
    zone(tmp_path, 1, "gpu-thermal\n", "51000\n")
    zone(tmp_path, 2, "broken\n", "hot\n")
    assert Vitals(tmp_path, sys=tmp_path).read()["temperature_c"] == "cpu-thermal 48, gpu-thermal 51"


def test_a_machine_that_says_nothing_costs_nothing(tmp_path: Path) -> None:
    found = Vitals(tmp_path / "gone", sys=tmp_path, proc=tmp_path).read()
    assert "temperature_c" not in found and "memory_mb" not in found
    assert found["disk_free_mb"].startswith("unknown (") and "onnxruntime" in found["parts"]


def test_this_process_uses_memory_and_the_disk_has_room(tmp_path: Path) -> None:
    vitals = Vitals(tmp_path)
    sum(number * number for number in range(200_000))
    found = vitals.read()
    assert float(found["memory_mb"]) > 10 and float(found["disk_free_mb"]) > 0 and float(found["cpu_percent"]) >= 0


def test_facts_too_many_or_too_long_do_not_cost_the_status(tmp_path: Path) -> None:
    facts = {f"fact {number}" + "x" * 100: "字" * 900 for number in range(90)}
    said = status_of(
        "d1",
        boot=UUID(int=1),
        spool=Spool(tmp_path),
        now=datetime(2026, 3, 1, tzinfo=UTC),
        online=True,
        agent="a",
        health=facts,
        offset=None,
        keeper=True,
    )
    read = decode(Lane.STATUS, encode(said.status))
    assert isinstance(read, Status) and 0 < len(read.health) <= 64
    assert read.clock_offset_ms is None, "not measured is not zero"


def test_the_queue_in_words() -> None:
    words = queue_words({Priority.ALARM: 1, Priority.EVENT: 0, Priority.TELEMETRY: 7}, 1_500_000, 512_000_000)
    assert words == {
        "queue_alarm": "1",
        "queue_event": "0",
        "queue_telemetry": "7",
        "spool_mb": "1.5 of 512",
    }
