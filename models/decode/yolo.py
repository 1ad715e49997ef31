"""YOLOv5 and YOLOv8 / v11: one tensor of centres and sizes in input pixels, with the rows in either axis.

YOLOv5 has three anchors per point and an objectness; v8 and v11 have one and none.
"""

from collections.abc import Sequence

import numpy as np

from models.decode.boxes import corners, squashed
from models.decode.candidates import Candidates, Floats
from models.decode.grid import points

_ANCHORS = 3


def decode_v5(outputs: Sequence[Floats], size: tuple[int, int]) -> Candidates:
    """1 x 3P x (5 + classes), or the two last axes exchanged; P points of strides 8, 16, 32 in (height, width).

    Raises ValueError when the tensor does not have the family's shape.
    """
    rows = _rows(outputs, size, _ANCHORS, 5)
    scores = squashed(rows[:, 4:])
    return Candidates(corners(rows[:, :2], rows[:, 2:4])[:, None], scores[:, 1:] * scores[:, :1])


def decode_v8(outputs: Sequence[Floats], size: tuple[int, int]) -> Candidates:
    """1 x (4 + classes) x P as exported by default, or the two last axes exchanged. Raises ValueError as above."""
    rows = _rows(outputs, size, 1, 4)
    return Candidates(corners(rows[:, :2], rows[:, 2:4])[:, None], squashed(rows[:, 4:]))


def _rows(outputs: Sequence[Floats], size: tuple[int, int], anchors: int, fixed: int) -> Floats:
    count = anchors * len(points(size)[0])
    shapes = [output.shape for output in outputs]
    # Older exports add the three raw grids behind the decoded tensor.
    if outputs and outputs[0].ndim == 3 and outputs[0].shape[0] == 1:
        rows: Floats = outputs[0][0]
        if rows.shape[0] == count and rows.shape[1] > fixed:
            return rows
        if rows.shape[1] == count and rows.shape[0] > fixed:
            turned: Floats = np.ascontiguousarray(rows.T)
            return turned
    expected = f"(1, {count}, {fixed} + classes) or (1, {fixed} + classes, {count})"
    raise ValueError(f"output shapes {shapes}, expected {expected} for input {size}")
