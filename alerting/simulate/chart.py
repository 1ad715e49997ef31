"""PURE: the arrival times of one policy or two as an SVG: the share that is there by each minute."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

import numpy as np

from alerting.simulate.figures import Numbers

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 56, 16, 40, 44
LAST_MIN, STEP_MIN, LABEL_MIN = 60, 1, 10
COLOURS, DASHES = ("#1f5fa8", "#b3541e"), ("", "7 4")
"""two lines are told apart by their dashes, too"""


def arrivals(names: Sequence[str], minutes: Sequence[Numbers]) -> str:
    """The chart; `minutes`: from the alarm to the first crew, by policy."""
    parts = [*_axes()]
    for place, (name, values) in enumerate(zip(names, minutes, strict=True)):
        at = [float(minute) for minute in range(0, LAST_MIN + STEP_MIN, STEP_MIN)]
        shares = np.searchsorted(np.sort(values), at, side="right") / max(1, len(values))
        points = " ".join(f"{_x(one):.1f},{_y(share):.1f}" for one, share in zip(at, shares, strict=True))
        colour, dash = COLOURS[place % 2], DASHES[place % 2]
        line = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
        parts.append(f'<polyline points="{points}" {line}/>')
        y = TOP + 24 + place * 20
        parts.append(f'<line x1="{WIDTH - 250}" x2="{WIDTH - 218}" y1="{y - 4}" y2="{y - 4}" {line}/>')
        parts.append(f'<text x="{WIDTH - 210}" y="{y}">{escape(name)}, mean {float(values.mean()):.1f} min</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="13" role="img"><title>Share of incidents to which a crew has come, by minutes from the alarm'
        f"</title>{''.join(parts)}</svg>\n"
    )


def _axes() -> list[str]:
    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
    for percent in range(0, 101, 25):
        y = _y(percent / 100)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>')
    for minute in range(0, LAST_MIN + 1, LABEL_MIN):
        parts.append(f'<text x="{_x(minute):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{minute}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle">minutes from the alarm</text>')
    parts.append(f'<text x="{LEFT}" y="{TOP - 16}">incidents to which a crew has come</text>')
    return parts


def _x(minute: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * minute / LAST_MIN


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share
