"""Ride quality: what one ride's vertical acceleration says of guide rails, rollers, drive and ropes.

The features are PURE and simple; a small network turns them into a score: 0 as new, 1 worn.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError
from models.session import Session, sha256_of

Floats = NDArray[np.float64]
NAME, VERSION = "sunlit-ride-1", "1.0"
WEIGHTS = Path(__file__).with_name("weights") / "sunlit-ride-1.onnx"
SHA256 = "f01bbd2507fbf8b4158b300a6c4dbe08949005ded467dff19ea686895957e383"
RATE = 10.0
"""Hz: as often as a lift is read"""
REST_S = 1.0
"""of standstill before and after, part of every ride: it shows the sensor's own noise"""
SHORTEST_S = 5.0
PULLS = 0.15
"""m/s2: more is acceleration or braking, less is cruise"""
CREEPS = 0.35
"""m/s"""
NAMES = (
    "rest",
    "cruise",
    "pull",
    "swing",
    "kick",
    "tone",
    "jerk",
    "last_jerk",
    "strongest",
    "settling",
    "landing",
)


class RideError(ValueError):
    """A ride that cannot be judged; the text says why."""


def features(acceleration: Floats) -> Floats:
    """Logarithms of eleven sizes in m/s2 (and one share) of a ride at RATE with its rests. Raises RideError."""
    need = round((SHORTEST_S + 2 * REST_S) * RATE)
    if acceleration.ndim != 1 or len(acceleration) < need or not np.isfinite(acceleration).all():
        raise RideError(f"ride: {acceleration.shape} values, expected at least {need} numbers at {RATE:g} Hz")
    rest = round(REST_S * RATE)
    acceleration = acceleration - np.median(np.concatenate((acceleration[:rest], acceleration[-rest:])))
    soft = _smooth(acceleration, 5)
    rough = acceleration - soft
    still = np.concatenate((rough[: rest - 2], rough[2 - rest :]))
    ride, inner = slice(rest, -rest), np.abs(soft[rest:-rest])
    # The drive's own ramps are no roughness: they are left out where they are steep.
    slope = np.abs(_slopes(acceleration)[ride])
    cruise, pull = (inner < PULLS) & (slope < 0.3), (inner >= PULLS) & (slope < 0.3)
    moving = rough[ride]
    calm = moving[cruise] if cruise.sum() >= 10 else moving
    jerk = np.abs(_slopes(acceleration))
    half = len(jerk) // 2
    sizes = (
        _rms(still),
        _rms(calm),
        _rms(moving[pull]) if pull.sum() >= 5 else _rms(calm),
        float(np.std(soft[ride][cruise])) if cruise.sum() >= 10 else 0.0,
        float(np.sort(np.abs(calm))[-4:].mean()) / (float(np.median(np.abs(calm))) + 0.004),
        _tone(calm),
        float(jerk[:half].max()),
        float(jerk[half:].max()),
        float(np.percentile(np.abs(soft), 98)),
        _rms(acceleration[-rest:]),
        _landing(acceleration, rest),
    )
    return np.log(np.array(sizes) + 0.004)


def _landing(acceleration: Floats, rest: int) -> float:
    """Shivers where the car hardly moves, first and last; a steady ramp has none."""
    shiver = np.abs(acceleration[:-2] - 2 * acceleration[1:-1] + acceleration[2:]) / np.sqrt(6)
    speed = np.abs(np.cumsum(acceleration - acceleration.mean()) / RATE)[1:-1]
    creeps = speed < CREEPS
    creeps[: rest - 2] = creeps[2 - rest :] = False
    return _rms(shiver[creeps])


def _smooth(values: Floats, width: int) -> Floats:
    padded = np.pad(values, width // 2, mode="edge")
    return np.convolve(padded, np.full(width, 1 / width), "valid")


def _slopes(values: Floats) -> Floats:
    at = np.arange(-2, 3) / RATE
    return np.convolve(np.pad(values, 2, mode="edge"), (at / (at**2).sum())[::-1], "valid")


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else 0.0


def _tone(values: Floats) -> float:
    """The share of the strongest line in the spectrum: near 1 for a roller with a flat side."""
    power = np.abs(np.fft.rfft((values - values.mean()) * np.hanning(len(values)))) ** 2
    total = float(power.sum())
    best = int(power.argmax())
    return float(power[max(0, best - 1) : best + 2].sum()) / total if total > 0 else 0.0


class RideModel:
    """The network. Safe to share between threads."""

    def __init__(self, path: Path = WEIGHTS, sha256: str = SHA256) -> None:
        """Raises ModelError when the file is not the one that was released."""
        found = sha256_of(path)
        if found != sha256:
            raise ModelError(f"sha256: {path} has {found}, expected {sha256}")
        self._session = Session(path, threads=1)

    def score(self, acceleration: Floats) -> float:
        """0 (as new) to 1 (worn). Raises RideError for a ride that is too short."""
        outputs = self._session.run(features(acceleration).astype(np.float32)[None])
        return float(outputs[0][0, 0])
