"""YOLOX: one 1 x N x (5 + classes) tensor over a raw grid; objectness and classes as logits or already squashed."""

import numpy as np
from numpy.typing import NDArray

from models.decode.grid import points

Floats = NDArray[np.float32]


def decode(raw: Floats, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Boxes (n x 4 corners in input pixels) and scores (n x classes, 0-1) for an input of `size` (height, width).

    Raises ValueError when the tensor does not have the family's shape.
    """
    cells, strides = points(size)
    if raw.ndim != 3 or raw.shape[1] != len(cells) or raw.shape[2] < 6:
        raise ValueError(f"output shape {raw.shape}, expected (1, {len(cells)}, 5 + classes) for input {size}")
    rows = raw[0]
    centre = (rows[:, :2] + cells) * strides
    # An untrained or broken export may hold huge logits; exp must not overflow into infinity.
    half = np.exp(np.clip(rows[:, 2:4], -10, 10)) * strides / 2
    scores = rows[:, 4:]
    if scores.min() < 0 or scores.max() > 1:
        scores = 1 / (1 + np.exp(-np.clip(scores, -60, 60)))
    return np.concatenate([centre - half, centre + half], 1), scores[:, 1:] * scores[:, :1]
