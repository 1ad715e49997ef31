"""People cut out of the ceiling views and pasted, smaller with distance, onto other pictures, with furniture as bait.

The two labelled rooms are not all rooms: a person must be told from the chair, whatever the floor.
"""

import random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.labels import HEAD, PERSON, UNLABELLED, Picture, Rows, objects_of, regions_of

Canvas = NDArray[Any]
_MARGIN = 0.06
_CROWDED = 0.35
_BAIT = 0.3
_LEAST = 28


class Cutouts:
    """Patches with one person, and patches of the same rooms with none."""

    def __init__(self, pictures: list[Picture], images: dict[Any, Canvas], rng: random.Random) -> None:
        self.people: list[Canvas] = []
        self.bait: list[Canvas] = []
        for picture in pictures:
            image, boxes = images[picture.path], picture.objects[picture.objects[:, 0] == PERSON][:, 1:5]
            for i, box in enumerate(boxes):
                others = np.delete(boxes, i, 0)
                if box[3] - box[1] >= _LEAST and covered(box, others) < _CROWDED:
                    self.people.append(_cut(image, box))
            for _ in range(4):
                box = _somewhere(rng, image.shape[:2])
                if covered(box, boxes) < 0.1:
                    self.bait.append(_cut(image, box))

    def add(self, rng: random.Random, canvas: Canvas, objects: Rows, ignored: Rows) -> tuple[Rows, Rows]:
        """Pastes one to five patches into `canvas`, in place; returns objects and ignored regions with them."""
        height, width = canvas.shape[:2]
        base = rng.uniform(0.2, 0.55) * height
        for _ in range(rng.randint(1, 5)):
            person = rng.random() > _BAIT or not self.bait
            patch = rng.choice(self.people if person else self.bait)
            foot = rng.uniform(0.3, 1.05) * height
            tall = base * (0.5 + 0.9 * foot / height) * rng.uniform(0.85, 1.15)
            wide = tall * patch.shape[1] / patch.shape[0]
            left = rng.uniform(-0.1 * wide, width - 0.9 * wide)
            box = np.array([left, foot - tall, left + wide, foot], np.float32)
            seen = box.clip(0, [width, height, width, height])
            area = (seen[2] - seen[0]) * (seen[3] - seen[1])
            if area < 0.7 * tall * wide or tall < _LEAST or _hides(seen, objects):
                continue
            _blend(rng, canvas, patch, box)
            if person:
                inner = _shrunk(box).clip(0, [width, height, width, height])
                objects = np.concatenate([objects, objects_of([(PERSON, *inner, UNLABELLED, UNLABELLED)])])
                # Nobody said where its head is, or what it wears.
                ignored = np.concatenate([ignored, regions_of([(HEAD, *box)])])
        return objects, ignored


def covered(box: NDArray, others: NDArray) -> float:
    """The largest share of `box` that one of `others` (n x 4) covers."""
    if not len(others):
        return 0.0
    size = np.clip(np.minimum(others[:, 2:], box[2:]) - np.maximum(others[:, :2], box[:2]), 0, None)
    return float((size[:, 0] * size[:, 1]).max() / max((box[2] - box[0]) * (box[3] - box[1]), 1e-6))


def _hides(box: NDArray, objects: Rows) -> bool:
    return any(covered(row[1:5], box[None]) > 0.08 for row in objects)


def _somewhere(rng: random.Random, shape: tuple[int, ...]) -> NDArray:
    tall = rng.uniform(0.15, 0.4) * shape[0]
    wide = tall * rng.uniform(0.4, 1.1)
    x, y = rng.uniform(0, shape[1] - wide), rng.uniform(0.2 * shape[0], shape[0] - tall)
    return np.array([x, y, x + wide, y + tall], np.float32)


def _cut(image: Canvas, box: NDArray) -> Canvas:
    margin = _MARGIN * (box[2:] - box[:2])
    x1, y1 = np.maximum(box[:2] - margin, 0).astype(int)
    x2, y2 = np.ceil(box[2:] + margin).astype(int)
    return image[y1:y2, x1:x2]


def _shrunk(box: NDArray) -> NDArray:
    share = _MARGIN / (1 + 2 * _MARGIN)
    margin = share * np.array([box[2] - box[0], box[3] - box[1]])
    return np.array([*(box[:2] + margin), *(box[2:] - margin)], np.float32)


def _blend(rng: random.Random, canvas: Canvas, patch: Canvas, box: NDArray) -> None:
    """With soft, rounded edges and half of the difference in brightness taken away."""
    height, width = canvas.shape[:2]
    x1, y1, x2, y2 = (round(float(v)) for v in box)
    patch = cv2.resize(patch, (max(2, x2 - x1), max(2, y2 - y1)), interpolation=cv2.INTER_AREA).astype(np.float32)
    if rng.random() < 0.5:
        patch = patch[:, ::-1]
    ys, xs = np.mgrid[-1 : 1 : patch.shape[0] * 1j, -1 : 1 : patch.shape[1] * 1j]
    soft = np.clip((1 - (np.abs(xs) ** 4 + np.abs(ys) ** 4)) / rng.uniform(0.2, 0.5), 0, 1)[..., None]
    cx1, cy1, cx2, cy2 = max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)
    part, soft = patch[cy1 - y1 : cy2 - y1, cx1 - x1 : cx2 - x1], soft[cy1 - y1 : cy2 - y1, cx1 - x1 : cx2 - x1]
    under = canvas[cy1:cy2, cx1:cx2].astype(np.float32)
    part = part * (1 + 0.5 * (under.mean() / max(part.mean(), 1.0) - 1)).clip(0.6, 1.6)
    canvas[cy1:cy2, cx1:cx2] = np.clip(part * soft + under * (1 - soft), 0, 255).astype(np.uint8)
