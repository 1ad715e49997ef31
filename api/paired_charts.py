"""PURE: charts of two periods side by side, and intervals drawn in a table's cell."""

from collections.abc import Sequence
from math import isfinite
from xml.sax.saxutils import escape, quoteattr

from markupsafe import Markup

from api.intervals import Estimate

WIDTH, HEIGHT, BOTTOM, TOP = 440, 170, 22, 16
ROW, NAMES, VALUES = 34, 120, 56
CELL, CELL_HEIGHT = 140, 18

Series = Sequence[float | None]
"""None: not known, which is drawn hatched and never as nought"""


def columns(names: Sequence[str], now: Series, before: Series, label: str, every: int = 1) -> Markup:
    """A column for each name, a year before as a paler one beside it; `every` so many names are written."""
    highest = max([value for value in (*now, *before) if value is not None], default=0.0) or 1.0
    step = WIDTH / max(1, len(names))
    parts = [_scale(highest)]
    for index, name in enumerate(names):
        x = index * step
        parts += _column(x + step * 0.1, step * 0.36, before[index], highest, "before")
        parts += _column(x + step * 0.46, step * 0.44, now[index], highest, "bar-fill")
        if index % every == 0:
            parts.append(f'<text x="{x + step / 2:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(name)}</text>')
    return _svg(parts, label, HEIGHT)


def lying(names: Sequence[str], now: Series, before: Series, label: str) -> Markup:
    """A row for each name with its value, a year before as a paler bar below it."""
    highest = max([value for value in (*now, *before) if value is not None], default=0.0) or 1.0
    room, parts = WIDTH - NAMES - VALUES, []
    for index, (name, value, last) in enumerate(zip(names, now, before, strict=True)):
        y = index * ROW
        parts.append(f'<text x="{NAMES - 8}" y="{y + 17}" text-anchor="end">{escape(name)}</text>')
        if last is not None:
            parts.append(_rect("before", NAMES, y + 18, room * last / highest, 9))
        if value is not None:
            long = room * value / highest
            parts.append(_rect("bar-fill", NAMES, y + 5, long, 12))
            parts.append(f'<text x="{NAMES + long + 6:.1f}" y="{y + 16}">{value:g}</text>')
    return _svg(parts, label, max(1, len(names)) * ROW)


def whisker(found: Estimate | None, top: float, label: str, goal: float | None = None, low: float = 0.0) -> Markup:
    """An estimate as a dot on its interval, on a scale from `low` to `top`; what does not fit ends at the edge."""
    if found is None or top <= low:
        return Markup("")

    def x_of(value: float) -> float:
        share = (value - low) / (top - low) if isfinite(value) else 1.0
        return 4 + (CELL - 8) * min(1.0, max(0.0, share))

    middle = CELL_HEIGHT / 2
    parts = [
        f'<line class="reach" x1="{x_of(found.low):.1f}" x2="{x_of(found.high):.1f}" y1="{middle}" y2="{middle}"/>'
    ]
    if goal is not None:
        parts.append(f'<line class="goal" x1="{x_of(goal):.1f}" x2="{x_of(goal):.1f}" y1="0" y2="{CELL_HEIGHT}"/>')
    parts.append(f'<circle class="dot" cx="{x_of(found.value):.1f}" cy="{middle}" r="4"/>')
    return _svg(parts, label, CELL_HEIGHT, CELL, "whisker")


def _column(x: float, width: float, value: float | None, highest: float, kind: str) -> list[str]:
    if value is None:
        return [_rect("nothing", x, TOP, width, HEIGHT - BOTTOM - TOP)] if kind != "before" else []
    tall = (HEIGHT - BOTTOM - TOP) * value / highest
    return [_rect(kind, x, HEIGHT - BOTTOM - tall, width, tall, f"{value:g}")]


def _scale(highest: float) -> str:
    """The line at the top with its value: one number says how tall a column is."""
    return (
        f'<line class="grid-line" x1="0" x2="{WIDTH}" y1="{TOP}" y2="{TOP}"/>'
        f'<line class="grid-line" x1="0" x2="{WIDTH}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}"/>'
        f'<text x="{WIDTH}" y="{TOP - 4}" text-anchor="end">{highest:.3g}</text>'
    )


def _rect(kind: str, x: float, y: float, width: float, height: float, title: str = "") -> str:
    said = f"<title>{escape(title)}</title>" if title else ""
    size = f'width="{max(0.0, width):.1f}" height="{max(0.0, height):.1f}"'
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" {size}>{said}</rect>'


def _svg(parts: Sequence[str], label: str, height: float, width: float = WIDTH, kind: str = "chart") -> Markup:
    head = f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="img" aria-label={quoteattr(label)}>'
    # Names are escaped where they enter.
    return Markup(f"{head}{''.join(parts)}</svg>")
