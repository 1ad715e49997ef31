"""Draws a recorded ride beside a simulated one as SVG, with the numbers of both."""

from collections.abc import Callable

import numpy as np

from edge.recording import RATE, Curve, Floats, Numbers, begins, numbers, smooth
from edge.simulator.profile import Profile
from edge.simulator.senses import ACCELERATION_NOISE

WIDTH, HEIGHT, LEFT, GAP = 760, 470, 60, 40
RECORDED, SIMULATED, INK = "#c2410c", "#1d4ed8", "#334155"
EVERY = 10
"""one point in five of a second is drawn"""
STILL_S = 3.0
ROWS = (
    ("duration", "ride, s"),
    ("distance", "way, m"),
    ("cruise", "cruise, m/s"),
    ("acceleration", "acceleration, m/s²"),
    ("braking", "braking, m/s²"),
    ("jerk", "jerk at the start, m/s³"),
    ("last_jerk", "jerk at the landing, m/s³"),
)


def simulated(recorded: Numbers, seed: int = 1) -> Curve:
    """The simulator's ride over the same way with the recorded limits, as its accelerometer sees it."""
    strongest = (recorded.acceleration + recorded.braking) / 2
    profile = Profile(recorded.distance, recorded.cruise, strongest, recorded.jerk, recorded.last_jerk)
    rng = np.random.default_rng(seed)
    time = np.arange(-STILL_S, profile.duration + STILL_S, 1 / RATE)
    made = np.array([profile.at(float(t)).acceleration if t > 0 else 0.0 for t in time])
    return Curve(made + rng.normal(0, ACCELERATION_NOISE, len(time)))


def compare(recorded: Curve) -> tuple[str, Numbers, Numbers]:
    """The drawing, and what was measured on both rides in the same way. Raises RecordingError without a ride."""
    theirs = numbers(recorded)
    ours = simulated(theirs)
    return draw(recorded, ours, theirs, numbers(ours)), theirs, numbers(ours)


def draw(recorded: Curve, ours: Curve, theirs: Numbers, our: Numbers) -> str:
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *_panel(30, 180, "m/s²", 1.2, recorded, ours, lambda curve: smooth(curve.acceleration, 0.2)),
        *_panel(250, 120, "m/s", float(np.ceil(theirs.cruise + 0.3)), recorded, ours, _speed),
        f'<text x="{LEFT}" y="18"><tspan fill="{RECORDED}">recorded ride</tspan> and '
        f'<tspan fill="{SIMULATED}">the simulator with its limits</tspan>: vertical acceleration, speed, '
        "and numbers (recorded / simulated)</text>",
        *_table(theirs, our),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _speed(curve: Curve) -> Floats:
    """From rest to rest: what is left over at the end is the sensor's zero, not a speed."""
    speed = np.cumsum(curve.acceleration) / RATE
    return np.asarray(speed - np.linspace(0, speed[-1], len(speed)))


def _panel(
    top: int, height: int, unit: str, most: float, recorded: Curve, ours: Curve, of: Callable[[Curve], Floats]
) -> list[str]:
    """Both curves over the same seconds, 0 is the start of the ride."""
    seconds = max(len(curve.acceleration) / RATE - begins(curve) for curve in (recorded, ours)) + STILL_S
    least = min(0.0, float(min(of(recorded).min(), of(ours).min())))
    low = -most if least < -0.1 * most else 0.0

    def place(time: Floats, values: Floats) -> str:
        x = LEFT + (time + STILL_S) / seconds * (WIDTH - LEFT - GAP)
        y = top + height * (most - np.clip(values, low, most)) / (most - low)
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))

    lines = []
    for value in sorted({low, 0.0, most}):
        line = place(np.array([-STILL_S, seconds - STILL_S]), np.array([value, value]))
        lines.append(f'<polyline points="{line}" stroke="#cbd5e1" fill="none"/>')
        y = line.split()[0].split(",")[1]
        lines.append(f'<text x="{LEFT - 8}" y="{float(y) + 4:.1f}" text-anchor="end">{value:g}</text>')
    for second in range(0, int(seconds - STILL_S) + 1, 5):
        x = LEFT + (second + STILL_S) / seconds * (WIDTH - LEFT - GAP)
        lines.append(f'<text x="{x:.1f}" y="{top + height + 16}" text-anchor="middle">{second} s</text>')
    lines.append(f'<text x="14" y="{top + height / 2:.0f}">{unit}</text>')
    for curve, colour in ((recorded, RECORDED), (ours, SIMULATED)):
        time = curve.time - begins(curve)
        shown = time >= -STILL_S
        points = place(time[shown][::EVERY], of(curve)[shown][::EVERY])
        lines.append(f'<polyline points="{points}" stroke="{colour}" stroke-width="1.6" fill="none"/>')
    return lines


def _table(theirs: Numbers, our: Numbers) -> list[str]:
    y, lines = 416, []
    for place, (field, words) in enumerate(ROWS):
        x = LEFT + (place % 3) * 235
        row = y + (place // 3) * 20
        text = f"{words}: {getattr(theirs, field):.2f} / {getattr(our, field):.2f}"
        lines.append(f'<text x="{x}" y="{row}">{text}</text>')
    return lines
