"""Our own family: 1 x N x 12 rows of head score, 4 sides, hat, mask, person score, 4 sides; scores already 0-1."""

from collections.abc import Sequence

import numpy as np

from models.decode.candidates import Candidates, Floats
from models.decode.grid import points

CHANNELS = 12


def decode(outputs: Sequence[Floats], size: tuple[int, int]) -> Candidates:
    """Class 0 is the head, class 1 the person; boxes in pixels of an input of `size` (height, width).

    Raises ValueError when the tensor does not have the family's shape.
    """
    cells, strides = points(size)
    shapes = [output.shape for output in outputs]
    if shapes != [(1, len(cells), CHANNELS)]:
        raise ValueError(f"output shapes {shapes}, expected [(1, {len(cells)}, {CHANNELS})] for input {size}")
    rows = outputs[0][0]
    centres = (cells + 0.5) * strides
    # Four distances from the centre, as exponents of the stride; bounded as in training.
    distances = np.exp(np.clip(rows[:, [1, 2, 3, 4, 8, 9, 10, 11]], -6, 6)) * strides
    distances = distances.reshape(-1, 2, 4)
    boxes = np.concatenate([centres[:, None] - distances[..., :2], centres[:, None] + distances[..., 2:]], 2)
    return Candidates(boxes, rows[:, [0, 7]], rows[:, 5], rows[:, 6])
