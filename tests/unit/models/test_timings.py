from hypothesis import given
from hypothesis import strategies as st

from models.timings import EDGES_MS, Timings


def test_nothing_has_no_percentile() -> None:
    assert Timings().read().percentile(0.5) is None


def test_an_edge_belongs_to_its_own_bucket() -> None:
    timings = Timings()
    timings.add(10.0)
    timings.add(10.1)
    read = timings.read()
    assert read.runs == 2 and read.sum_ms == 20.1
    assert read.percentile(0.5) == 10.0 and read.percentile(1) == 15.0


def test_what_is_beyond_the_last_edge_is_counted() -> None:
    timings = Timings()
    timings.add(60_000)
    assert timings.read().percentile(0.99) == float("inf")


@given(st.lists(st.floats(0, 4000), min_size=1), st.floats(0.01, 1))
def test_a_percentile_bounds_its_share_from_above(runs: list[float], share: float) -> None:
    timings = Timings()
    for run in runs:
        timings.add(run)
    bound = timings.read().percentile(share)
    assert bound is not None and bound in EDGES_MS
    assert sum(run <= bound for run in runs) >= share * len(runs)
