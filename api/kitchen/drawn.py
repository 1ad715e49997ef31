"""PURE: the charts of a kitchen's pages as SVG. What is not known is hatched, never nought and never a line across."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from markupsafe import Markup

WIDTH, TALL, STRIP = 560, 190, 26
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 14, 24
AIR = 0.08
"""of the range of values, above and below them"""
Tick = tuple[float, str]
"""a share (0-1) of the width, and its words"""


class Band(NamedTuple):
    """The lowest, mean and highest value of a step."""

    low: float
    mean: float
    high: float


class Course(NamedTuple):
    """A value over time: a step each, None where nothing is known; `limits` are lines, `hot` places marked."""

    steps: Sequence[Band | None]
    unit: str
    limits: Sequence[float] = ()
    hot: Sequence[tuple[int, int]] = ()
    gaps: Sequence[tuple[int, int]] = ()


def course(drawn: Course, ticks: Sequence[Tick], label: str, name: str) -> Markup:
    """A line with its band. `name` is unique on the page: it names the hatch."""
    said = [step for step in drawn.steps if step is not None]
    low = min([*(step.low for step in said), *drawn.limits], default=0.0)
    high = max([*(step.high for step in said), *drawn.limits], default=1.0)
    air = max(0.5, (high - low) * AIR)
    low, high = low - air, high + air
    count = max(1, len(drawn.steps))

    def x(place: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * place / count

    def y(value: float) -> float:
        return TALL - BOTTOM - (TALL - TOP - BOTTOM) * (value - low) / (high - low)

    parts = [_hatch(name)]
    parts += [_rect("hot", x(first), TOP, x(last) - x(first), TALL - TOP - BOTTOM) for first, last in drawn.hot]
    parts += [_gap(name, x(first), x(last), TOP, TALL - BOTTOM) for first, last in drawn.gaps]
    parts += [_level(y(value), f"{value:.0f}") for value in _round(low, high)]
    for run in _runs(drawn.steps):
        middle = [(x(place + 0.5), step) for place, step in run]
        up = [f"{at:.1f},{y(step.high):.1f}" for at, step in middle]
        down = [f"{at:.1f},{y(step.low):.1f}" for at, step in reversed(middle)]
        parts.append(f'<polygon class="band" points="{" ".join(up + down)}"/>')
        points = [f"{at:.1f},{y(step.mean):.1f}" for at, step in middle]
        # A single step would be a line without length.
        points += [f"{x(run[0][0] + 1):.1f},{y(run[0][1].mean):.1f}"] if len(points) == 1 else []
        parts.append(f'<polyline class="line" points="{" ".join(points)}"/>')
    parts += [_limit(y(value), f"{value:g} {drawn.unit}") for value in drawn.limits]
    return _svg([*parts, *_ticks(ticks, TALL)], label, TALL)


def strip(
    shares: Sequence[float | None], kind: str, other: str, ticks: Sequence[Tick], label: str, name: str
) -> Markup:
    """A row of cells: the share of each in `kind` from below, the rest in `other` (empty: nothing), None hatched."""
    count, bottom = max(1, len(shares)), STRIP
    wide = (WIDTH - LEFT - RIGHT) / count
    parts = [_hatch(name)]
    for first, last, share in _alike(shares):
        x, width = LEFT + first * wide, (last - first) * wide
        if share is None:
            parts.append(_gap(name, x, x + width, 0, bottom))
            continue
        if other:
            parts.append(_rect(other, x, 0, width, bottom))
        if share > 0:
            tall = bottom * share
            parts.append(_rect(kind, x, bottom - tall, width, tall))
    return _svg([*parts, *_ticks(ticks, STRIP + BOTTOM)], label, STRIP + BOTTOM)


def weekly(
    names: Sequence[str], values: Sequence[float | None], goal: float | None, label: str, name: str, every: int = 4
) -> Markup:
    """A column a week; the last one still runs and is paler. `goal`: the median of the past as a dashed line."""
    highest = max([1.0, goal or 0.0, *(value for value in values if value is not None)])
    count = max(1, len(values))
    wide, room = (WIDTH - LEFT - RIGHT) / count, TALL - TOP - BOTTOM
    parts = [_hatch(name), _level(TOP, f"{highest:g}"), _level(TALL - BOTTOM, "0")]
    for place, value in enumerate(values):
        x = LEFT + place * wide
        if value is None:
            parts.append(_gap(name, x + 1, x + wide - 1, TOP, TALL - BOTTOM))
            continue
        tall, kind = room * value / highest, "before" if place == count - 1 else "bar-fill"
        parts.append(_rect(kind, x + wide * 0.15, TALL - BOTTOM - tall, wide * 0.7, tall, f"{names[place]}: {value:g}"))
    if goal is not None:
        at = TALL - BOTTOM - room * goal / highest
        parts.append(f'<line class="goal" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
    ticks = [((place + 0.5) / count, names[place]) for place in range(0, count, every)]
    return _svg([*parts, *_ticks(ticks, TALL)], label, TALL)


def _alike(shares: Sequence[float | None]) -> Iterator[tuple[int, int, float | None]]:
    """Neighbours that are the same are one cell: a week in order is one rectangle."""
    begin = 0
    for place in range(1, len(shares) + 1):
        if place == len(shares) or shares[place] != shares[begin]:
            yield begin, place, shares[begin]
            begin = place


def _runs(steps: Sequence[Band | None]) -> Iterator[list[tuple[int, Band]]]:
    run: list[tuple[int, Band]] = []
    for place, step in enumerate(steps):
        if step is not None:
            run.append((place, step))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _round(low: float, high: float) -> list[float]:
    """A few round values within a range."""
    step = next((size for size in (1, 2, 5, 10, 20, 50, 100) if (high - low) / size <= 4.5), 200)
    first = int(low // step + 1) * step
    return [float(value) for value in range(first, int(high) + 1, step)]


def _hatch(name: str) -> str:
    return (
        f'<defs><pattern id="hatch-{escape(name)}" width="8" height="8" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect class="nothing" width="8" height="8"/>'
        '<rect class="stripe" width="4" height="8"/></pattern></defs>'
    )


def _gap(name: str, x1: float, x2: float, y1: float, y2: float) -> str:
    size = f'width="{max(1.0, x2 - x1):.1f}" height="{y2 - y1:.1f}"'
    return f'<rect x="{x1:.1f}" y="{y1:.1f}" {size} fill="url(#hatch-{escape(name)})"/>'


def _level(y: float, words: str) -> str:
    return (
        f'<line class="grid-line" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{escape(words)}</text>'
    )


def _limit(y: float, words: str) -> str:
    return (
        f'<line class="goal" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="limit" x="{WIDTH - RIGHT}" y="{y - 4:.1f}" text-anchor="end">{escape(words)}</text>'
    )


def _ticks(ticks: Sequence[Tick], height: int) -> list[str]:
    wide = WIDTH - LEFT - RIGHT
    return [
        f'<text x="{LEFT + wide * share:.1f}" y="{height - 6}" text-anchor="middle">{escape(words)}</text>'
        for share, words in ticks
    ]


def _rect(kind: str, x: float, y: float, width: float, height: float, title: str = "") -> str:
    said = f"<title>{escape(title)}</title>" if title else ""
    size = f'width="{max(0.0, width):.1f}" height="{max(0.0, height):.1f}"'
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" {size}>{said}</rect>'


def _svg(parts: Sequence[str], label: str, height: int) -> Markup:
    head = f'<svg class="chart time" viewBox="0 0 {WIDTH} {height}" role="img" aria-label={quoteattr(label)}>'
    # Names are escaped where they enter.
    return Markup(f"{head}{''.join(parts)}</svg>")
