"""PURE: what the page shows of one sensor: its charts, what was outside its limit, what nobody heard."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from markupsafe import Markup

from api.i18n import LOCAL
from api.kitchen.climate import Extremes, Outside, Span, Step, extremes, gaps, outside
from api.kitchen.drawn import Band, Course, Tick, course, strip
from runtime.api_settings import ClimateLimit

Say = Callable[[str], str]


class Shown(NamedTuple):
    """Everything of one sensor."""

    row: Mapping[str, Any]
    name: str
    limit: ClimateLimit | None
    drawn: Mapping[str, Markup]
    missed: Sequence[Outside]
    extremes: Extremes | None
    unheard_s: float
    on_s: Mapping[str, float]
    """how long a door was open and a lamp lit, in seconds"""


def shown(
    row: Mapping[str, Any], name: str, found: Sequence[Step | None], start: datetime, span: Span,
    limit: ClimateLimit | None, say: Say,
) -> Shown:  # fmt: skip
    """`say` gives the text of a key."""
    missed = outside(found, limit, span.step)
    holes, ticks = gaps(found, span.least_gap), ticks_of(start, span)
    hot = [((one.since - start) // span.step, (one.until - start) // span.step) for one in missed]
    drawn: dict[str, Markup] = {}
    temperature = _bridged([_degrees(one) for one in found], span)
    if any(temperature):
        lines = limit.lines if limit else ()
        words = f"{name}: {say('sensors.temperature')}"
        drawn["temperature"] = course(Course(temperature, "°C", lines, hot, holes), ticks, words, f"{row['code']}-t")
    humidity = _bridged([_damp(one) for one in found], span)
    if any(humidity):
        words = f"{name}: {say('sensors.humidity')}"
        drawn["humidity"] = course(Course(humidity, "%", (), (), holes), ticks, words, f"{row['code']}-h")
    on_s = {}
    for kind in ("door", "lamp"):
        shares: list[float | None] = [getattr(one, kind) if one else None for one in found]
        known = [share for share in shares if share is not None]
        if known:
            words = f"{name}: {say(f'sensors.{kind}')}"
            drawn[kind] = strip(shares, f"{kind}-on", "off", ticks, words, f"{row['code']}-{kind}")
            on_s[kind] = sum(known) * span.step.total_seconds()
    unheard_s = sum(last - first for first, last in holes) * span.step.total_seconds()
    return Shown(row, name, limit, drawn, missed[::-1], extremes(found), unheard_s, on_s)


def ticks_of(start: datetime, span: Span) -> list[Tick]:
    """Round times along the axis: hours of a day, days of a week, weeks of a quarter."""
    pace = {"day": timedelta(hours=4), "week": timedelta(days=1), "quarter": timedelta(days=14)}[span.name]
    local = start.astimezone(LOCAL)
    first = local.replace(hour=0, minute=0, second=0, microsecond=0)
    words = "%H:%M" if span.name == "day" else "%m-%d"
    at = [first + step * pace for step in range(2 + span.back // pace + timedelta(days=1) // pace)]
    found = [((moment - local) / span.back, f"{moment:{words}}") for moment in at]
    return [(share, name) for share, name in found if 0.02 <= share <= 0.98]


def _degrees(one: Step | None) -> Band | None:
    if one is None or one.mean is None:
        return None
    return Band(one.mean if one.low is None else one.low, one.mean, one.mean if one.high is None else one.high)


def _damp(one: Step | None) -> Band | None:
    return None if one is None or one.humidity is None else Band(one.humidity, one.humidity, one.humidity)


def _bridged(found: Sequence[Band | None], span: Span) -> list[Band | None]:
    """What is too short for a gap is drawn on from the step before."""
    drawn = list(found)
    for place in range(1, len(found) - 1):
        if drawn[place] is None and span.least_gap > 1 and found[place - 1] and found[place + 1]:
            drawn[place] = found[place - 1]
    return drawn
