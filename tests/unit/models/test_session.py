from pathlib import Path

import numpy as np
import pytest

from models import registry
from models.errors import ModelError
from models.session import Session, sha256_of, usable_cores

WEIGHTS = registry.path_of(registry.load().entry(), registry.SHIPPED)


def test_threads_follow_the_affinity_or_what_is_asked() -> None:
    assert Session(WEIGHTS).threads == usable_cores()
    assert Session(WEIGHTS, threads=1).threads == 1


def test_a_provider_that_is_not_there_is_an_error_and_no_silent_fall_back() -> None:
    with pytest.raises(ModelError, match=r"TensorrtExecutionProvider is not available here, expected one of: .*CPU"):
        Session(WEIGHTS, provider="TensorrtExecutionProvider")


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "wrong.onnx"
    path.write_bytes(b"not a graph")
    with pytest.raises(ModelError, match=r"wrong\.onnx is not a model"):
        Session(path)


def test_an_input_that_the_graph_does_not_take_is_named() -> None:
    with pytest.raises(ModelError, match=r"\(1, 4, 64, 64\) was refused"):
        Session(WEIGHTS, threads=1).run(np.zeros((1, 4, 64, 64), np.float32))


def test_a_missing_file_has_no_digest(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        sha256_of(tmp_path / "nothing")
