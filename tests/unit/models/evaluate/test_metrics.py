import pytest

from contracts.kinds import ObjectKind, Wear
from models.evaluate import metrics
from models.evaluate.match import Attribute, Found, Outcome


def outcome(
    found: list[tuple[float, bool]], shares: list[tuple[float, float]], hat: list[Attribute] | None = None
) -> Outcome:
    rows = tuple(Found(*pair) for pair in found)
    return Outcome("some", ObjectKind.HEAD, rows, tuple(shares), tuple(hat or ()))


@pytest.mark.parametrize(
    ("found", "objects", "expected"),
    [
        ([], 0, None),
        ([], 2, 0.0),
        ([(0.9, True), (0.8, True)], 2, 1.0),
        ([(0.9, True)], 2, 0.5),
        ([(0.9, False), (0.8, True)], 1, 0.5),
        ([(0.9, True), (0.8, False), (0.7, True)], 2, 0.5 + 0.5 * 2 / 3),
    ],
)
def test_average_precision(found: list[tuple[float, bool]], objects: int, expected: float | None) -> None:
    shares = [(0.1, 0.0)] * objects
    assert metrics.average_precision([outcome(found, shares)]) == pytest.approx(expected)


def test_recall_counts_what_the_threshold_would_act_on_and_can_leave_out_the_small() -> None:
    seen = [outcome([], [(0.1, 0.9), (0.1, 0.3), (0.02, 0.0)])]
    assert metrics.recall(0.5)(seen) == pytest.approx(1 / 3)
    assert metrics.recall(0.5, smallest=0.04)(seen) == pytest.approx(1 / 2)
    assert metrics.recall(0.5)([]) is None


def test_false_detections_are_counted_per_picture() -> None:
    seen = [outcome([(0.9, False), (0.4, False), (0.8, True)], []), outcome([], [])]
    assert metrics.false_per_picture(0.5)(seen) == 0.5


def test_the_curve_falls_and_the_bins_hold_every_score() -> None:
    seen = [outcome([(0.9, True), (0.33, False), (0.3, True)], [(0.1, 0.9), (0.1, 0.3)])]
    points = {point.threshold: point for point in metrics.curve(seen)}
    assert (points[0.3].recall, points[0.3].false_per_picture) == (1.0, 1.0)
    assert (points[0.5].recall, points[0.5].false_per_picture) == (0.5, 0.0)
    assert metrics.found_bins(seen) == (metrics.Bin(2, 0.315, 0.5), metrics.Bin(1, 0.9, 1.0))
    assert metrics.curve([]) == ()


def test_a_missed_head_lowers_the_recall_of_violations_and_nothing_else() -> None:
    rows = [
        Attribute(False, Wear.NOT_WORN, 0.05),
        Attribute(False, None, None),
        Attribute(False, Wear.UNKNOWN, 0.5),
        Attribute(True, Wear.NOT_WORN, 0.05),
        Attribute(True, Wear.WORN, 0.95),
    ]
    numbers = metrics.wear([outcome([], [], rows)], "hat")
    assert numbers is not None
    assert (numbers.heads, numbers.bare) == (5, 3)
    assert numbers.violation_recall.value == pytest.approx(1 / 3, abs=1e-3)
    assert numbers.violation_precision.value == pytest.approx(1 / 2)
    assert numbers.accuracy.value == pytest.approx(2 / 3, abs=1e-4)
    assert numbers.balanced_accuracy.value == pytest.approx((1 + 0.5) / 2)
    assert numbers.unknown.value == pytest.approx(1 / 4)


def test_a_source_without_labels_has_no_numbers() -> None:
    assert metrics.wear([outcome([], [])], "mask") is None


def test_a_score_that_is_right_as_often_as_it_says_is_calibrated() -> None:
    honest = [Attribute(i < 8, Wear.WORN, 0.8) for i in range(10)]
    numbers = metrics.wear([outcome([], [], honest)], "hat")
    assert numbers is not None and numbers.calibration_error.value == pytest.approx(0, abs=1e-6)


def test_the_interval_holds_the_value_and_shrinks_with_more_pictures() -> None:
    def width(count: int) -> float:
        seen = [outcome([], [(0.1, 0.9 if i % 4 else 0.0)]) for i in range(count)]
        number = metrics.measured(seen, metrics.recall(0.5))
        assert number.low is not None and number.high is not None and number.value is not None
        assert number.low <= number.value <= number.high
        return number.high - number.low

    assert width(400) < width(20)
