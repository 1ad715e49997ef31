"""PURE: what a kitchen's sensors said over a time: steps, gaps, and how long a limit was missed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from runtime.api_settings import ClimateLimit

Row = Mapping[str, Any]


class Span(NamedTuple):
    """How far back a chart goes, and how long each of its steps is."""

    name: str
    back: timedelta
    step: timedelta
    least_gap: int
    """fewer steps without a word are no gap"""

    @property
    def steps(self) -> int:
        return round(self.back / self.step)


SPANS = {
    span.name: span
    for span in (
        Span("day", timedelta(hours=24), timedelta(minutes=5), 2),
        Span("week", timedelta(days=7), timedelta(minutes=30), 1),
        Span("quarter", timedelta(days=90), timedelta(days=1), 1),
    )
}


class Step(NamedTuple):
    """What was said within one step; None: not measured. Shares are of its samples."""

    at: datetime
    low: float | None
    mean: float | None
    high: float | None
    humidity: float | None
    door: float | None = None
    lamp: float | None = None


class Outside(NamedTuple):
    """A time in which a value was outside its limit; `worst` in degrees C."""

    since: datetime
    until: datetime
    worst: float

    @property
    def seconds(self) -> float:
        return (self.until - self.since).total_seconds()


def start_of(span: Span, now: datetime, origin: datetime) -> datetime:
    """Where the first step begins: steps lie on a raster from `origin` on, the last one holds `now`."""
    return origin + ((now - origin) // span.step + 1 - span.steps) * span.step


def steps(rows: Sequence[Row], span: Span, start: datetime) -> list[Step | None]:
    """One place for each step; None where nothing was heard."""
    found: list[Step | None] = [None] * span.steps
    for row in rows:
        place = (row["bucket"] - start) // span.step
        if 0 <= place < len(found):
            found[place] = Step(
                row["bucket"],
                row["low"],
                row["mean"],
                row["high"],
                row["humidity"],
                row.get("door"),
                row.get("lamp"),
            )
    return found


def outside(found: Sequence[Step | None], limit: ClimateLimit | None, step: timedelta) -> list[Outside]:
    """Runs of steps whose mean misses the limit; a gap ends a run, for what nobody heard nobody knows."""
    runs: list[Outside] = []
    if limit is None:
        return runs
    for one in found:
        if one is None or one.mean is None or not limit.missed(one.mean):
            continue
        # What has to be hot is worst where it was coldest.
        cold = limit.above_c is not None and one.mean <= limit.above_c
        peak = _or(one.low if cold else one.high, one.mean)
        if runs and runs[-1].until == one.at:
            peak = (min if cold else max)(runs[-1].worst, peak)
            runs[-1] = Outside(runs[-1].since, one.at + step, peak)
        else:
            runs.append(Outside(one.at, one.at + step, peak))
    return runs


def gaps(found: Sequence[Step | None], least: int) -> list[tuple[int, int]]:
    """Places [from, to) of steps in which nothing was heard."""
    runs: list[tuple[int, int]] = []
    begin: int | None = None
    for place, heard in enumerate([*(one is not None for one in found), True]):
        if not heard and begin is None:
            begin = place
        elif heard and begin is not None:
            if place - begin >= least:
                runs.append((begin, place))
            begin = None
    return runs


class Extremes(NamedTuple):
    """The lowest and highest reading with their times, and the mean of the steps."""

    low: float
    low_at: datetime
    high: float
    high_at: datetime
    mean: float


def extremes(found: Sequence[Step | None]) -> Extremes | None:
    """None where no temperature was measured."""
    said = [one for one in found if one is not None and one.mean is not None]
    if not said:
        return None
    coldest = min(said, key=lambda one: _or(one.low, one.mean))
    warmest = max(said, key=lambda one: _or(one.high, one.mean))
    mean = sum(_or(one.mean, None) for one in said) / len(said)
    return Extremes(_or(coldest.low, coldest.mean), coldest.at, _or(warmest.high, warmest.mean), warmest.at, mean)


def _or(value: float | None, other: float | None) -> float:
    found = other if value is None else value
    assert found is not None
    return found
