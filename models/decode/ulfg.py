"""ULFG / SSD face detectors: scores 1 x N x classes (class 0 is background) and boxes 1 x N x 4, normalised corners."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def decode(scores: Floats, boxes: Floats, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Boxes (n x 4 corners in pixels of a picture of `size`) and scores (n x classes without the background, 0-1).

    Raises ValueError when the tensors do not have the family's shape.
    """
    if boxes.ndim != 3 or boxes.shape[2] != 4 or scores.ndim != 3 or scores.shape[1] != boxes.shape[1]:
        raise ValueError(f"output shapes {scores.shape} and {boxes.shape}, expected (1, N, classes) and (1, N, 4)")
    height, width = size
    scale = np.array([width, height, width, height], np.float32)
    return boxes[0] * scale, scores[0, :, 1:]
