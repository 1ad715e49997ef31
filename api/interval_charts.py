"""PURE: estimates in a row, each a dot on its interval, upright: what chance alone may have done can be seen."""

from collections.abc import Sequence
from math import isfinite
from xml.sax.saxutils import escape, quoteattr

from markupsafe import Markup

from api.intervals import Estimate

WIDTH, HEIGHT, BOTTOM, TOP, LEFT = 560, 190, 24, 18, 34
MOST_NAMES = 12


def dots(
    names: Sequence[str],
    values: Sequence[Estimate | None],
    label: str,
    goal: float | None = None,
    top: float | None = None,
    low: float = 0.0,
) -> Markup:
    """A dot for each name; None is hatched: nothing is known. `goal` is a dashed line; the scale begins at `low`."""
    bounds = [one.high for one in values if one is not None and isfinite(one.high)]
    highest = top if top is not None else max([*bounds, goal or 0.0], default=0.0) or 1.0
    step, every = (WIDTH - LEFT) / max(1, len(names)), -(-len(names) // MOST_NAMES)

    def y_of(value: float) -> float:
        share = (min(value, highest) - low) / (highest - low) if isfinite(value) else 1.0
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * max(0.0, share)

    parts = [_line("grid-line", value, y_of(value)) for value in (low, (low + highest) / 2, highest)]
    if goal is not None:
        parts.append(f'<line class="goal" x1="{LEFT}" x2="{WIDTH}" y1="{y_of(goal):.1f}" y2="{y_of(goal):.1f}"/>')
    for index, (name, found) in enumerate(zip(names, values, strict=True)):
        x = LEFT + step * (index + 0.5)
        if index % every == 0:
            parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 7}" text-anchor="middle">{escape(name)}</text>')
        if found is None:
            wide, tall = max(2.0, step * 0.6), HEIGHT - BOTTOM - TOP
            parts.append(f'<rect class="nothing" x="{x - wide / 2:.1f}" y="{TOP}" width="{wide:.1f}" height="{tall}"/>')
            continue
        said = f"<title>{escape(name)}: {found.value:.4g} ({found.low:.4g}–{found.high:.4g})</title>"
        parts.append(
            f'<line class="reach" x1="{x:.1f}" x2="{x:.1f}" y1="{y_of(found.low):.1f}" y2="{y_of(found.high):.1f}"/>'
            f'<circle class="dot" cx="{x:.1f}" cy="{y_of(found.value):.1f}" r="4">{said}</circle>'
        )
    head = f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label={quoteattr(label)}>'
    # Names are escaped where they enter.
    return Markup(f"{head}{''.join(parts)}</svg>")


def _line(kind: str, value: float, y: float) -> str:
    return (
        f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>'
    )
