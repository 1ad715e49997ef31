"""PURE: 95 % intervals of what is counted: a share, a count, a mean. A few rescues are not to look like many."""

from collections.abc import Callable
from math import cos, exp, expm1, inf, lgamma, log, pi, sin, sqrt
from typing import NamedTuple

Z95 = 1.959964
TAIL = 0.025
PRECISION = 1e-12


class Estimate(NamedTuple):
    """A value with its interval, and how many cases it comes from."""

    value: float
    low: float
    high: float
    n: int


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The interval of a share (Wilson); (0, 1) when nothing was counted."""
    if total == 0:
        return 0.0, 1.0
    share, square = hits / total, Z95**2
    centre = share + square / (2 * total)
    spread = Z95 * sqrt(share * (1 - share) / total + square / (4 * total**2))
    below, above = (centre - spread) / (1 + square / total), (centre + spread) / (1 + square / total)
    # At the ends the bound is exact; rounding would leave it a hair beside.
    return max(0.0, below) if hits else 0.0, min(1.0, above) if hits < total else 1.0


def poisson(count: int) -> tuple[float, float]:
    """The exact interval of a count's expectation (Garwood)."""
    low = 0.0 if count == 0 else _where(lambda mean: 1 - _at_most(count - 1, mean) - TAIL, count)
    return low, _where(lambda mean: TAIL - _at_most(count, mean), count + 1)


def student(n: int, mean: float, deviation: float) -> tuple[float, float]:
    """The interval of a mean of `n` values with that sample deviation (Student's t); of one value nothing is known."""
    if n < 2:
        return -inf, inf
    reach = t_quantile(n - 1) * deviation / sqrt(n)
    return mean - reach, mean + reach


def t_quantile(freedom: int) -> float:
    """The 97.5 % quantile of Student's t (G. W. Hill, CACM algorithm 396; four digits and more)."""
    tail, n = 2 * TAIL, float(freedom)
    if freedom == 1:
        return cos(tail * pi / 2) / sin(tail * pi / 2)
    if freedom == 2:
        return sqrt(2 / (tail * (2 - tail)) - 2)
    a = 1 / (n - 0.5)
    b = 48 / a**2
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * pi / 2) * n
    y = (d * tail) ** (2 / n)
    if y <= 0.05 + a:
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (
            n + 2
        ) + 1 / y
        return sqrt(n * y)
    x = -Z95
    y = x * x
    if freedom < 5:
        c += 0.3 * (n - 4.5) * (x + 0.6)
    c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
    return sqrt(n * expm1(a * y * y))


def _where(rises: Callable[[float], float], count: int) -> float:
    """Where a rising function of the mean is nought, near a count."""
    low, high = 0.0, count + 10 * sqrt(count) + 10
    for _ in range(200):
        middle = (low + high) / 2
        if rises(middle) < 0:
            low = middle
        else:
            high = middle
        if high - low < PRECISION * max(1.0, high):
            break
    return (low + high) / 2


def _at_most(count: int, mean: float) -> float:
    """The chance of at most `count` where `mean` are expected (Poisson): 1 - P(count + 1, mean)."""
    if mean <= 0:
        return 1.0
    a = count + 1.0
    scale = exp(a * log(mean) - mean - lgamma(a))
    if mean < a + 1:
        return 1 - scale * _series(a, mean)
    return scale * _fraction(a, mean)


def _series(a: float, x: float) -> float:
    """Of the lower incomplete gamma function, for x < a + 1."""
    term = total = 1 / a
    while term > total * PRECISION:
        a += 1
        term *= x / a
        total += term
    return total


def _fraction(a: float, x: float) -> float:
    """Of the upper incomplete gamma function, for x >= a + 1 (Lentz)."""
    b = x + 1 - a
    c, d = inf, 1 / b
    found = d
    for number in range(1, 10_000):
        step = -number * (number - a)
        b += 2
        d = 1 / (step * d + b)
        c = b + step / c
        found *= d * c
        if abs(d * c - 1) < PRECISION:
            break
    return found
