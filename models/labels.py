"""Labelled pictures, for training and for evaluation.

Labels are partial: what was not looked for is ignored, never counted as absent.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError

Rows = NDArray[np.float32]
"""Objects: n x 7 of kind, x1, y1, x2, y2, hat, mask. Ignored regions: m x 5 of kind, x1, y1, x2, y2. Pixels."""

HEAD, PERSON = 0.0, 1.0
NO, YES, UNLABELLED = 0.0, 1.0, -1.0

_FACE_MASK = {"face_nomask": NO, "face_mask": YES, "face_mask_incorrect": UNLABELLED}
_HEAD_HAT = {"head_hat": YES, "head_nohat": NO, "head_otherhat": UNLABELLED}
_NAMES = ("person", *_FACE_MASK, *_HEAD_HAT)


class _Category(msgspec.Struct):
    id: int
    name: str


class _Image(msgspec.Struct):
    id: int
    file_name: str
    width: Annotated[int, msgspec.Meta(ge=1)]
    height: Annotated[int, msgspec.Meta(ge=1)]
    split: str = "val"
    labelled_categories: tuple[str, ...] = _NAMES


class _Note(msgspec.Struct):
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    face_bbox: tuple[float, float, float, float] | None = None
    iscrowd: int = 0
    ignore: int = 0


class _Coco(msgspec.Struct):
    images: list[_Image]
    annotations: list[_Note]
    categories: tuple[_Category, ...] = tuple(_Category(i, name) for i, name in enumerate(_NAMES, 1))


class Picture(msgspec.Struct):
    """One picture with its objects and the regions where a kind was not looked for."""

    path: Path
    source: str
    split: str
    objects: Rows
    ignored: Rows
    faces: Rows
    """n x 4 face boxes (x, y, width, height) of the first n objects, for drawing headwear and masks."""
    looked_for: tuple[float, ...] = ()
    """Kinds that were labelled on the whole picture."""


def objects_of(rows: Sequence[tuple[float, ...]]) -> Rows:
    return np.array(rows, np.float32).reshape(-1, 7)


def regions_of(rows: Sequence[tuple[float, ...]]) -> Rows:
    return np.array(rows, np.float32).reshape(-1, 5)


def head_of_face(x: float, y: float, w: float, h: float) -> tuple[float, float, float, float]:
    """The head box (face and headwear) of a face box given as corner, width, height; the same for bare and hatted."""
    centre = x + w / 2
    return (centre - 0.8 * h, y - 0.9 * h, centre + 0.8 * h, y + 1.1 * h)


def load(data: Path) -> list[Picture]:
    """Reads `coco.json` below `data`; a face box becomes the head box around it.

    A box marked `iscrowd` or `ignore` is a region where its kind is neither asked for nor held against the detector.
    Raises OSError when there is no such file, ModelError when it is not what it should be.
    """
    path = data / "coco.json"
    try:
        coco = msgspec.json.decode(path.read_bytes(), type=_Coco)
    except msgspec.DecodeError as error:
        raise ModelError(f"{path}: {error}") from error
    names = {category.id: category.name for category in coco.categories}
    if not set(names.values()) & set(_NAMES):
        raise ModelError(f"{path}: categories: {sorted(names.values())}, expected some of: {', '.join(_NAMES)}")
    notes: dict[int, list[_Note]] = {}
    for note in coco.annotations:
        if note.category_id not in names:
            raise ModelError(f"{path}: annotations: category_id {note.category_id}, expected one of {sorted(names)}")
        # What is labelled there besides heads and people is none of our business.
        if names[note.category_id] in _NAMES:
            notes.setdefault(note.image_id, []).append(note)
    return [_picture(data, image, notes.get(image.id, []), names) for image in coco.images]


def _picture(data: Path, image: _Image, notes: list[_Note], names: dict[int, str]) -> Picture:
    width, height = float(image.width), float(image.height)
    rows: list[tuple[float, ...]] = []
    faces: list[tuple[float, ...]] = []
    regions: list[tuple[float, ...]] = []
    for note in notes:
        x, y, w, h = note.bbox
        name = names[note.category_id]
        if note.iscrowd or note.ignore:
            regions.append((PERSON if name == "person" else HEAD, x, y, x + w, y + h))
        elif name == "person":
            rows.append((PERSON, x, y, x + w, y + h, UNLABELLED, UNLABELLED))
        elif name in _FACE_MASK:
            x1, y1, x2, y2 = head_of_face(x, y, w, h)
            corners = (max(0.0, x1), max(0.0, y1), min(width, x2), min(height, y2))
            rows.append((HEAD, *corners, UNLABELLED, _FACE_MASK[name]))
            faces.append(note.bbox)
        else:
            rows.append((HEAD, x, y, x + w, y + h, _HEAD_HAT[name], UNLABELLED))
            # A head box is the face's, widened; where the face was not kept it is found back.
            faces.append(note.face_bbox or (x + 0.2 * w, y + 0.45 * h, 0.6 * w, 0.5 * h))
    asked = set(image.labelled_categories) & set(_NAMES)
    looked_for = tuple(kind for kind, found in ((HEAD, asked - {"person"}), (PERSON, asked & {"person"})) if found)
    missing = [(kind, 0.0, 0.0, width, height) for kind in (HEAD, PERSON) if kind not in looked_for]
    return Picture(
        path=data / image.file_name,
        # The source is named by the first part of the file name.
        source=Path(image.file_name).name.split("_")[0],
        split=image.split,
        objects=objects_of(rows),
        ignored=regions_of([*missing, *regions]),
        faces=np.array(faces, np.float32).reshape(-1, 4),
        looked_for=looked_for,
    )
