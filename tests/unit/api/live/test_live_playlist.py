"""The playlist says what is there; names are numbers and nothing else."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.live.playlist import Piece, piece, playlist
from api.live.store import KEPT_LIVE, NoRoom, Store

T0 = 1_772_366_400_000  # 2026-03-01T12:00:00Z


def test_a_live_list_slides_and_counts_its_changes_of_format() -> None:
    pieces = [Piece(7, 1, 2000, T0), Piece(8, 1, 2033, T0 + 2000), Piece(9, 2, 1500, T0 + 9000)]
    assert playlist(pieces, interval=False, ended=False).splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:2",
        "#EXT-X-MEDIA-SEQUENCE:7",
        "#EXT-X-DISCONTINUITY-SEQUENCE:1",
        '#EXT-X-MAP:URI="init-1.mp4"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:00.000Z",
        "#EXTINF:2.000,",
        "7.m4s",
        "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:02.000Z",
        "#EXTINF:2.033,",
        "8.m4s",
        "#EXT-X-DISCONTINUITY",
        '#EXT-X-MAP:URI="init-2.mp4"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:09.000Z",
        "#EXTINF:1.500,",
        "9.m4s",
    ]


def test_an_interval_has_an_end() -> None:
    lines = playlist([Piece(0, 0, 2000, T0)], interval=True, ended=True).splitlines()
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in lines and lines[-1] == "#EXT-X-ENDLIST"


@given(st.integers(0, 99_999_999), st.integers(0, 9999), st.integers(1, 120_000), st.integers(0, 10**13))
def test_a_name_says_what_it_is(number: int, init: int, ms: int, start: int) -> None:
    one = Piece(number, init, ms, start)
    assert piece(one.name) == one


@given(st.text())
def test_any_other_name_is_none(name: str) -> None:
    assert piece(name) is None or ("/" not in name and ".." not in name)


@pytest.mark.parametrize("name", ["../../00000001-0-1-1.m4s", ".00000001-0-1-1.m4s", "1-0-1-1.m4s", "done", ""])
def test_names_that_lead_elsewhere(name: str) -> None:
    assert piece(name) is None


def fill(store: Store, lease: UUID, starts: Iterable[int], content: bytes = b"x") -> None:
    store.put_init(lease, 0, b"head")
    for start in starts:
        store.put_piece(lease, start, 2000, 0, content, live=True)


def test_a_live_view_keeps_only_the_newest_and_the_folder_is_bounded(tmp_path: Path) -> None:
    store, lease = Store(tmp_path, 1_000_000), uuid4()
    fill(store, lease, range(T0, T0 + 2000 * (KEPT_LIVE + 5), 2000), b"x" * 1000)
    assert [one.number for one in store.pieces(lease)] == list(range(5, KEPT_LIVE + 5))
    assert store.path(lease, 4) is None and store.path(lease, 5) is not None
    other = uuid4()
    with pytest.raises(NoRoom, match="of video are kept already"):
        store.put_clip(other, b"x" * 990_000)
    assert store.clip(other) is None and store.leases() == [lease]
    store.drop(lease)
    assert store.leases() == [] and store.size() == 0
    store.put_done(other, "ended")
    assert store.done(other) == "ended" and store.pieces(other) == []


def test_an_agent_that_begins_anew_goes_on_with_the_same_stream(tmp_path: Path) -> None:
    store, lease = Store(tmp_path, 1_000_000), uuid4()
    fill(store, lease, [T0, T0 + 2000, T0 + 4000])
    # It counts its heads from 0 again, begins with what it sent before, and then something it had left out.
    fill(store, lease, [T0 + 2000, T0 + 3000, T0 + 4000, T0 + 6000])
    assert [(one.number, one.init, one.start_ms - T0) for one in store.pieces(lease)] == [
        (0, 0, 0), (1, 0, 2000), (2, 0, 4000), (3, 0, 6000)]  # fmt: skip
    store.put_init(lease, 0, b"another head")
    store.put_piece(lease, T0 + 8000, 2000, 0, b"x", live=True)
    assert store.pieces(lease)[-1].init == 1
    with pytest.raises(LookupError, match="x-segment-init: 7"):
        store.put_piece(lease, T0 + 10_000, 2000, 7, b"x", live=True)
    # A clock that was set back by an hour is no reason to see nothing for an hour.
    store.put_piece(lease, T0 - 3_600_000, 2000, 0, b"x", live=True)
    assert store.pieces(lease)[-1].start_ms == T0 - 3_600_000


@given(st.lists(st.integers(0, 40), max_size=60))
def test_a_recording_keeps_each_segment_once_in_order_of_arrival(starts: list[int]) -> None:
    with TemporaryDirectory() as folder:
        store, lease = Store(Path(folder), 1_000_000), uuid4()
        store.put_init(lease, 0, b"head")
        for start in starts:
            store.put_piece(lease, T0 + start, 2000, 0, b"x", live=False)
        assert [one.start_ms - T0 for one in store.pieces(lease)] == list(dict.fromkeys(starts))
