from pathlib import Path

import pytest

from contracts.kinds import ObjectKind, Wear
from contracts.vision import Box, Detection, Worn
from models.errors import ModelError
from models.registry import SecondSpec
from models.second_look import SecondLook, chosen


def head(height: float, hat: float | None, mask: float) -> Detection:
    told = None if hat is None else Worn(Wear.UNKNOWN, hat)
    return Detection(ObjectKind.HEAD, Box(0, 0, 20, height), 0.9, told, Worn(Wear.UNKNOWN, mask))


def test_the_least_certain_heads_that_are_high_enough_are_looked_at() -> None:
    person = Detection(ObjectKind.PERSON, Box(0, 0, 50, 200), 0.9)
    found = [head(40, 0.99, 0.01), person, head(9, 0.5, 0.5), head(14, 0.9, 0.6), head(90, None, 0.2)]
    assert chosen(found, 14, 10) == [3, 4, 0]
    assert chosen(found, 14, 2) == [3, 4]
    assert chosen([], 14, 2) == []


def test_a_missing_or_other_file_is_named(tmp_path: Path) -> None:
    spec = SecondSpec(file="second.onnx", sha256="ab" * 32, side=96, most=8)
    with pytest.raises(ModelError, match=r"second\.onnx cannot be read"):
        SecondLook(spec, tmp_path)
    (tmp_path / "second.onnx").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"second: sha256: .*second\.onnx has [0-9a-f]{64}, expected abab"):
        SecondLook(spec, tmp_path)
