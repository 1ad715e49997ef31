"""The spool: order, sequence numbers without holes, losses counted, alarms never given up."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.kinds import Lane, Phase, Rule
from contracts.messages import ClimateSample, Event, Telemetry, decode
from edge.spool import Spool, SpoolError

BOOT = UUID("00000000-0000-4000-8000-000000000001")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def telemetry(seq: int) -> Telemetry:
    return Telemetry(device="d1", boot=BOOT, seq=seq, base=NOW, samples=(ClimateSample(temperature=20),))


def event(seq: int) -> Event:
    return Event(
        id=uuid4(), device="d1", boot=BOOT, seq=seq, phase=Phase.START, rule=Rule.ALARM_BUTTON, at=NOW, observed=NOW
    )


def put(spool: Spool, lane: Lane, count: int = 1) -> None:
    for _ in range(count):
        spool.put(lane, "d1", f"t/{lane}", event if lane is Lane.EVENT else telemetry)


def seqs(spool: Spool, lane: Lane) -> list[int]:
    found = [decode(lane, kept.payload) for kept in spool.take(lane, 0, 1000)]
    return [message.seq for message in found if isinstance(message, Telemetry | Event)]


def test_kept_in_order_and_forgotten_when_acknowledged(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    put(spool, Lane.TELEMETRY, 3)
    put(spool, Lane.EVENT, 2)
    assert seqs(spool, Lane.TELEMETRY) == [0, 1, 2]
    assert seqs(spool, Lane.EVENT) == [0, 1]
    first = spool.take(Lane.TELEMETRY, 0, 1)
    spool.done([first[0].id])
    assert seqs(spool, Lane.TELEMETRY) == [1, 2]
    assert [kept.id for kept in spool.take(Lane.TELEMETRY, first[0].id, 1)] == [first[0].id + 1]
    assert spool.published("d1", Lane.TELEMETRY) == 3
    assert spool.count == 4


def test_what_was_kept_is_there_after_a_restart_and_counting_begins_anew(tmp_path: Path) -> None:
    first = Spool(tmp_path)
    put(first, Lane.EVENT, 2)
    first.close()
    second = Spool(tmp_path)
    assert seqs(second, Lane.EVENT) == [0, 1]
    assert second.published("d1", Lane.EVENT) == 0


def test_over_its_limit_the_oldest_telemetry_goes_counted_and_no_alarm(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=20_000)
    put(spool, Lane.EVENT, 20)
    put(spool, Lane.TELEMETRY, 300)
    kept = seqs(spool, Lane.TELEMETRY)
    assert spool.lost("d1", Lane.TELEMETRY) == 300 - len(kept) > 0
    assert kept == list(range(300 - len(kept), 300))
    assert len(seqs(spool, Lane.EVENT)) == 20
    assert spool.lost("d1", Lane.EVENT) == 0


def test_a_full_disk_loses_telemetry_counted_keeps_alarms_and_heals(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """F16 at the edge: SQLite itself refuses further pages, as it does when the disk is full."""
    spool = Spool(tmp_path)
    pages = spool._db.execute("PRAGMA page_count").fetchone()[0]
    spool._db.execute(f"PRAGMA max_page_count = {pages}")
    put(spool, Lane.TELEMETRY, 200)
    put(spool, Lane.EVENT, 3)
    lost = spool.lost("d1", Lane.TELEMETRY)
    assert lost > 0
    assert spool.lost("d1", Lane.EVENT) == 0
    complaints = [record for record in caplog.records if "free the disk" in record.getMessage()]
    assert len(complaints) == 1, "said on change, not at every message"
    spool._db.execute("PRAGMA max_page_count = 1000000")
    assert len(seqs(spool, Lane.EVENT)) == 3
    put(spool, Lane.TELEMETRY)
    assert spool.lost("d1", Lane.TELEMETRY) == lost
    stored = seqs(spool, Lane.TELEMETRY)
    assert len(stored) + lost == spool.published("d1", Lane.TELEMETRY) == 201


def test_a_broken_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "spool.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(SpoolError, match="cannot be opened"):
        Spool(tmp_path)
