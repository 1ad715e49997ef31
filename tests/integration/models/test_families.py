"""Graphs in the layouts that people export, opened through a registry and run: one detection comes out in its place."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from contracts.kinds import Wear
from models.detector import open_detector
from models.errors import ModelError
from models.session import sha256_of
from tests.integration.models import graphs

SIDE = 320
POINTS = 40 * 40 + 20 * 20 + 10 * 10
FRAME = np.zeros((640, 640, 3), np.uint8)
Outputs = dict[str, NDArray[np.generic]]


def yolov5(turned: bool) -> Outputs:
    rows = np.zeros((1, 3 * POINTS, 8), np.float32)
    rows[0, 100] = [100, 80, 40, 60, 1, 0.02, 0.9, 0]
    return {"output0": rows.transpose(0, 2, 1).copy() if turned else rows}


def yolov8(turned: bool) -> Outputs:
    rows = np.zeros((1, POINTS, 7), np.float32)
    rows[0, 100] = [100, 80, 40, 60, 0.02, 0.9, 0]
    return {"output0": rows.transpose(0, 2, 1).copy() if turned else rows}


def detr(squeezed: bool) -> Outputs:
    parts: Outputs = {
        "labels": np.array([[1, 0]], np.int64),
        "boxes": np.array([[[80, 50, 120, 110], [0, 0, 5, 5]]], np.float32),
        "scores": np.array([[0.9, 0.01]], np.float32),
    }
    return {name: value[0] for name, value in parts.items()} if squeezed else parts


def ssd(_: bool) -> Outputs:
    return {
        "scores": np.array([[[0.05, 0.05, 0.9, 0]]], np.float32),
        "boxes": np.array([[[80, 50, 120, 110]]], np.float32) / SIDE,
    }


def open_graph(folder: Path, family: str, outputs: Outputs, **more: bool):  # type: ignore[no-untyped-def]
    file = graphs.write(folder / f"{family}.onnx", (SIDE, SIDE), outputs, **more)
    size = f'{{ width = {SIDE}, height = {SIDE}, colour = "rgb", divisor = 255 }}'
    classes = (
        '{ index = 0, name = "Mask", kind = "head", threshold = 0.5, mask = "worn" }, '
        '{ index = 1, name = "NO-Mask", kind = "head", threshold = 0.5, mask = "not_worn" }, '
        '{ index = 2, name = "Person", kind = "person", threshold = 0.5 }'
    )
    book = folder / "registry.toml"
    entry = graphs.ENTRY.format(name="one", file=file, sha=sha256_of(file), family=family, input=size, classes=classes)
    book.write_text(entry)
    return open_detector(registry=book, threads=1)


@pytest.mark.parametrize("other", [False, True])
@pytest.mark.parametrize(("family", "made"), [("yolov5", yolov5), ("yolov8", yolov8), ("detr", detr), ("ssd", ssd)])
def test_a_no_mask_class_becomes_a_head_without_a_mask(family: str, made, other: bool, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    detector = open_graph(tmp_path, family, made(other), sizes=family == "detr")
    (found,) = detector.detect(FRAME)
    # The frame is twice the input.
    box = found.box
    assert (box.x1, box.y1, box.x2, box.y2) == pytest.approx((160, 100, 240, 220), abs=0.01)
    assert found.mask is not None and found.mask.state is Wear.NOT_WORN and found.hat is None
    assert detector.session.timings.read().runs == 2, "the warm-up and this one"


def test_a_graph_of_another_family_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"family 'yolov8': output shapes \[\(1, 6300, 8\)\], expected \(1, 2100, 4"):
        open_graph(tmp_path, "yolov8", yolov5(False))


def test_a_second_input_that_nobody_knows_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    import onnx

    detector = open_graph(tmp_path, "detr", detr(False), sizes=True)
    file = tmp_path / "detr.onnx"
    model = onnx.load(file)
    model.graph.input[1].type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    onnx.save(model, file)
    book = tmp_path / "registry.toml"
    book.write_text(book.read_text().replace(detector.ref.sha256, sha256_of(file)))
    with pytest.raises(ModelError, match=r"has further inputs \(orig_target_sizes tensor\(float\)"):
        open_detector(registry=book)
