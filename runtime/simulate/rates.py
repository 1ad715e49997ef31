"""PURE: how often things happen and how long they last, by published figures; what is invented says so."""

from collections.abc import Callable
from random import Random

from contracts.kinds import Rule

Rate = Callable[[int, float], float]
"""happenings a second among so many, at an hour of the city's day"""
CITY_HOUR_OFFSET = 8.0
"""the city's clock is ahead of UTC by so many hours"""
MONTH_S = 30 * 86_400.0
TRAPPED_PER_LIFT_AND_MONTH = 0.006
"""published: 0.55 to 1.3 % a month"""
ARRIVAL_MU, ARRIVAL_SIGMA = 2.366, 0.39
"""of the logarithm of minutes"""
RELEASE_MEDIAN_MIN, RELEASE_SIGMA = 3.8, 0.7
ACCEPT_MEDIAN_S, ACCEPT_SIGMA = 40.0, 0.5
"""invented, so that 99.9 % accept within the published three minutes"""
NON_LEVEL_SHARE, BUTTON_SHARE = 0.6, 0.5
"""invented"""
FINDINGS_PER_KITCHEN_AND_DAY = 0.01
"""invented: cities publish how many findings they had, not in how many kitchens"""

# Published: peaks 8-10, 12-14 and 17-20, a trough at 4-6; the numbers between are ours. The mean is 1.
_TRAPPED_BY_HOUR = (4, 3, 2, 2, 1, 1, 4, 9, 14, 14, 10, 10, 13, 13, 9, 9, 10, 14, 15, 14, 10, 9, 7, 5)
_COOKING_BY_HOUR = (0, 0, 0, 0, 1, 3, 6, 7, 6, 8, 12, 13, 10, 6, 3, 4, 9, 13, 12, 8, 5, 3, 1, 0)
_CAUSES = (
    ("misuse", 35),
    ("external", 27),
    ("door_system", 14),
    ("control", 8),
    ("electrical", 6),
    ("safety_device", 4),
    ("traction", 2),
    ("guide_system", 1),
    ("car", 1),
    ("other", 2),
)
_METHODS = (("open_at_level", 60), ("levelling", 20), ("hand_winding", 8), ("forced_opening", 5), ("adjusting", 7))
_FINDINGS = (
    (Rule.NO_HAT, 48),
    (Rule.NO_MASK, 27),
    (Rule.CAMERA_BLIND, 12),
    (Rule.CLIMATE, 8),
    (Rule.STRANGER, 3),
    (Rule.CROWDING, 2),
)


def busy(hour: float) -> float:
    """How much of an average hour's entrapments, and of its rides, this hour of the day has."""
    return _TRAPPED_BY_HOUR[int(hour) % 24] * 24 / sum(_TRAPPED_BY_HOUR)


def cooking(hour: float) -> float:
    """The same for kitchens at work."""
    return _COOKING_BY_HOUR[int(hour) % 24] * 24 / sum(_COOKING_BY_HOUR)


def trapped_per_s(lifts: int, hour: float) -> float:
    """Entrapments a second among so many passenger lifts."""
    return lifts * TRAPPED_PER_LIFT_AND_MONTH / MONTH_S * busy(hour)


def findings_per_s(kitchens: int, hour: float) -> float:
    """Findings a second in so many kitchens."""
    return kitchens * FINDINGS_PER_KITCHEN_AND_DAY / 86_400.0 * cooking(hour)


def arrival_s(random: Random) -> float:
    """From the alarm to the crew at the lift."""
    return 60.0 * random.lognormvariate(ARRIVAL_MU, ARRIVAL_SIGMA)


def release_s(random: Random) -> float:
    """From there to the open door."""
    return 60.0 * RELEASE_MEDIAN_MIN * random.lognormvariate(0.0, RELEASE_SIGMA)


def accept_s(random: Random) -> float:
    """From the letter to the crew's yes."""
    return ACCEPT_MEDIAN_S * random.lognormvariate(0.0, ACCEPT_SIGMA)


def people(random: Random) -> int:
    """Who is inside: 1 + Poisson(1), no more than a small car holds."""
    count, left = 1, random.expovariate(1.0)
    while left < 1.0 and count < 8:
        count, left = count + 1, left + random.expovariate(1.0)
    return count


def cause(random: Random) -> str:
    """Why, as the operator records it."""
    return random.choices([name for name, _ in _CAUSES], [share for _, share in _CAUSES])[0]


def method(random: Random) -> str:
    """How people came out, as the operator records it."""
    return random.choices([name for name, _ in _METHODS], [share for _, share in _METHODS])[0]


def finding(random: Random) -> Rule:
    """What was seen in a kitchen."""
    return random.choices([rule for rule, _ in _FINDINGS], [share for _, share in _FINDINGS])[0]


def happenings(random: Random, expected: float) -> int:
    """How many of something happen where so many are expected (Poisson)."""
    count, left = 0, random.expovariate(1.0)
    while left < expected:
        count, left = count + 1, left + random.expovariate(1.0)
    return count
