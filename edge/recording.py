"""A recorded ride: reads a phone's acceleration, and finds the one ride in it."""

import csv
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
AXES = ("AccX", "AccY", "AccZ")
RATE = 50.0
"""Hz of the evened-out curve; phones deliver 20 ms apart, more or less"""
SMOOTH_S = 0.5
QUIET, STARTS = 0.7, 0.12
"""m/s2: more than this from second to second is a hand that holds the phone; this much is a start"""
GRAVITY = 9.80665


class RecordingError(ValueError):
    """A recording that cannot be used; the text names file, column and what was expected."""


class Curve(msgspec.Struct, frozen=True):
    """Vertical acceleration without gravity, m/s2, at RATE from the time 0."""

    acceleration: Floats

    @property
    def time(self) -> Floats:
        return np.arange(len(self.acceleration)) / RATE


class Numbers(msgspec.Struct, frozen=True):
    """What a ride was like; m, s, m/s, m/s2, m/s3."""

    duration: float
    distance: float
    cruise: float
    acceleration: float
    braking: float
    jerk: float
    """of the start"""
    last_jerk: float
    """at the landing"""


def read(path: Path) -> Curve:
    """The vertical acceleration of a recording with `relative_time` (ms), AccX, AccY, AccZ. Raises RecordingError."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{path}: cannot be read ({error}), expected a CSV file") from error
    if not rows or not {"relative_time", *AXES} <= rows[0].keys():
        raise RecordingError(f"{path}: columns: {sorted(rows[0]) if rows else []}, expected relative_time, {AXES}")
    axes = [_axis(path, rows, name) for name in AXES]
    end = min(times[-1] for times, _ in axes)
    even = np.arange(0, end, 1 / RATE)
    size = np.linalg.norm([np.interp(even, *axis) for axis in axes], axis=0)
    start, stop = _held_still(size)
    still = size[start:stop]
    # Whoever puts a phone on the floor puts it down before the start: what it then shows is its own gravity.
    gravity = float(np.median(still[: round(3 * RATE)]))
    return Curve((still - gravity) * GRAVITY / gravity)


def _axis(path: Path, rows: list[dict[str, str]], name: str) -> tuple[Floats, Floats]:
    try:
        pairs = [(float(row["relative_time"]) / 1000, float(row[name])) for row in rows if row[name]]
    except (TypeError, ValueError) as error:
        raise RecordingError(f"{path}: {name}: {error}, expected numbers") from error
    if len(pairs) < 5 * RATE:
        raise RecordingError(f"{path}: {name}: {len(pairs)} readings, expected at least {5 * RATE:.0f}")
    times, values = np.array(pairs).T
    return times, values


def _held_still(size: Floats) -> tuple[int, int]:
    """The longest stretch in which nobody handled the phone."""
    width = round(RATE)
    rough = np.array([size[max(0, i - width // 2) : i + width // 2].std() for i in range(len(size))])
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (rough < QUIET).astype(int), [0]))))
    first, last = max(zip(edges[::2], edges[1::2], strict=True), key=lambda pair: pair[1] - pair[0])
    return int(first), int(last)


def smooth(values: Floats, seconds: float = SMOOTH_S) -> Floats:
    width = max(1, round(seconds * RATE))
    return np.convolve(values, np.full(width, 1 / width), "same")


def numbers(curve: Curve) -> Numbers:
    """Measures the ride in a curve. Raises RecordingError when there is none."""
    soft = smooth(curve.acceleration)
    at = np.flatnonzero(np.abs(soft) > STARTS)
    if len(at) < RATE:
        raise RecordingError("ride: no start and stop are in the recording, expected one ride")
    first, last = max(0, at[0] - round(0.3 * RATE)), min(len(soft), at[-1] + round(0.3 * RATE))
    ride = curve.acceleration[first:last]
    # A ride begins and ends at rest: what the sum leaves over is the sensor's zero.
    ride = ride - ride.mean()
    speed = np.cumsum(ride) / RATE
    sign = 1.0 if speed.sum() >= 0 else -1.0
    soft = sign * smooth(ride)
    jerk = sign * _slopes(ride)
    half = len(soft) // 2
    return Numbers(
        duration=len(ride) / RATE,
        distance=float(abs(speed.sum() / RATE)),
        cruise=float(np.percentile(sign * speed, 90)),
        acceleration=float(np.percentile(soft[:half], 98)),
        braking=float(-np.percentile(soft[half:], 2)),
        jerk=float(jerk[:half].max()),
        last_jerk=float(jerk[half:].max()),
    )


def _slopes(values: Floats) -> Floats:
    """m/s3: the slope of the straight line that fits half a second best."""
    width = round(0.5 * RATE)
    at = (np.arange(width) - (width - 1) / 2) / RATE
    return np.convolve(values, (at / (at**2).sum())[::-1], "same")


def begins(curve: Curve) -> float:
    """When the ride starts, s."""
    return float(np.flatnonzero(np.abs(smooth(curve.acceleration)) > STARTS)[0] / RATE)
