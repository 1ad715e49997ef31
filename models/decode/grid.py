"""The grid of anchor points that single-stage detectors predict on."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
STRIDES = (8, 16, 32)


def points(size: tuple[int, int], strides: tuple[int, ...] = STRIDES) -> tuple[Floats, Floats]:
    """Cell corners (n x 2 as x, y in cells) and strides (n x 1) of all levels, for an input of (height, width)."""
    cells, steps = [], []
    for stride in strides:
        rows, columns = size[0] // stride, size[1] // stride
        ys, xs = np.mgrid[:rows, :columns]
        cells.append(np.stack([xs.ravel(), ys.ravel()], 1))
        steps.append(np.full((rows * columns, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(steps).astype(np.float32)
