from pathlib import Path

import pytest

from contracts.kinds import ObjectKind
from models.errors import ModelError
from models.registry import SecondSpec
from models.second_look import SecondLook, chosen

HEAD, PERSON = ObjectKind.HEAD, ObjectKind.PERSON


def test_the_best_heads_that_are_high_enough_are_looked_at() -> None:
    kinds, heights = [HEAD, PERSON, HEAD, HEAD, HEAD], [40.0, 200.0, 9.0, 14.0, 90.0]
    assert chosen(kinds, heights, 14, 10) == [0, 3, 4]
    assert chosen(kinds, heights, 14, 2) == [0, 3]
    assert chosen([], [], 14, 2) == []


def test_a_missing_or_other_file_is_named(tmp_path: Path) -> None:
    spec = SecondSpec(file="second.onnx", sha256="ab" * 32, side=96, most=8)
    with pytest.raises(ModelError, match=r"second\.onnx cannot be read"):
        SecondLook(spec, tmp_path)
    (tmp_path / "second.onnx").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"second: sha256: .*second\.onnx has [0-9a-f]{64}, expected abab"):
        SecondLook(spec, tmp_path)
