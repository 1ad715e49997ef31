"""Pure parts of the bench: spliced messages are the contract's, percentiles are by rank, costs are per 10,000."""

import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.kinds import Lane
from contracts.messages import Telemetry, decode
from contracts.topics import parse
from ingest.bench.cli import table
from ingest.bench.machine import cpu_seconds, idle, memory_mb, spent
from ingest.bench.numbers import Numbers, percentile
from ingest.bench.payload import VARIANTS, fleet, instant, message, probes, samples, templates
from ingest.shard import Shard

BOOT = UUID(int=7, version=4)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(
    seq=st.integers(0, 2**53),
    at_ms=st.integers(0, 4_000_000_000_000),
    size=st.sampled_from([1, 20]),
    n=st.integers(0, 79),
)
def test_a_filled_template_is_the_message_that_the_contract_encodes(seq: int, at_ms: int, size: int, n: int) -> None:
    members = fleet(80)
    place, template = list(templates(members, BOOT, size))[n]
    got = decode(Lane.TELEMETRY, template.fill(str(seq).encode(), instant(at_ms)))
    at = EPOCH + timedelta(milliseconds=at_ms)
    assert got == decode(Lane.TELEMETRY, message(members[n].code, BOOT, seq, at, size, n % VARIANTS))
    assert isinstance(got, Telemetry) and got.base == at and len(got.samples) == size
    found = parse(place.decode())
    assert (found.site, found.device, found.lane) == (members[n].site, members[n].code, Lane.TELEMETRY)


def test_a_fleet_of_one_and_samples_that_differ() -> None:
    assert len(list(templates(fleet(1), BOOT, 1))) == 1
    assert len({samples(1, variant) for variant in range(VARIANTS)}) == VARIANTS
    assert len({member.code for member in fleet(25)}) == 25 and len({member.site for member in fleet(25)}) == 3


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 7, 16, 64])
def test_every_worker_has_timed_messages(workers: int) -> None:
    shards = {parse(f"sunlit/v1/{int(member.code.rpartition('-')[2]):02}/{member.site}/{member.code}/event").shard
              for member in probes(workers)}  # fmt: skip
    assert len(probes(workers)) >= 4
    for number in range(1, workers + 1):
        numbers = Shard(number, workers).numbers
        assert numbers is None or shards & set(numbers)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=300))
def test_percentiles_are_values_by_rank(values: list[float]) -> None:
    for share in (0.5, 0.95, 0.99, 1.0):
        found = percentile(values, share)
        assert found is not None
        assert sum(value <= found + 1e-4 for value in values) >= share * len(values) - 1e-9
        assert sum(value < found - 1e-4 for value in values) < share * len(values)


def test_a_percentile_of_nothing_is_none() -> None:
    assert percentile([], 0.99) is None
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0


def test_costs_are_told_per_ten_thousand_messages() -> None:
    assert spent({"broker": 1.0}, {"broker": 3.0}, 40_000) == {"broker": 0.5}
    assert spent({"broker": 1.0}, {"broker": 1.0}, 0) == {"broker": 0.0}


def test_this_process_and_this_machine_are_seen() -> None:
    before, begun, end = cpu_seconds([os.getpid()]), idle(), time.monotonic() + 20
    while cpu_seconds([os.getpid()]) <= before + 0.05:
        assert time.monotonic() < end
    assert idle().total > begun.total and 0 <= idle().idle <= idle().total
    assert cpu_seconds([os.getpid()], families=True) >= before
    assert memory_mb([os.getpid()]) > 10
    assert cpu_seconds([2**22 + 1]) == 0.0 and memory_mb([2**22 + 1]) == 0.0


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
