"""Workers share the city out: every site has one worker and only one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.topics import SHARDS
from ingest.shard import WHOLE, Shard, shard


@given(st.integers(1, SHARDS))
def test_every_shard_has_exactly_one_worker(workers: int) -> None:
    shares = [Shard(number, workers).numbers or range(SHARDS) for number in range(1, workers + 1)]
    assert sorted(number for share in shares for number in share) == list(range(SHARDS))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_worker_alone_keeps_the_plain_name() -> None:
    assert (WHOLE.suffix, WHOLE.numbers) == ("", None)
    assert shard("2/4").suffix == "-2of4"


@pytest.mark.parametrize("text", ["", "2", "0/4", "5/4", "1/65", "1/0", "a/b", "1/4/2", "-1/4", "１/４"])
def test_a_wrong_shard_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected K/N with 1 <= K <= N <= 64"):
        shard(text)
