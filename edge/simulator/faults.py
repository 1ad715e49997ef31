"""PURE. What can go wrong with a simulated lift, and how often, by the published mix of causes."""

from enum import StrEnum
from random import Random

MONTH_S = 30 * 86_400.0


class Fault(StrEnum):
    """What can happen to a simulated lift; `restore` brings the mains back, `release` is a crew that repairs all."""

    TRAP_BETWEEN = "trap_between"
    TRAP_LEVEL = "trap_level"
    ALARM_BUTTON = "alarm_button"
    POWER_CUT = "power_cut"
    RESTORE = "restore"
    RELEASE = "release"
    DOOR_WONT_OPEN = "door_wont_open"
    DOOR_WONT_CLOSE = "door_wont_close"
    REOPENING = "reopening"
    DRIFT = "drift"
    OVERSPEED = "overspeed"
    OVERTRAVEL = "overtravel"
    SENSOR_DEAD = "sensor_dead"
    INSPECTION = "inspection"


MIX: tuple[tuple[str, float, tuple[Fault, ...]], ...] = (
    ("misuse", 0.36, (Fault.REOPENING, Fault.DOOR_WONT_CLOSE, Fault.TRAP_BETWEEN)),
    ("external", 0.27, (Fault.POWER_CUT,)),
    ("doors", 0.14, (Fault.DOOR_WONT_OPEN, Fault.TRAP_LEVEL)),
    ("control and safety devices", 0.20, (Fault.TRAP_BETWEEN, Fault.SENSOR_DEAD)),
    ("traction", 0.03, (Fault.DRIFT, Fault.OVERSPEED, Fault.OVERTRAVEL)),
)
"""cause, share, faults; misuse 27-44 %, external 19-36 %, doors 12-16 % are published, the rest is divided by us"""


def draw(rng: Random) -> Fault:
    """One fault by the mix of causes."""
    left = rng.random() * sum(share for _, share, _ in MIX)
    for _, share, faults in MIX:
        left -= share
        if left <= 0:
            return rng.choice(faults)
    return MIX[-1][2][-1]


def next_fault(per_month: float, rng: Random) -> float:
    """Seconds until the next one; never (infinity) for a lift without faults."""
    return rng.expovariate(per_month / MONTH_S) if per_month > 0 else float("inf")


def repaired_after(rng: Random) -> float:
    """Seconds until a crew has put it right: arrival (median 10.7 min) and release (median 3.8 min), lognormal."""
    return 60 * (rng.lognormvariate(2.366, 0.39) + rng.lognormvariate(1.335, 0.7))
