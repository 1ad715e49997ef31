"""Which detection found which labelled object. Pure."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts.kinds import ObjectKind, Wear
from contracts.vision import Box, Detection, Worn, iou
from models import labels
from models.labels import HEAD, PERSON, Picture, Rows

_SET_ASIDE = 0.5
"""A false detection of which at least this share lies in an ignored region is not counted."""
SAME_OBJECT = 0.5
"""Boxes that overlap by at least this (intersection over union) are the same object."""

KINDS = {ObjectKind.HEAD: HEAD, ObjectKind.PERSON: PERSON}


class Found(msgspec.Struct, frozen=True):
    """A detection of one kind: its score, and whether it found a labelled object that no better one had found."""

    score: float
    true: bool


class Attribute(msgspec.Struct, frozen=True):
    """A labelled head: whether the item is worn in truth, the state and score given (`None`: head or score missed)."""

    worn: bool
    state: Wear | None
    score: float | None


class Outcome(msgspec.Struct, frozen=True):
    """Everything that one picture says about one kind of object."""

    source: str
    kind: ObjectKind
    found: tuple[Found, ...]
    shares: tuple[tuple[float, float], ...]
    """Per labelled object: height over the picture's longer side, and the score of what found it (0: missed)."""
    hat: tuple[Attribute, ...] = ()
    mask: tuple[Attribute, ...] = ()


def compare(
    picture: Picture, kind: ObjectKind, detections: Sequence[Detection], *, longer_side: int, floor: float
) -> Outcome:
    """Matches detections (any order) with the labelled objects of one kind, best scores first.

    What finds nothing and lies in an ignored region of the kind is left out. Attributes are read from heads found at
    `floor` or above, as the shipped thresholds would act on them.
    """
    truth = picture.objects[picture.objects[:, 0] == KINDS[kind]]
    ranked = sorted((d for d in detections if d.kind is kind), key=lambda d: -d.score)
    owners = owners_of(truth[:, 1:5], [d.box for d in ranked])
    finder = {owner: ranked[i] for i, owner in enumerate(owners) if owner is not None}
    shares = [
        (float(row[4] - row[2]) / longer_side, finder[i].score if i in finder else 0.0) for i, row in enumerate(truth)
    ]
    regions = picture.ignored[picture.ignored[:, 0] == KINDS[kind]][:, 1:5]
    counted = [
        Found(d.score, owner is not None)
        for d, owner in zip(ranked, owners, strict=True)
        if owner is not None or not _inside(d.box, regions)
    ]
    acted = {i: d for i, d in finder.items() if d.score >= floor}
    return Outcome(
        picture.source,
        kind,
        tuple(counted),
        tuple(shares),
        _attributes(truth, 5, {i: d.hat for i, d in acted.items()}),
        _attributes(truth, 6, {i: d.mask for i, d in acted.items()}),
    )


def _inside(box: Box, regions: NDArray[np.float32]) -> bool:
    area = max((box.x2 - box.x1) * (box.y2 - box.y1), 1e-6)
    return any(
        max(0.0, min(box.x2, x2) - max(box.x1, x1)) * max(0.0, min(box.y2, y2) - max(box.y1, y1)) >= _SET_ASIDE * area
        for x1, y1, x2, y2 in regions.tolist()
    )


def owners_of(truth: NDArray[np.float32], boxes: Sequence[Box]) -> list[int | None]:
    """For each box in order, the labelled box (n x 4) that it finds; a labelled box is found once."""
    free = dict(enumerate(Box(*map(float, row)) for row in truth))
    owners: list[int | None] = []
    for box in boxes:
        best = max(free, key=lambda i: iou(free[i], box), default=None)
        if best is not None and iou(free[best], box) >= SAME_OBJECT:
            del free[best]
            owners.append(best)
        else:
            owners.append(None)
    return owners


def _attributes(truth: Rows, column: int, given: dict[int, Worn | None]) -> tuple[Attribute, ...]:
    rows = []
    for i, row in enumerate(truth):
        if row[column] != labels.UNLABELLED:
            worn = given.get(i)
            answer = (worn.state, worn.score) if worn is not None else (None, None)
            rows.append(Attribute(bool(row[column] == labels.YES), *answer))
    return tuple(rows)
