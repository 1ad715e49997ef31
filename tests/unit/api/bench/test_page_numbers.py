"""What the bench of the pages says of what it measured."""

import pytest

from api.bench.numbers import milliseconds, ratios


def test_each_figure_stands_beside_its_limit() -> None:
    found: dict[str, float | None] = {
        "board_p95_ms": 75.0,
        "public_rps": 1000.0,
        "sse_viewers": 90,
        "public_p95_ms": None,
    }
    assert ratios(found, 100) == {"board_p95_ms": 0.5, "public_rps": 2.0, "sse_viewers": 0.9, "public_p95_ms": None}


@pytest.mark.parametrize(("seconds", "p95"), [([], None), ([0.1], 100.0), ([0.001] * 95 + [1.0] * 5, 1.0)])
def test_seconds_become_milliseconds(seconds: list[float], p95: float | None) -> None:
    assert milliseconds(seconds, 0.95) == p95
