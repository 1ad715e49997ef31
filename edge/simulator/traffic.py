"""PURE. Who calls a lift, and when: an hour profile with the published peaks and trough."""

from math import exp
from random import Random

WEIGHT = (
    *(0.15, 0.1, 0.08, 0.06, 0.04, 0.05, 0.3, 0.9),  # 0-7, the trough from 4 to 6
    *(1.6, 1.4, 0.9, 0.9, 1.4, 1.3, 0.8, 0.8),  # 8-15, peaks from 8 to 10 and from 12 to 14
    *(0.9, 1.5, 1.6, 1.4, 0.9, 0.7, 0.5, 0.3),  # 16-23, a peak from 17 to 20
)
"""how busy an hour of the day is; 1 is an average hour between the peaks"""
CALL_EVERY_S = 20.0
"""between two calls when the weight is 1"""
MOST_AT_ONCE = 5


def weight(hour: float) -> float:
    """How busy it is at an hour of the day (0-24, fractions allowed), without steps from hour to hour."""
    low = int(hour) % 24
    share = hour - int(hour)
    return WEIGHT[low] * (1 - share) + WEIGHT[(low + 1) % 24] * share


def next_call(hour: float, rng: Random) -> float:
    """Seconds until somebody calls."""
    return rng.expovariate(weight(hour) / CALL_EVERY_S)


def boarding(hour: float, rng: Random) -> int:
    """How many get in at a landing: Poisson, with more people together in busy hours."""
    mean, people, product = 0.2 + 0.9 * weight(hour), 0, rng.random()
    while product > exp(-mean) and people < MOST_AT_ONCE:
        people += 1
        product *= rng.random()
    return people


def weigh(rng: Random) -> float:
    """kg of one person with a bag."""
    return min(130.0, max(20.0, rng.gauss(70, 14)))
