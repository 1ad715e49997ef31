"""PURE: a week of duty as a strip: hours with somebody, with a substitute, and with nobody."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from markupsafe import Markup

from contracts.roster import Hole, Roster, Turn, holes, on_duty, turns

WIDTH, HEIGHT, TOP = 700, 40, 16
DAYS = 7


class Week(NamedTuple):
    """An organisation's next seven days."""

    now: Sequence[Turn]
    turns: Sequence[Turn]
    holes: Sequence[Hole]
    strip: Markup


def week(roster: Roster, start: datetime, now: datetime, holidays: Mapping[int, str], label: str) -> Week:
    """From midnight before `now` on, `DAYS` and what is left of today. Who promises nothing has no holes.

    `holidays`: the names of days that are not what their weekday says, by how many days after `start`.
    """
    end = start + timedelta(days=DAYS)
    found = turns(roster, start, end)
    missing = holes(roster, now, end) if roster.promised else []
    return Week(on_duty(roster, now), found, missing, _strip(found, missing, start, now, holidays, label))


def _strip(
    found: Iterable[Turn],
    missing: Iterable[Hole],
    start: datetime,
    now: datetime,
    holidays: Mapping[int, str],
    label: str,
) -> Markup:
    parts = [f'<rect class="off" x="0" y="{TOP}" width="{WIDTH}" height="{HEIGHT - TOP}"/>']
    parts += [_box(turn.begin, turn.end, start, "swap" if turn.instead_of else "on") for turn in found]
    parts += [_box(hole.begin, hole.end, start, "hole") for hole in missing]
    for day in range(DAYS):
        x, at = day * WIDTH / DAYS, start + timedelta(days=day)
        free = day in holidays
        name = f"{at:%m-%d}" + (f" {holidays[day]}" if free else "")
        parts.append(f'<line class="day" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{HEIGHT}"/>')
        mark = ' class="free"' if free else ""
        parts.append(f'<text x="{x + 4:.1f}" y="12"{mark}>{escape(name)}</text>')
    parts.append(
        f'<line class="now" x1="{_x(now, start):.1f}" x2="{_x(now, start):.1f}" y1="{TOP - 4}" y2="{HEIGHT}"/>'
    )
    inside = "".join(parts)
    return Markup(
        f'<svg class="duty" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label={quoteattr(label)}>{inside}</svg>'
    )


def _box(begin: datetime, end: datetime, start: datetime, kind: str) -> str:
    left, right = _x(begin, start), _x(end, start)
    return f'<rect class="{kind}" x="{left:.1f}" y="{TOP}" width="{right - left:.1f}" height="{HEIGHT - TOP}"/>'


def _x(at: datetime, start: datetime) -> float:
    return min(max((at - start) / timedelta(days=DAYS), 0.0), 1.0) * WIDTH
