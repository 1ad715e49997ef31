"""RT-DETR, D-FINE, DEIM: labels, boxes and scores of the best queries; also torchvision's export, which is alike.

Exports differ in the order of the outputs, and some squeeze the batch axis away. Those with their post-processing want
the picture's size as a second input and answer in its pixels: the session gives them the input's own size.
"""

from collections.abc import Sequence

import numpy as np

from models.decode.boxes import corners, squashed
from models.decode.candidates import Candidates, Floats

CLASSES = 1000
"""No class number is higher; the output does not say how many there are."""


def decode(outputs: Sequence[Floats], size: tuple[int, int]) -> Candidates:
    """Three outputs (labels n, boxes n x 4 corners in input pixels, scores n), or two: logits n x classes and boxes
    n x 4 (centre and size, 0-1), or one: n x (4 + classes) of such boxes and scores. Each with or without a batch of 1.

    Raises ValueError when the tensors do not have the family's shape.
    """
    batched = any(output.ndim == 3 for output in outputs)
    if batched and any(output.shape[0] != 1 for output in outputs):
        raise _wrong(outputs)
    flat = [output[0] for output in outputs] if batched else outputs
    if len(flat) == 3:
        return _labelled(flat, outputs)
    if len(flat) == 2:
        return _queries(flat, outputs, size)
    if len(flat) == 1 and flat[0].ndim == 2 and flat[0].shape[1] > 4:
        return _normalised(flat[0][:, :4], flat[0][:, 4:], size)
    raise _wrong(outputs)


def _labelled(flat: Sequence[Floats], outputs: Sequence[Floats]) -> Candidates:
    boxes = [part for part in flat if part.ndim == 2 and part.shape[1] == 4]
    labels = [part for part in flat if part.ndim == 1 and np.issubdtype(part.dtype, np.integer)]
    scores = [part for part in flat if part.ndim == 1 and np.issubdtype(part.dtype, np.floating)]
    if not (len(boxes) == len(labels) == len(scores) == 1) or not len(boxes[0]) == len(labels[0]) == len(scores[0]):
        raise _wrong(outputs)
    spread = np.zeros((len(labels[0]), CLASSES), np.float32)
    known = (labels[0] >= 0) & (labels[0] < CLASSES)
    spread[np.nonzero(known)[0], labels[0][known]] = scores[0][known]
    return Candidates(boxes[0][:, None].astype(np.float32, copy=False), spread)


def _queries(flat: Sequence[Floats], outputs: Sequence[Floats], size: tuple[int, int]) -> Candidates:
    # By the usual names the logits come first; a model of four classes leaves nothing else to go by.
    logits, boxes = flat if flat[1].shape[-1] == 4 else (flat[1], flat[0])
    if boxes.ndim != 2 or logits.ndim != 2 or boxes.shape != (len(logits), 4):
        raise _wrong(outputs)
    return _normalised(boxes, logits, size)


def _normalised(boxes: Floats, scores: Floats, size: tuple[int, int]) -> Candidates:
    scale = np.array([size[1], size[0]], np.float32)
    return Candidates(corners(boxes[:, :2] * scale, boxes[:, 2:4] * scale)[:, None], squashed(scores))


def _wrong(outputs: Sequence[Floats]) -> ValueError:
    shapes = [output.shape for output in outputs]
    expected = "labels (n), boxes (n, 4) and scores (n); or logits (n, classes) and boxes (n, 4); or (n, 4 + classes)"
    return ValueError(f"output shapes {shapes}, expected {expected}, each with or without a batch of 1")
