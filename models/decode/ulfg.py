"""ULFG / SSD face detectors: scores 1 x N x classes (class 0 is background) and boxes 1 x N x 4, normalised corners.

The families box the bare face; the head box around it is ours, so that one rule reads every detector alike.
"""

from collections.abc import Sequence

import numpy as np

from models.decode.candidates import Candidates, Floats


def decode_faces(outputs: Sequence[Floats], size: tuple[int, int]) -> Candidates:
    """Face boxes in pixels of an input of `size` (height, width); classes without the background.

    Raises ValueError when the tensors do not have the family's shape.
    """
    shapes = [output.shape for output in outputs]
    if len(shapes) != 2 or len(shapes[0]) != 3 or shapes[0][2] < 2 or shapes[1] != (1, shapes[0][1], 4):
        raise ValueError(f"output shapes {shapes}, expected [(1, N, 1 + classes), (1, N, 4)]")
    scores, boxes = outputs
    height, width = size
    scale = np.array([width, height, width, height], np.float32)
    return Candidates(boxes[0][:, None] * scale, scores[0, :, 1:])


def decode(outputs: Sequence[Floats], size: tuple[int, int]) -> Candidates:
    """As `decode_faces`, with every face box widened to the head box (face and headwear)."""
    faces = decode_faces(outputs, size)
    x1, y1, x2, y2 = np.moveaxis(faces.boxes, -1, 0)
    centre, height = (x1 + x2) / 2, y2 - y1
    corners = [centre - 0.8 * height, y1 - 0.9 * height, centre + 0.8 * height, y1 + 1.1 * height]
    return faces._replace(boxes=np.stack(corners, -1))
