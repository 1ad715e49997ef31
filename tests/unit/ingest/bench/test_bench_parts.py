"""Pure parts of the bench: when its equation balances, and that every worker is timed."""

import msgspec
import pytest

from contracts.topics import parse
from ingest.bench.cli import table
from ingest.bench.numbers import Numbers
from ingest.shard import Shard
from runtime.load.payload import probes


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 7, 16, 64])
def test_every_worker_has_timed_messages(workers: int) -> None:
    shards = {parse(f"sunlit/v1/{int(member.code.rpartition('-')[2]):02}/{member.site}/{member.code}/event").shard
              for member in probes(workers)}  # fmt: skip
    assert len(probes(workers)) >= 4
    for number in range(1, workers + 1):
        numbers = Shard(number, workers).numbers
        assert numbers is None or shards & set(numbers)


NUMBERS = Numbers(
    devices=1,
    rate=0.0,
    seconds=1.0,
    samples=1,
    workers=1,
    cores=2,
    database="PostgreSQL",
    durable=True,
    messages_per_second=1.0,
    samples_per_second=1.0,
    cpu_s_per_10k={"broker": 0.1, "ingest": 0.5},
    p50_s=0.1,
    p95_s=0.1,
    p99_s=0.1,
    event_p50_s=None,
    event_p95_s=None,
    event_p99_s=None,
    probes=1,
    consumer_messages_per_second=2.0,
    copy_rows_per_second=2.0,
    ratio_consumer=0.5,
    ratio_copy=0.5,
    published=10,
    stored=10,
    rejected=0,
    lost=0,
    duplicated=0,
    unexplained=0,
    samples_published=10,
    samples_stored=10,
    resent=0,
    unheard=0,
    refused=0,
    backlog=0,
    drain_s=0.1,
    generator_late_s=0.0,
    sustained=True,
    idle_share=0.5,
    ingest_memory_mb=(1.0, 1.0),
)


@pytest.mark.parametrize(
    ("change", "balanced"),
    [
        ({}, True),
        ({"duplicated": 3}, True),
        ({"unexplained": 1}, False),
        ({"unexplained": -1}, False),
        ({"lost": 1}, False),
        ({"rejected": 1}, False),
        ({"samples_stored": 9}, False),
    ],
)
def test_when_the_equation_balances(change: dict[str, int], balanced: bool) -> None:
    assert msgspec.structs.replace(NUMBERS, **change).balanced is balanced


def test_the_table_leaves_out_what_was_not_measured() -> None:
    labels = list(table(NUMBERS).columns[0].cells)
    assert "CPU s per 10,000 messages, ingest" in labels and "p99 s" in labels and "event p99 s" not in labels
