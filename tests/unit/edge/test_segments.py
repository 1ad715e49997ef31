"""The ring by its names: what lies between, what comes next, and what goes first when there is no room."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge import segments
from edge.boxes import NoBox, boxes, find, set_decode_time
from edge.segments import CutError, Ring, Segment, Shelf, cut, milliseconds

MONTH = timedelta(days=30)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def fill(folder: Path, start: datetime, count: int, init: bytes = b"one", size: int = 100) -> None:
    shelf = Shelf(folder)
    for number in range(count):
        shelf.put(milliseconds(start) + 2000 * number, 2000, init, bytes(size))


def starts(found: list[Segment], since: datetime = NOON) -> list[float]:
    return [(one.start - since).total_seconds() for one in found]


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (0, 20, [0, 2, 4, 6, 8]),
        (2, 4, [2]),
        (3, 5, [2, 4]),
        (3.9, 4.1, [2, 4]),
        (-5, 0, []),
        (10, 20, []),
        (5, 5, [4]),
    ],
)
def test_between_gives_every_segment_that_holds_a_part(
    tmp_path: Path, begin: float, end: float, expected: list[float]
) -> None:
    fill(tmp_path, NOON, 5)
    ring = Ring(tmp_path, 0, MONTH)
    found = ring.between(NOON + seconds(begin), NOON + seconds(end))
    assert starts(found) == expected
    assert all(one.seconds == 2 and one.size == 100 and one.init.read_bytes() == b"one" for one in found)


@pytest.fixture(scope="module")
def over_midnight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ring")
    fill(folder, MIDNIGHT - seconds(4), 5)
    return folder


@settings(deadline=None)
@given(begin=st.integers(-3000, 12_000), length=st.integers(1, 12_000))
def test_between_is_what_overlaps_and_after_goes_on(over_midnight: Path, begin: int, length: int) -> None:
    folder = over_midnight
    ring, start = Ring(folder, 0, MONTH), MIDNIGHT - seconds(4) + timedelta(milliseconds=begin)
    found = starts(ring.between(start, start + timedelta(milliseconds=length)), MIDNIGHT - seconds(4))
    assert found == [s for s in (0, 2, 4, 6, 8) if s * 1000 < begin + length and (s + 2) * 1000 > begin]
    assert starts(ring.after(start), MIDNIGHT - seconds(4)) == [s for s in (0, 2, 4, 6, 8) if s * 1000 > begin]


def test_a_segment_over_midnight_is_found_from_the_new_day(tmp_path: Path) -> None:
    fill(tmp_path, MIDNIGHT - seconds(1), 1)
    assert len(Ring(tmp_path, 0, MONTH).between(MIDNIGHT, MIDNIGHT + seconds(1))) == 1


def test_local_times_mean_the_same_instants(tmp_path: Path) -> None:
    fill(tmp_path, MIDNIGHT - seconds(4), 5)
    here = timezone(timedelta(hours=8))
    found = Ring(tmp_path, 0, MONTH).between((MIDNIGHT - seconds(4)).astimezone(here), MIDNIGHT.astimezone(here))
    assert starts(found, MIDNIGHT) == [-4, -2]
    assert len(Ring(tmp_path, 0, MONTH).after((MIDNIGHT - seconds(5)).astimezone(here))) == 5


def test_each_segment_goes_with_the_init_of_its_time(tmp_path: Path) -> None:
    fill(tmp_path, NOON, 2, b"one")
    fill(tmp_path, NOON + seconds(10), 2, b"two")
    fill(tmp_path, NOON + seconds(20), 2, b"two")
    fill(tmp_path, NOON + seconds(30), 2, b"one")
    fill(tmp_path, NOON + timedelta(days=1), 1, b"one")
    found = Ring(tmp_path, 0, MONTH).after(NOON - seconds(1))
    assert [one.init.read_bytes() for one in found] == [b"one"] * 2 + [b"two"] * 4 + [b"one"] * 3
    assert len(list(tmp_path.rglob("init-*.mp4"))) == 4


def test_what_is_not_whole_is_not_listed(tmp_path: Path) -> None:
    fill(tmp_path, NOON, 2)
    day = tmp_path / "20260301"
    (day / ".part-1772366404000-002000.m4s").write_bytes(b"half")
    (day / "1772366406000-002000.m4s").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("foreign", "utf-8")
    assert len(Ring(tmp_path, 0, MONTH).after(NOON - seconds(1))) == 2


def test_an_empty_ring_gives_nothing(tmp_path: Path) -> None:
    ring = Ring(tmp_path / "none", 1, MONTH)
    assert ring.after(NOON) == ring.between(NOON, MIDNIGHT) == [] and ring.prune(NOON) == 0


def test_too_much_goes_oldest_first(tmp_path: Path) -> None:
    fill(tmp_path, MIDNIGHT - seconds(4), 5)
    ring = Ring(tmp_path, 250, MONTH, reserve=0)
    assert ring.size() == 500 and ring.prune(MIDNIGHT + seconds(10)) == 300
    assert starts(ring.after(NOON), MIDNIGHT) == [2, 4]
    assert ring.prune(MIDNIGHT + seconds(10)) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["20260302"]
    fill(tmp_path, MIDNIGHT + seconds(6), 1)
    assert ring.prune(MIDNIGHT + seconds(10)) == 100 and ring.size() == 200


def test_what_comes_after_the_count_is_counted_also_when_the_clock_went_back(tmp_path: Path) -> None:
    ring = Ring(tmp_path, 0, MONTH, reserve=0)
    fill(tmp_path, MIDNIGHT, 2)
    assert ring.size() == 200
    fill(tmp_path, MIDNIGHT + seconds(10), 3)
    assert ring.size() == 500
    fill(tmp_path, NOON, 1)
    assert ring.size() == 600
    fill(tmp_path, NOON + seconds(20), 1)
    assert ring.size() == 700 == ring.size()


def test_too_old_goes_whatever_the_room(tmp_path: Path) -> None:
    fill(tmp_path, NOON, 5)
    ring = Ring(tmp_path, 0, timedelta(hours=1), reserve=0)
    assert ring.prune(NOON + timedelta(hours=1, seconds=4)) == 200
    assert starts(ring.after(NOON - seconds(1))) == [4, 6, 8]


def test_a_full_disk_takes_a_share_of_every_ring_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, NOON, 20)
    free = 50
    monkeypatch.setattr(segments, "_free", lambda folder: free)
    ring = Ring(tmp_path, 0, MONTH, reserve=1000)
    assert ring.prune(NOON) == 200 and ring.prune(NOON) == 200
    free = 1000
    assert ring.prune(NOON) == 0


def test_nothing_recorded_is_no_clip(tmp_path: Path) -> None:
    with pytest.raises(CutError, match="nothing was recorded from 2026-03-01T12:00:00"):
        cut([], NOON, MIDNIGHT, tmp_path / "clip.mp4")
    assert list(tmp_path.iterdir()) == []


def test_what_was_pruned_meanwhile_is_no_clip(tmp_path: Path) -> None:
    fill(tmp_path, NOON, 2)
    found = Ring(tmp_path, 0, MONTH).after(NOON - seconds(1))
    Ring(tmp_path, 1, MONTH, reserve=0).prune(MIDNIGHT)
    with pytest.raises(CutError, match="nothing was recorded"):
        cut(found, NOON, MIDNIGHT, tmp_path / "clip.mp4")


def test_a_damaged_segment_is_one_clear_error(tmp_path: Path) -> None:
    fill(tmp_path, NOON, 2)
    with pytest.raises(CutError, match="cannot be made from the recording"):
        cut(Ring(tmp_path, 0, MONTH).after(NOON - seconds(1)), NOON, MIDNIGHT, tmp_path / "clip.mp4")
    assert not (tmp_path / "clip.mp4").exists()


def box(kind: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def fragment(ticks: int) -> bytes:
    return box(b"moof", box(b"traf", box(b"tfdt", bytes([1, 0, 0, 0]) + ticks.to_bytes(8, "big")))) + box(b"mdat", b"x")


def test_fragments_are_moved_together() -> None:
    data = bytearray(fragment(7) + fragment(107))
    set_decode_time(data, 1_000_000_000_000)
    assert data == fragment(1_000_000_000_000) + fragment(1_000_000_000_100)


@pytest.mark.parametrize("data", [b"", box(b"moof", b""), b"\x00\x00\x00\x01moof", b"\x00\x00\x00\xffmoof", b"abc"])
def test_bytes_that_are_no_fragments_are_refused(data: bytes) -> None:
    with pytest.raises(NoBox):
        set_decode_time(bytearray(data), 5)
    with pytest.raises(NoBox):
        find(data, "moov/trak")


@given(st.binary(max_size=60))
def test_boxes_never_run_past_the_end(data: bytes) -> None:
    with suppress(NoBox):
        assert all(found.end <= len(data) for found in boxes(data))
