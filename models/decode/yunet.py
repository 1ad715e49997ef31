"""YuNet faces: classes, objectness, boxes and landmarks, each at strides 8, 16 and 32."""

from collections.abc import Sequence

import numpy as np

from models.decode.boxes import corners, heads
from models.decode.candidates import Candidates, Floats
from models.decode.grid import STRIDES, points

_WIDTHS = (1, 1, 4, 10)


def decode(outputs: Sequence[Floats], size: tuple[int, int]) -> Candidates:
    """Twelve tensors 1 x N x (1, 1, 4, 10), the strides within; one class, its box widened to the head box.

    Raises ValueError when the tensors do not have the family's shape.
    """
    expected = [(1, (size[0] // stride) * (size[1] // stride), width) for width in _WIDTHS for stride in STRIDES]
    shapes = [output.shape for output in outputs]
    if shapes != expected:
        raise ValueError(f"output shapes {shapes}, expected {expected} for input {size}")
    kinds, objects, boxes = (np.concatenate([output[0] for output in outputs[i : i + 3]]) for i in (0, 3, 6))
    cells, strides = points(size)
    # The score is the geometric mean, as the published post-processing has it.
    scores = np.sqrt(np.clip(kinds, 0, 1) * np.clip(objects, 0, 1))
    sizes = np.exp(np.clip(boxes[:, 2:], -10, 10)) * strides
    return Candidates(heads(corners((cells + boxes[:, :2]) * strides, sizes))[:, None], scores)
