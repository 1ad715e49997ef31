"""Labelled pictures, for training and for evaluation.

Labels are partial: what was not looked for is ignored, never counted as absent.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
"""Objects: n x 7 of kind, x1, y1, x2, y2, hat, mask. Ignored regions: m x 5 of kind, x1, y1, x2, y2. Pixels."""

HEAD, PERSON = 0.0, 1.0
NO, YES, UNLABELLED = 0.0, 1.0, -1.0

_FACE_MASK = {2: NO, 3: YES, 4: UNLABELLED}
_HEAD_HAT = {5: YES, 6: NO, 7: UNLABELLED}


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
    """
    coco = json.loads((data / "coco.json").read_text())
    notes: dict[int, list[dict[str, Any]]] = {}
    for note in coco["annotations"]:
        notes.setdefault(note["image_id"], []).append(note)
    return [_picture(data, image, notes.get(image["id"], [])) for image in coco["images"]]


def _picture(data: Path, image: dict[str, Any], notes: list[dict[str, Any]]) -> Picture:
    width, height = float(image["width"]), float(image["height"])
    rows: list[tuple[float, ...]] = []
    faces: list[list[float]] = []
    regions: list[tuple[float, ...]] = []
    for note in notes:
        x, y, w, h = note["bbox"]
        category = note["category_id"]
        if note.get("iscrowd") or note.get("ignore"):
            regions.append((PERSON if category == 1 else HEAD, x, y, x + w, y + h))
        elif category == 1:
            rows.append((PERSON, x, y, x + w, y + h, UNLABELLED, UNLABELLED))
        elif category in _FACE_MASK:
            x1, y1, x2, y2 = head_of_face(x, y, w, h)
            corners = (max(0.0, x1), max(0.0, y1), min(width, x2), min(height, y2))
            rows.append((HEAD, *corners, UNLABELLED, _FACE_MASK[category]))
            faces.append(note["bbox"])
        else:
            rows.append((HEAD, x, y, x + w, y + h, _HEAD_HAT[category], UNLABELLED))
            faces.append(note["face_bbox"])
    # The source is named by the first part of the file name.
    name = Path(image["file_name"]).name
    names = set(image["labelled_categories"])
    looked_for = tuple(kind for kind, asked in ((HEAD, names - {"person"}), (PERSON, names & {"person"})) if asked)
    missing = [(kind, 0.0, 0.0, width, height) for kind in (HEAD, PERSON) if kind not in looked_for]
    return Picture(
        path=data / image["file_name"],
        source=name.split("_")[0],
        split=image["split"],
        objects=objects_of(rows),
        ignored=regions_of([*missing, *regions]),
        faces=np.array(faces, np.float32).reshape(-1, 4),
        looked_for=looked_for,
    )
