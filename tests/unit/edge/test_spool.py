"""The spool: order, sequence numbers without holes, losses named, alarms never given up."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.kinds import Lane, Phase, Rule
from contracts.messages import ClimateSample, Event, Telemetry, decode, encode
from edge.losses import Stream
from edge.priority import Priority
from edge.spool import Kept, Spool
from edge.spool_file import SpoolError

BOOT = UUID("00000000-0000-4000-8000-000000000001")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
LANE = {Priority.ALARM: Lane.EVENT, Priority.EVENT: Lane.EVENT, Priority.TELEMETRY: Lane.TELEMETRY}
RULE = {Priority.ALARM: Rule.ALARM_BUTTON, Priority.EVENT: Rule.NO_HAT}


def put(spool: Spool, level: Priority, count: int = 1, boot: UUID = BOOT, event: UUID | None = None) -> list[bool]:
    def make(seq: int) -> Telemetry | Event:
        if level is Priority.TELEMETRY:
            return Telemetry(device="d1", boot=boot, seq=seq, base=NOW, samples=(ClimateSample(temperature=20),))
        return Event(
            id=event or uuid4(),
            device="d1",
            boot=boot,
            seq=seq,
            phase=Phase.START,
            rule=RULE[level],
            at=NOW,
            observed=NOW,
        )

    return [spool.put(LANE[level], "d1", f"t/{level}", make) for _ in range(count)]


def messages(level: Priority, taken: list[Kept]) -> list[Telemetry | Event]:
    found = [decode(LANE[level], kept.payload) for kept in taken]
    return [message for message in found if isinstance(message, Telemetry | Event)]


def seqs(spool: Spool, level: Priority) -> list[int]:
    return [message.seq for message in messages(level, spool.take(level, 0, 10_000))]


def lost(spool: Spool, lane: Lane, boot: UUID = BOOT) -> list[tuple[int, int]]:
    wanted = Stream("d1", lane, boot)
    return [(one.from_seq, one.to_seq) for one in spool.report("d1").losses if one.stream == wanted]


def full(spool: Spool) -> None:
    """SQLite itself refuses further pages, as it does when the disk is full; there is no reserve to give."""
    spool._reserve.path.unlink()
    pages = spool._db.execute("PRAGMA page_count").fetchone()[0]
    spool._db.execute(f"PRAGMA max_page_count = {pages}")


def test_kept_in_order_and_forgotten_when_acknowledged(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    put(spool, Priority.TELEMETRY, 3)
    put(spool, Priority.EVENT, 2)
    assert all(put(spool, Priority.ALARM, 1)), "safe on the disk when put returns"
    assert seqs(spool, Priority.TELEMETRY) == [0, 1, 2]
    # On the wire alarms and events are one lane with one count.
    assert seqs(spool, Priority.EVENT) == [0, 1] and seqs(spool, Priority.ALARM) == [2]
    first = spool.take(Priority.TELEMETRY, 0, 1)
    spool.done([first[0].id])
    assert seqs(spool, Priority.TELEMETRY) == [1, 2]
    assert [kept.id for kept in spool.take(Priority.TELEMETRY, first[0].id, 1)] == [first[0].id + 1]
    assert spool.report("d1")[:4] == (3, 3, 0, 0)
    assert spool.depths == {Priority.ALARM: 1, Priority.EVENT: 2, Priority.TELEMETRY: 2} and spool.count == 5


def test_what_was_kept_is_there_after_a_restart_under_its_own_boot(tmp_path: Path) -> None:
    first = Spool(tmp_path)
    put(first, Priority.ALARM, 2)
    first.close()
    second = Spool(tmp_path)
    put(second, Priority.ALARM, 1, boot=UUID(int=2))
    found = messages(Priority.ALARM, second.take(Priority.ALARM, 0, 10))
    assert [(message.boot, message.seq) for message in found] == [(BOOT, 0), (BOOT, 1), (UUID(int=2), 0)]
    assert second.report("d1").published_event == 1 and second.count == 3


def test_over_its_limit_telemetry_goes_then_events_and_no_alarm(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=50_000)
    put(spool, Priority.ALARM, 20)
    put(spool, Priority.TELEMETRY, 300)
    kept = seqs(spool, Priority.TELEMETRY)
    assert spool.report("d1").lost_telemetry == 300 - len(kept) > 0
    assert kept == list(range(300 - len(kept), 300)) and lost(spool, Lane.TELEMETRY) == [(0, kept[0])]
    assert spool.bytes <= 50_000 and spool.report("d1").lost_event == 0


def test_events_go_for_events_and_alarms_stay_over_the_limit(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=40_000)
    put(spool, Priority.TELEMETRY, 20)
    put(spool, Priority.EVENT, 100)
    assert seqs(spool, Priority.TELEMETRY) == []
    assert seqs(spool, Priority.EVENT)[-1] == 99 and lost(spool, Lane.EVENT)[0][0] == 0
    assert all(put(spool, Priority.ALARM, 200))
    assert len(seqs(spool, Priority.ALARM)) == 200
    assert put(spool, Priority.TELEMETRY) == [False] and lost(spool, Lane.TELEMETRY) == [(0, 21)]
    last = spool.report("d1").published_event - 1
    assert put(spool, Priority.EVENT) == [False] and (last + 1, last + 2) in lost(spool, Lane.EVENT)


def test_what_is_with_the_broker_already_is_not_called_lost(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=20_000)
    put(spool, Priority.TELEMETRY, 10)
    flying = spool.take(Priority.TELEMETRY, 0, 5)
    put(spool, Priority.TELEMETRY, 100)
    assert lost(spool, Lane.TELEMETRY)[0][0] == 5
    spool.done([kept.id for kept in flying])
    assert seqs(spool, Priority.TELEMETRY)[-1] == 109


def test_losses_of_an_earlier_boot_keep_its_name_until_they_are_told(tmp_path: Path) -> None:
    first = Spool(tmp_path, max_bytes=20_000)
    put(first, Priority.TELEMETRY, 40)
    assert lost(first, Lane.TELEMETRY) == []
    first.close()
    second = Spool(tmp_path, max_bytes=20_000)
    put(second, Priority.TELEMETRY, 40, boot=UUID(int=2))
    report = second.report("d1")
    assert report.lost_telemetry == 0, "this boot has lost nothing"
    assert lost(second, Lane.TELEMETRY)[0][0] == 0 and second.devices_with_losses == {"d1"}
    second.told(report.losses)
    assert second.report("d1").losses == ()
    second.close()
    assert Spool(tmp_path).report("d1").losses == ()


def test_a_full_disk_loses_telemetry_counted_keeps_alarms_and_heals(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """F16 at the edge."""
    spool = Spool(tmp_path)
    full(spool)
    put(spool, Priority.TELEMETRY, 200)
    assert put(spool, Priority.ALARM, 3) == [False] * 3
    report = spool.report("d1")
    assert report.lost_telemetry > 0
    assert report.lost_event == 0 and report.published_event == 0, "in memory is not published"
    complaints = [record for record in caplog.records if "free the disk" in record.getMessage()]
    assert len(complaints) == 1, "said on change, not at every message"
    # Alarms that only the memory holds go out all the same, once.
    taken = spool.take(Priority.ALARM, 0, 10)
    assert [kept.id for kept in taken] == [-1, -2, -3] and spool.take(Priority.ALARM, 0, 10) == []
    spool.back([-3])
    assert [kept.id for kept in spool.take(Priority.ALARM, 0, 10)] == [-3]
    spool.done([-1])
    assert spool.report("d1").published_event == 1
    spool._db.execute("PRAGMA max_page_count = 1000000")
    assert put(spool, Priority.TELEMETRY) == [True]
    assert seqs(spool, Priority.ALARM) == [1, 2], "written now; what may fly is sent again, which harms nobody"
    stored = seqs(spool, Priority.TELEMETRY)
    ranges = lost(spool, Lane.TELEMETRY)
    assert len(stored) + sum(end - start for start, end in ranges) == spool.report("d1").published_telemetry == 201
    spool.close()
    assert lost(Spool(tmp_path), Lane.TELEMETRY) == ranges


def test_revisions_of_one_event_never_share_a_number(tmp_path: Path) -> None:
    """A rule says that an event ends while its clip is still on the way: neither may hide the other."""
    event, spool = uuid4(), Spool(tmp_path)
    put(spool, Priority.EVENT, 2, event=event)
    spool.close()
    again = Spool(tmp_path)
    again.put(
        Lane.EVENT,
        "d1",
        "t",
        lambda seq: Event(
            id=event,
            rev=1,
            device="d1",
            boot=BOOT,
            seq=seq,
            phase=Phase.END,
            rule=Rule.NO_HAT,
            at=NOW,
            observed=NOW,
        ),
    )
    found = messages(Priority.EVENT, again.take(Priority.EVENT, 0, 10))
    assert [message.rev for message in found if isinstance(message, Event)] == [0, 1, 2]


def test_a_damaged_file_is_set_aside_and_alarms_go_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "spool.db").write_bytes(b"no database at all" * 100)
    spool = Spool(tmp_path)
    assert put(spool, Priority.ALARM) == [True]
    assert "is damaged" in caplog.text and len(list(tmp_path.glob("spool.db.damaged-*"))) == 1


def test_a_place_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SpoolError, match=r"file/spool.db: cannot be opened"):
        Spool(tmp_path / "file")


def test_a_file_of_the_first_version_is_read_on(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "spool.db")
    old.execute(
        "CREATE TABLE spool (id INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, device TEXT NOT NULL,"
        " topic TEXT NOT NULL, payload BLOB NOT NULL, kept TEXT NOT NULL)"
    )
    for seq, rule in enumerate((Rule.TRAPPED_LEVEL, Rule.NO_MASK)):
        event = Event(id=uuid4(), device="d1", boot=BOOT, seq=seq, phase=Phase.START, rule=rule, at=NOW, observed=NOW)
        old.execute(
            "INSERT INTO spool (lane, device, topic, payload, kept) VALUES ('event', 'd1', 't', ?, '')",
            (encode(event),),
        )
    old.commit()
    old.close()
    spool = Spool(tmp_path, max_bytes=1)
    assert seqs(spool, Priority.ALARM) == [0]
    put(spool, Priority.ALARM, boot=UUID(int=2))
    assert lost(spool, Lane.EVENT) == [(1, 2)], "named by the boot that its payload names"


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["alarm", "event", "telemetry", "ack", "tell", "restart"]), st.integers(1, 9)))
)
def test_whatever_happens_every_number_is_kept_acknowledged_or_named_as_lost(steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        spool, boot, boots = Spool(Path(folder), max_bytes=8_000), UUID(int=1), 1
        taken: set[tuple[UUID, Lane, int]] = set()
        done: set[tuple[UUID, Lane, int]] = set()
        named: set[tuple[UUID, Lane, int]] = set()
        for what, count in steps:
            if what == "restart":
                spool.close()
                spool, boots = Spool(Path(folder), max_bytes=8_000), boots + 1
                boot = UUID(int=boots)
            elif what == "ack":
                for level in Priority:
                    kept = spool.take(level, 0, count)
                    done |= {(m.boot, LANE[level], m.seq) for m in messages(level, kept)}
                    spool.done([one.id for one in kept])
            elif what == "tell":
                losses = spool.report("d1").losses
                named |= {(one.stream.boot, one.stream.lane, seq) for one in losses for seq in range(*one[1:])}
                spool.told(losses)
            else:
                level, before = Priority(what), spool.report("d1")
                put(spool, level, count, boot)
                first = before.published_telemetry if level is Priority.TELEMETRY else before.published_event
                taken |= {(boot, LANE[level], seq) for seq in range(first, first + count)}
        kept_now = {
            (m.boot, LANE[level], m.seq) for level in Priority for m in messages(level, spool.take(level, 0, 10_000))
        }
        for one in spool.report("d1").losses:
            named |= {(one.stream.boot, one.stream.lane, seq) for seq in range(*one[1:])}
        assert kept_now | done | named == taken
        assert len(kept_now) + len(done) + len(named) == len(taken), "and only one of the three"
        spool.close()


def test_what_waits_for_a_refused_topic_is_passed_over_and_can_be_given_up(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    put(spool, Priority.ALARM, 3)
    put(spool, Priority.TELEMETRY, 2)
    assert spool.take(Priority.ALARM, 0, 10, {"t/alarm"}) == []
    assert len(spool.take(Priority.ALARM, 0, 10, {"t/other"})) == 3
    first = spool.take(Priority.TELEMETRY, 0, 10)[0]
    spool.lose(first.id)
    assert lost(spool, Lane.TELEMETRY) == [(0, 1)]
    assert seqs(spool, Priority.TELEMETRY) == [1]
    assert spool.depths[Priority.TELEMETRY] == 1 and spool.report("d1").lost_telemetry == 1


def test_a_full_spool_gives_up_telemetry_that_the_broker_refuses(tmp_path: Path) -> None:
    """It was sent once and is with nobody: it must not keep its place for ever."""
    spool = Spool(tmp_path, max_bytes=5_000)
    put(spool, Priority.TELEMETRY, 10)
    assert len(spool.take(Priority.TELEMETRY, 0, 100)) == 10
    spool.held = frozenset({"t/telemetry"})
    assert all(put(spool, Priority.ALARM, 12))
    assert lost(spool, Lane.TELEMETRY)[0][0] == 0
    assert spool.depths[Priority.ALARM] == 12


def test_an_alarm_with_too_much_to_say_is_said_without_its_details(tmp_path: Path) -> None:
    spool = Spool(tmp_path)

    def make(seq: int) -> Event:
        details = {f"fact-{number}": "x" * 500 for number in range(600)}
        return Event(
            id=uuid4(),
            device="d1",
            boot=BOOT,
            seq=seq,
            phase=Phase.START,
            rule=Rule.ALARM_BUTTON,
            at=NOW,
            observed=NOW,
            details=details,
        )

    assert spool.put(Lane.EVENT, "d1", "t/alarm", make)
    (kept,) = messages(Priority.ALARM, spool.take(Priority.ALARM, 0, 10))
    assert isinstance(kept, Event) and kept.rule is Rule.ALARM_BUTTON
    assert kept.details == {"left_out": "details and evidence: too large"}
