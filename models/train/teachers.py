"""Boxes from public detectors on the unlabelled parts: people on pictures of faces, faces on pictures of people."""

import random
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from rich.progress import track

from models import labels
from models.decode import ssd, yolox
from models.labels import HEAD, NO, PERSON, UNLABELLED, YES, Picture

_SURE_PERSON, _MAYBE_PERSON = 0.45, 0.12
_SURE_FACE, _MAYBE_FACE = 0.8, 0.3
_SURE_MASK = 0.9
_PEOPLE_SIDE = 416
_VIDEO = "intel_one-by-one-person-detection.mp4"


class Found(msgspec.Struct):
    """What the teachers saw on one picture: rows of x1, y1, x2, y2, score (and class for faces), in pixels."""

    persons: list[list[float]]
    faces: list[list[float]]


class Teachers:
    """The two teachers, one thread each. Missing files are an error: run without teachers instead."""

    def __init__(self, folder: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        cpu = ["CPUExecutionProvider"]
        self._people = ort.InferenceSession(folder / "yolox_nano.onnx", options, cpu)
        self._faces = ort.InferenceSession(folder / "ulfg_RFB-640-masked_face-v2.onnx", options, cpu)

    def persons(self, image: NDArray[Any]) -> list[list[float]]:
        scale = _PEOPLE_SIDE / max(image.shape[:2])
        small = cv2.resize(image, None, fx=scale, fy=scale)
        canvas = np.full((_PEOPLE_SIDE, _PEOPLE_SIDE, 3), 114, np.float32)
        canvas[: small.shape[0], : small.shape[1]] = small
        outputs = self._people.run(None, {self._people.get_inputs()[0].name: canvas.transpose(2, 0, 1)[None]})
        boxes, scores, *_ = yolox.decode(outputs, (_PEOPLE_SIDE, _PEOPLE_SIDE))
        return _kept(boxes[:, 0] / scale, scores[:, 0], np.zeros(len(boxes)), _MAYBE_PERSON)

    def faces(self, image: NDArray[Any]) -> list[list[float]]:
        height, width = image.shape[:2]
        blob = (cv2.resize(image, (640, 480))[:, :, ::-1].astype(np.float32) - 127) / 128
        outputs = self._faces.run(None, {self._faces.get_inputs()[0].name: blob.transpose(2, 0, 1)[None]})
        boxes, scores, *_ = ssd.decode(outputs, (height, width))
        return _kept(boxes[:, 0], scores.max(1), scores.argmax(1), _MAYBE_FACE)


def _kept(boxes: NDArray, scores: NDArray, classes: NDArray, floor: float) -> list[list[float]]:
    keep = scores >= floor
    boxes, scores, classes = boxes[keep], scores[keep], classes[keep]
    corner_size = np.column_stack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]]).tolist()
    chosen = cv2.dnn.NMSBoxes(corner_size, scores.tolist(), floor, 0.5) if len(boxes) else []
    return [[*map(float, boxes[i]), float(scores[i]), float(classes[i])] for i in np.array(chosen, int).ravel()]


def key(path: Path) -> str:
    """Folder and name: the crops of both folders are numbered alike."""
    return f"{path.parent.name}/{path.name}"


def look(paths: list[Path], teachers: Teachers, cache: Path) -> dict[str, Found]:
    """Runs both teachers over the pictures, keeping what they saw in `cache` so that a second run is instant."""
    known = msgspec.json.decode(cache.read_bytes(), type=dict[str, Found]) if cache.exists() else {}
    for path in track([p for p in paths if key(p) not in known], description="teachers"):
        image = cv2.imread(str(path))
        if image is not None:
            known[key(path)] = Found(teachers.persons(image), teachers.faces(image))
    cache.write_bytes(msgspec.json.encode(known))
    return known


def extra_paths(data: Path, out: Path, seed: int, pool: int = 3000, crops: int = 700) -> list[Path]:
    """A fixed random part of the unlabelled pool and of the face crops, and frames of the corridor's camera."""
    rng = random.Random(seed)
    chosen = rng.sample(sorted((data / "pool").glob("*/*.jpg")), pool)
    for folder in ("face_mask", "face_nomask"):
        chosen += rng.sample(sorted((data / "crops_face" / folder).glob("*")), crops)
    return chosen + _frames(data.parent / "video" / _VIDEO, out / "video")


def _frames(video: Path, folder: Path) -> list[Path]:
    """Every twentieth frame of a video as files; people come and go there, and the room is often empty."""
    folder.mkdir(parents=True, exist_ok=True)
    reader, number, paths = cv2.VideoCapture(str(video)), 0, []
    while reader.grab():
        if number % 20 == 0:
            path = folder / f"{number:05d}.png"
            if not path.exists():
                cv2.imwrite(str(path), reader.retrieve()[1])
            paths.append(path)
        number += 1
    return paths


