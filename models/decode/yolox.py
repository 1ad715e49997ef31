"""YOLOX: one 1 x N x (5 + classes) tensor over a raw grid; objectness and classes as logits or already squashed."""

from collections.abc import Sequence

import numpy as np

from models.decode.boxes import squashed
from models.decode.candidates import Candidates, Floats
from models.decode.grid import points


def decode(outputs: Sequence[Floats], size: tuple[int, int]) -> Candidates:
    """Boxes in pixels of an input of `size` (height, width), shared by the classes.

    Raises ValueError when the tensor does not have the family's shape.
    """
    cells, strides = points(size)
    raw = outputs[0]
    if len(outputs) != 1 or raw.ndim != 3 or raw.shape[:2] != (1, len(cells)) or raw.shape[2] < 6:
        shapes = [output.shape for output in outputs]
        raise ValueError(f"output shapes {shapes}, expected [(1, {len(cells)}, 5 + classes)] for input {size}")
    rows = raw[0]
    centre = (rows[:, :2] + cells) * strides
    # A broken export may hold huge logits; exp must not overflow into infinity.
    half = np.exp(np.clip(rows[:, 2:4], -10, 10)) * strides / 2
    scores = squashed(rows[:, 4:])
    boxes = np.concatenate([centre - half, centre + half], 1)[:, None]
    return Candidates(boxes, scores[:, 1:] * scores[:, :1])
