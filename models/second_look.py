"""A second look at every head, in the picture's own pixels: hat and mask where the whole frame shrank them away."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from contracts.kinds import ObjectKind
from contracts.vision import Box, Detection, Image, Worn
from models.crops import crop
from models.errors import ModelError
from models.registry import SecondSpec
from models.session import Floats, Session, sha256_of

HAT, MASK = 0, 1


class SecondLook:
    """Runs the small network of a registry entry's `second`. May be shared between threads."""

    def __init__(self, spec: SecondSpec, folder: Path, *, threads: int | None = None) -> None:
        """Raises ModelError: missing file, wrong hash, or an output that is not hat and mask."""
        self.spec = spec
        path = folder / spec.file
        found = sha256_of(path)
        if found != spec.sha256:
            raise ModelError(f"second: sha256: {path} has {found}, expected {spec.sha256}")
        self.session = Session(path, threads=threads)
        self.worn(np.zeros((spec.side, spec.side, 3), np.uint8), [Box(0, 0, spec.side, spec.side)])

    def worn(self, image: Image, heads: Sequence[Box]) -> Floats:
        """Probability that hat and mask are worn, n x 2, for head boxes in pixels of a picture."""
        if not len(heads):
            return np.zeros((0, 2), np.float32)
        side = self.spec.side
        crops = np.stack([crop(image, head, side) for head in heads]).transpose(0, 3, 1, 2).astype(np.float32)
        (worn,) = self.session.run(np.ascontiguousarray(crops))
        if worn.shape != (len(heads), 2):
            raise ModelError(f"second: output shape {worn.shape}, expected ({len(heads)}, 2): hat and mask")
        return worn


def chosen(found: Sequence[Detection], least: float, most: int) -> list[int]:
    """Which detections get a second look: heads that are not too low, the least certain first, not more than `most`."""
    heads = [i for i, one in enumerate(found) if one.kind is ObjectKind.HEAD and one.box.y2 - one.box.y1 >= least]
    return sorted(heads, key=lambda i: min(_certainty(found[i].hat), _certainty(found[i].mask)))[:most]


def _certainty(worn: Worn | None) -> float:
    return 0.5 if worn is None else abs(worn.score - 0.5)