def complete(picture: Picture, found: Found) -> Picture:
    """Fills in the kind that the picture was not labelled for; where the teacher is unsure, the region is ignored."""
    objects, ignored = picture.objects, []
    rows: list[tuple[float, ...]] = []
    if picture.source == "cctv":
        # A head is always on somebody, and everybody is labelled here: what lies outside the people is no head.
        ignored += [(HEAD, *map(float, row[1:5])) for row in objects]
        rows += _heads(found, _SURE_FACE)
    else:
        rows += _persons(found, ignored)
        objects = _masks_from(found, objects)
        ignored += _unlabelled_heads(found, objects)
    merged = np.concatenate([objects, labels.objects_of(rows)])
    return msgspec.structs.replace(picture, objects=merged, ignored=labels.regions_of(ignored))


def from_scratch(path: Path, found: Found) -> Picture | None:
    """A picture without any label of ours, or None when the teachers saw nobody for sure on it."""
    ignored: list[tuple[float, ...]] = []
    rows = _heads(found, _SURE_FACE)
    crop = path.parent.name.startswith("face_")
    if crop:
        # The folder knows the mask better than the teacher; people are not whole here.
        mask = YES if path.parent.name == "face_mask" else NO
        rows = [(*row[:6], mask) for row in rows]
        ignored.append((PERSON, 0.0, 0.0, 1e4, 1e4))
    else:
        rows += _persons(found, ignored)
    video = path.parent.name == "video"
    if (not rows and not video) or (crop and len(rows) != 1):
        return None
    objects = labels.objects_of(rows)
    ignored += _unlabelled_heads(found, objects)
    none = np.zeros((0, 4), np.float32)
    source = "crop" if crop else "video" if video else "pool"
    return Picture(path, source, "train", objects, labels.regions_of(ignored), none)


def _persons(found: Found, ignored: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
    ignored += [(PERSON, *row[:4]) for row in found.persons if row[4] < _SURE_PERSON]
    return [(PERSON, *row[:4], UNLABELLED, UNLABELLED) for row in found.persons if row[4] >= _SURE_PERSON]


def _heads(found: Found, floor: float) -> list[tuple[float, ...]]:
    rows = []
    for x1, y1, x2, y2, score, masked in found.faces:
        if score >= floor:
            mask = UNLABELLED if score < _SURE_MASK else (YES if masked else NO)
            box = labels.head_of_face(x1, y1, x2 - x1, y2 - y1)
            rows.append((HEAD, *(max(0.0, v) for v in box), UNLABELLED, mask))
    return rows


def _masks_from(found: Found, objects: NDArray) -> NDArray:
    """Heads labelled for hats only learn from the teacher whether a mask is worn."""
    objects = objects.copy()
    for row in _heads(found, _SURE_MASK):
        shares = overlaps(objects[:, 1:5], row[1:5])
        if len(shares) and shares.max() > 0.4 and objects[shares.argmax(), 5] != UNLABELLED:
            objects[shares.argmax(), 6] = row[6]
    return objects


def _unlabelled_heads(found: Found, objects: NDArray) -> list[tuple[float, ...]]:
    """Regions that may hold a head nobody labelled: other faces, and the top of people without a labelled head."""
    regions = []
    heads = objects[objects[:, 0] == HEAD]
    for row in _heads(found, _MAYBE_FACE):
        if not len(heads) or overlaps(heads[:, 1:5], row[1:5]).max() < 0.3:
            regions.append((HEAD, *row[1:5]))
    centres = (heads[:, 1:3] + heads[:, 3:5]) / 2
    for x1, y1, x2, y2, *_ in found.persons:
        inside = (centres[:, 0] > x1) & (centres[:, 0] < x2) & (centres[:, 1] > y1 - 5) & (centres[:, 1] < y2)
        if not inside.any():
            regions.append((HEAD, x1, y1 - 0.1 * (y2 - y1), x2, y1 + 0.5 * (y2 - y1)))
    return regions


def overlaps(boxes: NDArray, box: tuple[float, ...]) -> NDArray[np.float64]:
    """Intersection over union of each row of `boxes` (n x 4) with one box."""
    one = np.array(box)
    size = np.clip(np.minimum(boxes[:, 2:], one[2:]) - np.maximum(boxes[:, :2], one[:2]), 0, None)
    inter = size[:, 0] * size[:, 1]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) + (one[2] - one[0]) * (one[3] - one[1])
    return inter / np.maximum(areas - inter, 1e-9)
