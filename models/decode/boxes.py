"""Box arithmetic that several families share."""

import numpy as np

from models.decode.candidates import Floats


def corners(centres: Floats, sizes: Floats) -> Floats:
    """Centres and full sizes (n x 2 each) as corners, n x 4."""
    joined: Floats = np.concatenate([centres - sizes / 2, centres + sizes / 2], 1)
    return joined


def heads(faces: Floats) -> Floats:
    """Corners of bare faces (... x 4) widened to the head box, face and headwear, as the labels define it.

    Families that box the bare face are read through this, so that one rule fits every detector.
    """
    x1, y1, x2, y2 = np.moveaxis(faces, -1, 0)
    centre, height = (x1 + x2) / 2, y2 - y1
    sides = [centre - 0.8 * height, y1 - 0.9 * height, centre + 0.8 * height, y1 + 1.1 * height]
    return np.stack(sides, -1).astype(np.float32, copy=False)


def squashed(scores: Floats) -> Floats:
    """Scores 0-1; an export without its last sigmoid has values outside, which tells it."""
    if scores.size and (scores.min() < 0 or scores.max() > 1):
        return (1 / (1 + np.exp(-np.clip(scores, -60, 60)))).astype(np.float32, copy=False)
    return scores
