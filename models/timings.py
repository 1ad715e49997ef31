"""How long a step took, as counts in fixed buckets: cheap to keep for years, and percentiles can still be read."""

import threading
from bisect import bisect_left

import msgspec

EDGES_MS = (1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 50.0, 75.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0)


class Histogram(msgspec.Struct, frozen=True):
    """Counts of runs up to each edge (milliseconds), the last one for all beyond; and their sum."""

    edges_ms: tuple[float, ...]
    counts: tuple[int, ...]
    sum_ms: float

    @property
    def runs(self) -> int:
        return sum(self.counts)

    def percentile(self, share: float) -> float | None:
        """The upper edge of the bucket in which `share` (0-1) of the runs have ended; None without a run.

        The last bucket has no upper edge: infinity.
        """
        needed, seen = share * self.runs, 0
        for edge, count in zip((*self.edges_ms, float("inf")), self.counts, strict=True):
            seen += count
            if count and seen >= needed:
                return edge
        return None


class Timings:
    """Counts runs from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = [0] * (len(EDGES_MS) + 1)
        self._sum = 0.0

    def add(self, milliseconds: float) -> None:
        with self._lock:
            self._counts[bisect_left(EDGES_MS, milliseconds)] += 1
            self._sum += milliseconds

    def read(self) -> Histogram:
        with self._lock:
            return Histogram(EDGES_MS, tuple(self._counts), self._sum)
