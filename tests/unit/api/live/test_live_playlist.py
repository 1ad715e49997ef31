"""The playlist says what is there; names are numbers and nothing else."""

from pathlib import Path
from uuid import uuid4

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
        "#EXT-X-TARGETDURATION:3",
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


def test_a_live_view_keeps_only_the_newest_and_the_folder_is_bounded(tmp_path: Path) -> None:
    store, lease = Store(tmp_path, 1_000_000), uuid4()
    for number in range(KEPT_LIVE + 5):
        store.put_piece(lease, Piece(number, 0, 2000, T0 + 2000 * number), b"x" * 1000, live=True)
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
