"""The load of every bench: spliced messages are the contract's, percentiles are by rank, costs are per 10,000."""

import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.kinds import Lane
from contracts.messages import Telemetry, decode
from contracts.topics import parse
from runtime.load.machine import cpu_seconds, idle, memory_mb, spent
from runtime.load.payload import VARIANTS, fleet, instant, message, samples, templates
from runtime.load.percentile import percentile

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
