"""Keeps the best of boxes that lie on each other."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def suppress(boxes: Floats, scores: Floats, overlap: float) -> NDArray[np.intp]:
    """Indices to keep, best first: greedy, dropping what overlaps a better box by more than `overlap` (0-1)."""
    order = np.argsort(-scores, kind="stable")
    areas = np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)
    kept: list[int] = []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(int(best))
        lower = np.maximum(boxes[rest, :2], boxes[best, :2])
        upper = np.minimum(boxes[rest, 2:], boxes[best, 2:])
        inter = np.prod(np.clip(upper - lower, 0, None), axis=1)
        order = rest[inter <= overlap * (areas[rest] + areas[best] - inter)]
    return np.array(kept, np.intp)
