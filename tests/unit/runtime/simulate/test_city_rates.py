"""Rates add up to the published figures, and durations have the published middle."""

from random import Random
from statistics import mean, median

import pytest

from runtime.simulate import rates
from runtime.simulate.happenings import rescue, sight


def test_a_month_of_hours_is_the_published_rate() -> None:
    a_day = sum(rates.trapped_per_s(60_000, hour) * 3600 for hour in range(24))
    assert a_day * 30 == pytest.approx(60_000 * 0.006)
    seen = sum(rates.findings_per_s(25_000, hour) * 3600 for hour in range(24))
    assert seen == pytest.approx(25_000 * rates.FINDINGS_PER_KITCHEN_AND_DAY)


def test_peaks_and_trough_are_where_they_were_published() -> None:
    for peak in (8, 9, 12, 13, 17, 18, 19):
        assert rates.busy(peak) > 1.2
    assert min(range(24), key=rates.busy) in (4, 5)


def test_arrival_and_release_as_published() -> None:
    random = Random(1)
    arrivals = [rates.arrival_s(random) / 60 for _ in range(20_000)]
    assert 10.5 < mean(arrivals) < 12.5  # published: 9.8 to 13.1
    assert sum(minutes <= 30 for minutes in arrivals) / len(arrivals) > 0.99
    assert median(rates.release_s(random) / 60 for _ in range(20_000)) == pytest.approx(3.8, rel=0.05)
    assert sum(rates.accept_s(random) <= 180 for _ in range(20_000)) / 20_000 > 0.995
    assert mean(rates.people(random) for _ in range(20_000)) == pytest.approx(2.0, abs=0.05)


def test_poisson_has_its_mean_and_its_spread() -> None:
    random = Random(1)
    drawn = [rates.happenings(random, 2.5) for _ in range(20_000)]
    assert mean(drawn) == pytest.approx(2.5, abs=0.05)
    assert mean((count - 2.5) ** 2 for count in drawn) == pytest.approx(2.5, abs=0.15)
    assert rates.happenings(random, 0.0) == 0


@pytest.mark.parametrize("hurry", [1.0, 60.0])
def test_a_rescue_goes_forward_in_time(hurry: float) -> None:
    random = Random(1)
    for _ in range(500):
        plan = rescue(random, 1000.0, True, hurry)
        assert 1000.0 < plan.told <= plan.arrival < plan.freed
        assert plan.told < plan.halfway < plan.freed
        assert plan.people >= 1


def test_what_is_seen_can_be_doubted_or_not() -> None:
    random = Random(1)
    seen = [sight(random, 0.0, 1.0) for _ in range(2000)]
    assert all(0.6 <= one.confidence <= 1.0 and one.ended > one.began for one in seen)
    assert 0.6 < sum(one.confidence >= 0.9 for one in seen) / len(seen) < 0.9
