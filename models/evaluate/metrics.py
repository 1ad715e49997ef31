"""Numbers from outcomes. Pure; every number comes with an interval from drawing the pictures again."""

import random
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from contracts.kinds import Wear
from models.evaluate.match import Attribute, Outcome

DRAWS = 200
LARGE = 0.04
"""Heads of at least this share of the picture's longer side are reported apart."""

Statistic = Callable[[Sequence[Outcome]], float | None]


class Number(msgspec.Struct, frozen=True):
    """A value with its 95 % bootstrap interval over pictures; all None where nothing was there to count."""

    value: float | None
    low: float | None
    high: float | None


class Bin(msgspec.Struct, frozen=True):
    """Scores of one tenth: how many, their mean, and how often they were right (the item worn, the object there)."""

    count: int
    score: float
    share: float


class Point(msgspec.Struct, frozen=True):
    """What a threshold would give: recall (0-1) and false detections per picture."""

    threshold: float
    recall: float
    false_per_picture: float


class WearNumbers(msgspec.Struct, frozen=True):
    """How well an attribute is told on labelled heads. A violation is "not worn"; a missed head is a missed one.

    `accuracy`, `balanced_accuracy` and `unknown` count found heads only, the two first without "cannot tell".
    """

    heads: int
    bare: int
    violation_precision: Number
    violation_recall: Number
    accuracy: Number
    balanced_accuracy: Number
    unknown: Number
    calibration_error: Number
    reliability: tuple[Bin, ...] = ()


def measured(outcomes: Sequence[Outcome], statistic: Statistic, seed: int = 1) -> Number:
    """The statistic with its interval."""
    value = statistic(outcomes)
    rng = random.Random(seed)
    draws = [statistic(rng.choices(outcomes, k=len(outcomes))) for _ in range(DRAWS)] if outcomes else []
    counted = [draw for draw in draws if draw is not None]
    if value is None or not counted:
        return Number(value, None, None)
    low, high = np.percentile(counted, [2.5, 97.5])
    return Number(round(value, 4), round(float(low), 4), round(float(high), 4))


def recall(floor: float, smallest: float = 0.0) -> Statistic:
    """Share of labelled objects (of at least `smallest` of the longer side) found at `floor` or above."""

    def statistic(outcomes: Sequence[Outcome]) -> float | None:
        scores = [score for outcome in outcomes for share, score in outcome.shares if share >= smallest]
        return _share(sum(score >= floor for score in scores), len(scores))

    return statistic


def false_per_picture(floor: float) -> Statistic:
    """Detections at `floor` or above that found nothing labelled, per picture."""

    def statistic(outcomes: Sequence[Outcome]) -> float | None:
        false = sum(found.score >= floor and not found.true for outcome in outcomes for found in outcome.found)
        return _share(false, len(outcomes))

    return statistic


def average_precision(outcomes: Sequence[Outcome]) -> float | None:
    """Area under the precision envelope over recall."""
    total = sum(len(outcome.shares) for outcome in outcomes)
    ranked = sorted((found for outcome in outcomes for found in outcome.found), key=lambda found: -found.score)
    if not total:
        return None
    if not ranked:
        return 0.0
    true = np.cumsum([found.true for found in ranked])
    precision = np.maximum.accumulate((true / np.arange(1, len(ranked) + 1))[::-1])[::-1]
    steps = np.diff(np.concatenate([[0], true])) / total
    return float((precision * steps).sum())


def wear(outcomes: Sequence[Outcome], item: str) -> WearNumbers | None:
    """The numbers of one attribute (`hat` or `mask`), or None where it is not labelled."""
    with_item = [outcome for outcome in outcomes if _rows([outcome], item)]
    rows = _rows(with_item, item)
    if not rows:
        return None

    def over(count: Callable[[list[Attribute]], float | None]) -> Number:
        return measured(with_item, lambda chosen: count(_rows(chosen, item)))

    return WearNumbers(
        heads=len(rows),
        bare=sum(not row.worn for row in rows),
        violation_precision=over(_violation_precision),
        violation_recall=over(_violation_recall),
        accuracy=over(_accuracy),
        balanced_accuracy=over(_balanced),
        unknown=over(_unknown),
        calibration_error=over(_calibration),
        reliability=bins([(row.score, row.worn) for row in rows if row.score is not None]),
    )


def bins(scored: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    """Ten bins of equal width over the score; empty ones are left out."""
    groups: dict[int, list[tuple[float, bool]]] = {}
    for score, right in scored:
        groups.setdefault(min(int(score * 10), 9), []).append((score, right))
    return tuple(
        Bin(len(rows), round(sum(s for s, _ in rows) / len(rows), 4), round(sum(r for _, r in rows) / len(rows), 4))
        for _, rows in sorted(groups.items())
    )


def found_bins(outcomes: Sequence[Outcome]) -> tuple[Bin, ...]:
    """Reliability of the detection score: how often what it found is labelled."""
    return bins([(found.score, found.true) for outcome in outcomes for found in outcome.found])


def curve(outcomes: Sequence[Outcome]) -> tuple[Point, ...]:
    """Recall and false detections per picture for thresholds from 0.05 to 0.95."""
    points = []
    for step in range(1, 20):
        threshold = step / 20
        found, false = recall(threshold)(outcomes), false_per_picture(threshold)(outcomes)
        if found is not None and false is not None:
            points.append(Point(threshold, round(found, 4), round(false, 4)))
    return tuple(points)


def _rows(outcomes: Sequence[Outcome], item: str) -> list[Attribute]:
    return [row for outcome in outcomes for row in (outcome.hat if item == "hat" else outcome.mask)]


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _violation_precision(rows: list[Attribute]) -> float | None:
    said = [row for row in rows if row.state is Wear.NOT_WORN]
    return _share(sum(not row.worn for row in said), len(said))


def _violation_recall(rows: list[Attribute]) -> float | None:
    bare = [row for row in rows if not row.worn]
    return _share(sum(row.state is Wear.NOT_WORN for row in bare), len(bare))


def _told(rows: list[Attribute]) -> list[Attribute]:
    return [row for row in rows if row.state in (Wear.WORN, Wear.NOT_WORN)]


def _accuracy(rows: list[Attribute]) -> float | None:
    told = _told(rows)
    return _share(sum((row.state is Wear.WORN) == row.worn for row in told), len(told))


def _balanced(rows: list[Attribute]) -> float | None:
    halves = [_accuracy([row for row in rows if row.worn is worn]) for worn in (True, False)]
    known = [half for half in halves if half is not None]
    return sum(known) / 2 if len(known) == 2 else None


def _unknown(rows: list[Attribute]) -> float | None:
    found = [row for row in rows if row.state is not None]
    return _share(sum(row.state is Wear.UNKNOWN for row in found), len(found))


def _calibration(rows: list[Attribute]) -> float | None:
    """Expected calibration error over ten bins of the worn score."""
    tenths = bins([(row.score, row.worn) for row in rows if row.score is not None])
    return _share(sum(abs(tenth.score - tenth.share) * tenth.count for tenth in tenths), sum(t.count for t in tenths))
