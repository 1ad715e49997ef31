"""Labelled rides for training and testing the ride's judge: simulated ones of every wear, and the recorded one."""

from pathlib import Path
from random import Random

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.recording import RATE as RECORDED_RATE
from edge.recording import Curve, begins, numbers, smooth
from edge.simulator.condition import Condition
from edge.simulator.profile import Profile
from models.ride import SHORTEST_S

Floats = NDArray[np.float64]
RATE, REST_S = 10.0, 1.0
HEALTHY = "healthy"
WEARS = ("roughness", "judder", "sway", "joints", "flat_roller", "levelling")


class LabelledRide(msgspec.Struct, frozen=True):
    """m/s2 at 10 Hz with a second of rest on both sides; `level` is the wear's size in m/s2 at 1.75 m/s."""

    acceleration: Floats
    wear: str
    level: float


def healthy(rng: Random) -> Floats:
    """What a drive asks for: limits and jerks as they are built, the last jerk often sharper than the first."""
    return _short(rng) if rng.random() < 0.5 else _long(rng)


def _short(rng: Random) -> Floats:
    """One to six landings, often too few for full speed; never shorter than what can be judged."""
    while True:
        distance, speed = rng.randint(1, 6) * rng.uniform(2.7, 4.0), rng.uniform(0.6, 4.5)
        profile = Profile(distance, speed, rng.uniform(0.45, 1.1), rng.uniform(0.5, 1.6), rng.uniform(0.6, 3.0))
        if profile.duration >= SHORTEST_S + 0.2:
            break
    time = np.arange(-REST_S, profile.duration + REST_S, 0.1 / RATE)
    return np.array([profile.at(float(t)).acceleration if t > 0 else 0.0 for t in time])


def _long(rng: Random) -> Floats:
    speed, pull, brake = rng.uniform(0.6, 4.5), rng.uniform(0.45, 1.1), rng.uniform(0.45, 1.1)
    jerks = [rng.uniform(0.5, 1.6) for _ in range(3)] + [rng.uniform(0.6, 3.0)]
    first = _ramp(speed, pull, jerks[0], jerks[1])
    last = -_ramp(speed, brake, jerks[2], jerks[3])
    cruise = np.zeros(round(rng.uniform(3, 20) * 10 * RATE))
    rest = np.zeros(round(REST_S * 10 * RATE))
    return np.concatenate((rest, first, cruise, last, rest))


def _ramp(speed: float, limit: float, jerk_in: float, jerk_out: float) -> Floats:
    """From one speed to another, at ten times the rate."""
    limit = min(limit, (2 * speed / (1 / jerk_in + 1 / jerk_out)) ** 0.5)
    hold = speed / limit - (limit / jerk_in + limit / jerk_out) / 2
    seconds = (limit / jerk_in, max(0.0, hold), limit / jerk_out)
    counts = [max(1, round(part * 10 * RATE)) for part in seconds]
    made = np.concatenate(
        (np.linspace(0, limit, counts[0]), np.full(counts[1], limit), np.linspace(limit, 0, counts[2]))
    )
    return np.asarray(made * speed / (made.sum() / (10 * RATE)))


def ride(wear: str, level: float, rng: Random) -> LabelledRide:
    """One ride as an edge agent reads it, with the noise of a good or a poor accelerometer."""
    fine = healthy(rng) * (1 if rng.random() < 0.5 else -1)
    speed = np.cumsum(fine) / (10 * RATE)
    position = np.cumsum(speed) / (10 * RATE) + rng.uniform(0, 50)
    noise, own = rng.uniform(0.006, 0.04), rng.uniform(0, 0.02)
    # No lift is perfectly smooth: a little of every wear is in a healthy one too.
    sizes = {name: rng.uniform(0, 0.012) for name in WEARS} | {"roughness": own}
    if wear != HEALTHY:
        sizes[wear] = level
    condition = Condition(**sizes)
    picked = slice(rng.randrange(10), None, 10)
    moves = zip(position[picked], speed[picked], fine[picked], strict=True)
    seen = [float(a) + condition.shake(float(p), float(v), float(a), rng) + rng.gauss(0, noise) for p, v, a in moves]
    # Where exactly a ride begins and ends depends on the instants at which the lift was read.
    cut = slice(rng.randrange(2), len(seen) - rng.randrange(2))
    return LabelledRide(np.array(seen[cut]), wear, 0.0 if wear == HEALTHY else level)


def recorded(curve: Curve) -> list[LabelledRide]:
    """The recorded ride, picked ten times a second as an agent would: at five instants, and with wear laid over it.

    Raises RecordingError without a ride.
    """
    step = round(RECORDED_RATE / RATE)
    first = max(0.0, begins(curve) - REST_S - 0.5)
    last = begins(curve) + numbers(curve).duration + REST_S
    cut = curve.acceleration[round(first * RECORDED_RATE) : round(last * RECORDED_RATE)]
    rides = [LabelledRide(cut[start::step], "recorded", 0.0) for start in range(step)]
    soft = smooth(cut, 0.3)
    speed = np.cumsum(soft) / RECORDED_RATE
    position, rng = np.cumsum(speed) / RECORDED_RATE, Random(1)
    for wear in WEARS:
        for number in range(20):
            level = 0.12 + 0.009 * number
            condition, place = Condition(**{wear: level}), rng.uniform(0, 50)
            moves = zip(position + place, speed, soft, strict=True)
            shaken = [condition.shake(float(p), float(v), float(a), rng) for p, v, a in moves]
            rides.append(LabelledRide((cut + np.array(shaken))[number % step :: step], f"recorded with {wear}", level))
    return rides


def make(seed: int, per_wear: int, levels: tuple[float, float]) -> list[LabelledRide]:
    """As many healthy rides as worn ones of all kinds together; levels are spread evenly in their logarithm."""
    rng = Random(seed)
    rides = [ride(HEALTHY, 0.0, rng) for _ in range(per_wear * len(WEARS))]
    low, high = np.log(levels[0]), np.log(levels[1])
    for wear in WEARS:
        rides += [ride(wear, float(np.exp(rng.uniform(low, high))), rng) for _ in range(per_wear)]
    return rides


def save(path: Path, rides: list[LabelledRide]) -> None:
    """Raises OSError."""
    lengths = np.array([len(one.acceleration) for one in rides])
    np.savez_compressed(
        path,
        acceleration=np.concatenate([one.acceleration for one in rides]).astype(np.float32),
        lengths=lengths,
        wear=np.array([one.wear for one in rides]),
        level=np.array([one.level for one in rides]),
    )
