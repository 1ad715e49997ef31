"""Runs a detector over a labelled folder and sums up: the reading and the shape of the report."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import msgspec
import numpy as np

from contracts.kinds import ObjectKind
from contracts.vision import Image, ModelRef
from models import labels
from models.detector import OnnxDetector
from models.errors import ModelError
from models.evaluate import metrics
from models.evaluate.match import KINDS, Outcome, compare
from models.evaluate.metrics import Bin, Number, Point, WearNumbers
from models.labels import Picture

Corners = tuple[float, float, float, float]
_FLOOR = 0.02
"""Average precision needs the low scores too."""


class HeadNumbers(msgspec.Struct, frozen=True):
    """Heads on pictures where heads are labelled, at the shipped threshold except for `ap50`."""

    pictures: int
    heads: int
    recall: Number
    recall_large: Number
    false_per_picture: Number
    ap50: Number
    hat: WearNumbers | None
    mask: WearNumbers | None
    curve: tuple[Point, ...] = ()
    reliability: tuple[Bin, ...] = ()


class PersonNumbers(msgspec.Struct, frozen=True):
    """People on pictures where people are labelled, at the shipped threshold except for `ap50`."""

    pictures: int
    people: int
    recall: Number
    false_per_picture: Number
    ap50: Number
    curve: tuple[Point, ...] = ()
    reliability: tuple[Bin, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """`all` and one entry per source; intervals are 95 %, from drawing the pictures again."""

    model: ModelRef
    split: str
    set_aside: int
    """regions with real heads that nobody labelled: what is found there counts neither way"""
    thresholds: dict[str, float]
    head: dict[str, HeadNumbers]
    person: dict[str, PersonNumbers]


Progress = Callable[[Sequence[Picture]], Iterable[Picture]]


def evaluate(
    detector: OnnxDetector,
    data: Path,
    split: str,
    progress: Progress,
    aside: Mapping[str, Sequence[Corners]] | None = None,
) -> Report:
    """Measures on the pictures of one split of `data/coco.json` (`all` for every picture).

    `aside`: by the name of a picture's file, regions in which a head is real but not labelled.
    Raises OSError when the folder has no `coco.json`; ModelError when it is wrong, when the split has no picture, or
    when a picture cannot be read.
    """
    known = labels.load(data)
    pictures = [picture for picture in known if split in (picture.split, "all")]
    if not pictures:
        splits = ", ".join(sorted({picture.split for picture in known})) or "none"
        raise ModelError(f"split: {split!r} has no picture in {data}, expected all or one of: {splits}")
    pictures = [_with_aside(picture, (aside or {}).get(picture.path.name, ())) for picture in pictures]
    floors = thresholds(detector)
    outcomes = [outcome for picture in progress(pictures) for outcome in _outcomes(detector, picture, floors)]
    heads = [outcome for outcome in outcomes if outcome.kind is ObjectKind.HEAD]
    people = [outcome for outcome in outcomes if outcome.kind is ObjectKind.PERSON]
    return Report(
        detector.ref,
        split,
        sum(len((aside or {}).get(picture.path.name, ())) for picture in pictures),
        {kind.value: floor for kind, floor in floors.items()},
        {name: _heads(group, floors[ObjectKind.HEAD]) for name, group in _groups(heads)},
        {name: _people(group, floors[ObjectKind.PERSON]) for name, group in _groups(people)},
    )


def read_aside(path: Path) -> dict[str, list[Corners]]:
    """A file of such regions: a JSON object of x1, y1, x2, y2 in pixels. Raises ModelError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, list[Corners]])
    except (OSError, msgspec.DecodeError) as error:
        raise ModelError(f'set-aside: {path}: {error}, expected {{"picture.jpg": [[x1, y1, x2, y2], ...]}}') from error


def _with_aside(picture: Picture, regions: Sequence[Corners]) -> Picture:
    rows = labels.regions_of([(labels.HEAD, *region) for region in regions])
    return msgspec.structs.replace(picture, ignored=np.concatenate([picture.ignored, rows]))


def thresholds(detector: OnnxDetector) -> dict[ObjectKind, float]:
    """The lowest shipped threshold of each kind; 1 for a kind that the model does not find."""
    classes = detector.entry.classes
    return {kind: min((c.threshold for c in classes if c.kind is kind), default=1.0) for kind in ObjectKind}


def read(path: Path) -> Image:
    """A picture as BGR. Raises ModelError when the file is not one."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ModelError(f"file: {path} cannot be read, expected a picture")
    return image.astype("uint8", copy=False)


def _outcomes(detector: OnnxDetector, picture: Picture, floors: dict[ObjectKind, float]) -> list[Outcome]:
    image = read(picture.path)
    detections = detector.detect(image, min_score=_FLOOR)
    # A picture counts for the kinds that were looked for on it.
    return [
        compare(picture, kind, detections, longer_side=max(image.shape[:2]), floor=floors[kind])
        for kind in ObjectKind
        if KINDS[kind] in picture.looked_for
    ]


def _groups(outcomes: Sequence[Outcome]) -> list[tuple[str, list[Outcome]]]:
    sources = sorted({outcome.source for outcome in outcomes})
    return [("all", list(outcomes)), *((s, [o for o in outcomes if o.source == s]) for s in sources)]


def _heads(outcomes: Sequence[Outcome], floor: float) -> HeadNumbers:
    return HeadNumbers(
        pictures=len(outcomes),
        heads=sum(len(outcome.shares) for outcome in outcomes),
        recall=metrics.measured(outcomes, metrics.recall(floor)),
        recall_large=metrics.measured(outcomes, metrics.recall(floor, metrics.LARGE)),
        false_per_picture=metrics.measured(outcomes, metrics.false_per_picture(floor)),
        ap50=metrics.measured(outcomes, metrics.average_precision),
        hat=metrics.wear(outcomes, "hat"),
        mask=metrics.wear(outcomes, "mask"),
        curve=metrics.curve(outcomes),
        reliability=metrics.found_bins(outcomes),
    )


def _people(outcomes: Sequence[Outcome], floor: float) -> PersonNumbers:
    return PersonNumbers(
        pictures=len(outcomes),
        people=sum(len(outcome.shares) for outcome in outcomes),
        recall=metrics.measured(outcomes, metrics.recall(floor)),
        false_per_picture=metrics.measured(outcomes, metrics.false_per_picture(floor)),
        ap50=metrics.measured(outcomes, metrics.average_precision),
        curve=metrics.curve(outcomes),
        reliability=metrics.found_bins(outcomes),
    )
