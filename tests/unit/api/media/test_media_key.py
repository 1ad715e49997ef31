"""The secret is made once, is ours alone, and is the same for everybody who makes it at the same time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from api.media.key import BYTES, read_or_make


def test_it_is_made_once_and_only_we_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "live" / ".key"
    key = read_or_make(path)
    assert len(key) == BYTES and read_or_make(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == [".key"]


def test_of_several_that_make_it_at_once_one_wins(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(read_or_make, [tmp_path / ".key"] * 32))
    assert len(keys) == 1
