"""What every decoder returns."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Candidates(NamedTuple):
    """Boxes as the network sees them, before thresholds and suppression."""

    boxes: Floats
    """One row of four corners per score row and class: n x classes x 4, or n x 1 x 4 when the classes share the box."""
    scores: Floats
    """n x classes, 0-1."""
    hat: Floats | None = None
    """n, probability that a hat is worn; None where the family does not say."""
    mask: Floats | None = None
    """n, probability that a mask is worn."""
