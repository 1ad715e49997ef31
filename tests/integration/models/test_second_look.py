"""The second look through real graphs: averaged with the first, on heads only, and only on those high enough."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from contracts.kinds import Wear
from contracts.vision import Detection
from models.detector import OnnxDetector, open_detector
from models.errors import ModelError
from models.session import sha256_of
from tests.integration.models import graphs

SIDE = 320
POINTS = 40 * 40 + 20 * 20 + 10 * 10


def opened(folder: Path, columns: int = 2, most: int = 8) -> OnnxDetector:
    """A detector of ours that sees one head of 40 pixels, sure of neither, and one of 8 pixels."""
    rows = np.zeros((1, POINTS, 12), np.float32)
    sides = [np.log(20 / 8)] * 4
    rows[0, 10 * 40 + 10] = [0.9, *sides, 0.3, 0.5, 0, 0, 0, 0, 0]
    rows[0, 30 * 40 + 30] = [0.8, *[np.log(0.5)] * 4, 0.3, 0.5, 0, 0, 0, 0, 0]
    file = graphs.write(folder / "first.onnx", (SIDE, SIDE), {"rows": rows})
    second = graphs.judge(folder / "second.onnx", columns)
    text = graphs.ENTRY.format(
        name="one",
        file=file.name,
        sha=sha256_of(file),
        family="sunlit",
        input=f'{{ width = {SIDE}, height = {SIDE}, colour = "bgr" }}',
        classes='{ index = 0, name = "head", kind = "head", threshold = 0.5 }',
    )
    text += f"""min_head = 14
hat = {{ below = 0.4, above = 0.6 }}
mask = {{ below = 0.4, above = 0.6 }}
second = {{ file = "{second.name}", sha256 = "{sha256_of(second)}", side = 96, most = {most} }}
"""
    book = folder / "registry.toml"
    book.write_text(text)
    return open_detector(registry=book, threads=1)


def frame(colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    return np.full((SIDE, SIDE, 3), colour, np.uint8)


def answers(found: Detection) -> tuple[Wear, float, Wear, float]:
    assert found.hat is not None and found.mask is not None
    return found.hat.state, round(found.hat.score, 3), found.mask.state, round(found.mask.score, 3)


def test_the_mean_of_both_looks_decides(tmp_path: Path) -> None:
    detector = opened(tmp_path)
    large, small = detector.detect(frame((255, 0, 0)))
    assert answers(large) == (Wear.WORN, 0.65, Wear.NOT_WORN, 0.25)
    assert answers(small) == (Wear.UNKNOWN, 0.3, Wear.UNKNOWN, 0.5), "too few pixels for either look"
    large, _ = detector.detect(frame((0, 0, 255)))
    assert answers(large) == (Wear.NOT_WORN, 0.15, Wear.WORN, 0.75)


def test_a_picture_without_heads_needs_no_second_look(tmp_path: Path) -> None:
    detector = opened(tmp_path)
    assert detector.second is not None
    before = detector.second.session.timings.read().runs
    assert detector.detect(frame((255, 0, 0)), min_score=0.99) == []
    assert detector.second.session.timings.read().runs == before


def test_several_pictures_are_answered_each_for_itself(tmp_path: Path) -> None:
    first, second = opened(tmp_path).detect_all([frame((255, 0, 0)), frame((0, 0, 255))])
    assert answers(first[0])[0] is Wear.WORN and answers(second[0])[0] is Wear.NOT_WORN


def test_a_second_look_that_says_something_else_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"second: output shape \(1, 3\), expected \(1, 2\): hat and mask"):
        opened(tmp_path, columns=3)
