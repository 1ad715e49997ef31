"""FastestDet: one grid of stride 16, 1 x (5 + classes) x rows x columns."""

from collections.abc import Sequence

import numpy as np

from models.decode.boxes import corners
from models.decode.candidates import Candidates, Floats
from models.decode.grid import points

_STRIDE = 16


def decode(outputs: Sequence[Floats], size: tuple[int, int]) -> Candidates:
    """Channels: objectness, offset x and y, width, height, classes. Raises ValueError for another shape."""
    height, width = size
    grid = (height // _STRIDE, width // _STRIDE)
    shapes = [output.shape for output in outputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][0] != 1 or shapes[0][1] < 6 or shapes[0][2:] != grid:
        raise ValueError(f"output shapes {shapes}, expected [(1, 5 + classes, {grid[0]}, {grid[1]})] for input {size}")
    rows = outputs[0][0].reshape(outputs[0].shape[1], -1).T
    cells, _ = points(size, (_STRIDE,))
    centres = (cells + np.tanh(rows[:, 1:3])) * _STRIDE
    sizes = np.array([width, height], np.float32) / (1 + np.exp(-np.clip(rows[:, 3:5], -60, 60)))
    # Weights of the two factors as published with the network.
    scores = np.clip(rows[:, :1], 0, 1) ** 0.6 * np.clip(rows[:, 5:], 0, 1) ** 0.4
    return Candidates(corners(centres, sizes)[:, None], scores)
