"""PURE: small charts as SVG, drawn on the server."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from markupsafe import Markup

WIDTH, HEIGHT, BOTTOM, TOP = 560, 180, 24, 18
MOST_UPRIGHT, ROW, NAMES, VALUES = 8, 22, 130, 50
"""more bars than these lie down, a row each, with room for names before and values after them"""
LEAST, THICK = 3.0, 26


def bars(rows: Sequence[tuple[str, float]], label: str, goal: float | None = None, top: float | None = None) -> Markup:
    """Bars with their values, upright where their names have room side by side; `goal` is a dashed line."""
    highest = max([top or 0.0, goal or 0.0, *(value for _, value in rows), 1e-9])
    if len(rows) > MOST_UPRIGHT:
        return _lying(rows, label, goal, highest)
    step = WIDTH / max(1, len(rows))
    parts = []
    for index, (name, value) in enumerate(rows):
        tall = (HEIGHT - BOTTOM - TOP) * value / highest
        x, y = index * step + step * 0.15, HEIGHT - BOTTOM - tall
        middle = index * step + step / 2
        parts.append(
            f'<rect class="bar-fill" x="{x:.1f}" y="{y:.1f}" width="{step * 0.7:.1f}" height="{tall:.1f}"/>'
            f'<text x="{middle:.1f}" y="{y - 4:.1f}" text-anchor="middle">{value:g}</text>'
            f'<text x="{middle:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(name)}</text>'
        )
    if goal is not None:
        y = HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * goal / highest
        parts.append(f'<line class="goal" x1="0" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
    return _svg(parts, label)


def _lying(rows: Sequence[tuple[str, float]], label: str, goal: float | None, highest: float) -> Markup:
    room = WIDTH - NAMES - VALUES
    parts = []
    for index, (name, value) in enumerate(rows):
        y, long = index * ROW, room * value / highest
        parts.append(
            f'<text x="{NAMES - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="bar-fill" x="{NAMES}" y="{y + 3}" width="{long:.1f}" height="{ROW - 6}"/>'
            f'<text x="{NAMES + long + 6:.1f}" y="{y + 15}">{value:g}</text>'
        )
    height = len(rows) * ROW
    if goal is not None:
        x = NAMES + room * goal / highest
        parts.append(f'<line class="goal" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height}"/>')
    return _svg(parts, label, height)


def histogram(values: Sequence[float], edges: Sequence[float], label: str, unit: str) -> Markup:
    """How often values fall between edges; the last bin is open."""
    counts = [0] * len(edges)
    for value in values:
        counts[max(index for index, edge in enumerate(edges) if value >= edge or index == 0)] += 1
    names = [
        f"{low:g}–{edges[index + 1]:g}" if index + 1 < len(edges) else f"≥{low:g}" for index, low in enumerate(edges)
    ]
    return bars([(f"{name} {unit}", float(n)) for name, n in zip(names, counts, strict=True)], label)


def share_bar(parts: Sequence[tuple[str, int, str]], label: str) -> Markup:
    """One bar of the whole width, divided by name, count and class; whatever is not zero can be seen."""
    total = sum(count for _, count, _ in parts)
    if not total:
        return Markup("")
    # The least part that is not zero takes its room from the largest.
    wide = [max(LEAST, WIDTH * count / total) if count else 0.0 for _, count, _ in parts]
    wide[wide.index(max(wide))] -= sum(wide) - WIDTH
    drawn, x = [], 0.0
    for (name, count, kind), width in zip(parts, wide, strict=True):
        if count:
            title = f"<title>{escape(name)}: {count:,} ({100 * count / total:.4g} %)</title>"
            drawn.append(
                f'<rect class={quoteattr(kind)} x="{x:.1f}" y="0" width="{width:.1f}" height="{THICK}">{title}</rect>'
            )
        x += width
    return _svg(drawn, label, THICK)


def _svg(parts: Sequence[str], label: str, height: int = HEIGHT) -> Markup:
    head = f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label={quoteattr(label)}>'
    # Names are escaped where they enter.
    return Markup(f"{head}{''.join(parts)}</svg>")
