"""SSD in its two exports, and the ULFG faces, which are an SSD whose boxes we widen."""

from collections.abc import Sequence

import numpy as np

from models.decode.boxes import heads
from models.decode.candidates import Candidates, Floats
from models.decode.detr import CLASSES


def decode(outputs: Sequence[Floats], size: tuple[int, int]) -> Candidates:
    """Scores 1 x N x (1 + classes) with the background first and boxes 1 x N x 4, or one 1 x 1 x N x 7 of image,
    class, score and corners (its class 1 is our class 0); corners are shares of the input (height, width).

    Raises ValueError when the tensors do not have the family's shape.
    """
    if len(outputs) == 1 and outputs[0].ndim == 4 and outputs[0].shape[:2] == (1, 1) and outputs[0].shape[3] == 7:
        scores, boxes = _detection_output(outputs[0][0, 0])
    else:
        shapes = [output.shape for output in outputs]
        if len(shapes) != 2 or len(shapes[0]) != 3 or shapes[0][2] < 2 or shapes[1] != (1, shapes[0][1], 4):
            raise ValueError(f"output shapes {shapes}, expected [(1, N, 1 + classes), (1, N, 4)] or [(1, 1, N, 7)]")
        scores, boxes = outputs[0][0, :, 1:], outputs[1][0]
    height, width = size
    return Candidates(boxes[:, None] * np.array([width, height, width, height], np.float32), scores)


def decode_faces(outputs: Sequence[Floats], size: tuple[int, int]) -> Candidates:
    """As `decode`, every face box widened to the head box."""
    faces = decode(outputs, size)
    return faces._replace(boxes=heads(faces.boxes))


def _detection_output(rows: Floats) -> tuple[Floats, Floats]:
    # Rows of no image fill the tensor up to its fixed length.
    rows = rows[(rows[:, 0] >= 0) & (rows[:, 1] >= 1) & (rows[:, 1] <= CLASSES)]
    spread = np.zeros((len(rows), CLASSES), np.float32)
    spread[np.arange(len(rows)), rows[:, 1].astype(np.intp) - 1] = rows[:, 2]
    return spread, rows[:, 3:7]
