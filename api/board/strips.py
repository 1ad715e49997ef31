"""PURE: the sensors of the last minutes as strips, the moment of the alarm marked; unknown is hatched, never flat."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

WIDTH, HEIGHT = 600.0, 46.0
GAP_S = 15.0
FRESH_S = 30.0


class Strip(Struct, frozen=True):
    """One sensor's line as SVG: `points` are polylines, `gaps` are spans without data (x, width)."""

    key: str
    lines: tuple[str, ...]
    gaps: tuple[tuple[float, float], ...]
    low: float
    high: float
    unit: str
    last: float | None
    """the value at the end; None where the last one is older than FRESH_S"""


NAMES = (("position", "m"), ("speed", "m/s"), ("door_closed", ""), ("passenger", ""), ("load", "kg"))


def strips(samples: Sequence[Mapping[str, Any]], start: datetime, stop: datetime) -> list[Strip]:
    """The strips of samples (ordered by time) between two times."""
    return [_strip(key, unit, samples, start, stop) for key, unit in NAMES]


def x_of(at: datetime, start: datetime, stop: datetime) -> float:
    """Where a time stands, 0 to WIDTH."""
    span = max(1e-9, (stop - start).total_seconds())
    return round(min(1.0, max(0.0, (at - start).total_seconds() / span)) * WIDTH, 1)


def _strip(key: str, unit: str, samples: Sequence[Mapping[str, Any]], start: datetime, stop: datetime) -> Strip:
    known = [(sample["time"], float(sample[key])) for sample in samples if sample[key] is not None]
    values = [value for _, value in known]
    low, high = (0.0, 1.0) if not unit or not values else (min(*values, 0.0), max(*values, 1.0))
    runs: list[list[tuple[datetime, float]]] = []
    for at, value in known:
        if not runs or (at - runs[-1][-1][0]).total_seconds() > GAP_S:
            runs.append([])
        runs[-1].append((at, value))
    lines = tuple(_line(run, low, high, start, stop, stepped=not unit) for run in runs)
    fresh = bool(known) and (stop - known[-1][0]).total_seconds() <= FRESH_S
    return Strip(key, lines, tuple(_gaps(runs, start, stop)), low, high, unit, values[-1] if fresh else None)


def _line(
    run: Sequence[tuple[datetime, float]], low: float, high: float, start: datetime, stop: datetime, stepped: bool
) -> str:
    points, before = [], None
    for at, value in run:
        x, y = x_of(at, start, stop), round(HEIGHT - 3 - (value - low) / (high - low) * (HEIGHT - 6), 1)
        if stepped and before is not None and before != y:
            points.append(f"{x},{before}")
        points.append(f"{x},{y}")
        before = y
    return " ".join(points)


def _gaps(
    runs: Sequence[Sequence[tuple[datetime, float]]], start: datetime, stop: datetime
) -> list[tuple[float, float]]:
    edges = [start, *(at for run in runs for at in (run[0][0], run[-1][0])), stop]
    spans = []
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        if (right - left).total_seconds() > GAP_S:
            x = x_of(left, start, stop)
            spans.append((x, round(x_of(right, start, stop) - x, 1)))
    return spans
