"""Batches of composed pictures: one picture or a mosaic of four on a canvas, with labels and ignored regions."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.labels import Picture, Rows
from models.train import augment, drawn
from models.train.dress import dress
from models.train.paste import Cutouts

CANVASES = ((352, 352), (288, 512), (288, 512), (256, 416), (352, 448), (416, 320))
"""Heights and widths; the wide one is what a kitchen camera gives."""

_DRAWN_SHARE = 0.07
_CAP_SHARE, _MASK_SHARE = 0.14, 0.12
_PASTE_SHARE = 0.3
_WIDE_SHARE = 0.12
_VISIBLE = 0.45
"""An object of which less remains on the canvas is ignored instead of taught."""

Canvas = NDArray[Any]


Batch = tuple[torch.Tensor, list[torch.Tensor], list[torch.Tensor]]


class Compositions:
    """Endless batches (images B x H x W x 3, objects, ignored) from pictures kept in memory.

    Processes of one run share the seed and differ in `rank`: same sizes, other pictures.
    """

    def __init__(self, pictures: list[Picture], shares: dict[str, float], batch: int, seed: int, rank: int = 0) -> None:
        self.batch, self.seed, self.rank = batch, seed, rank
        self.groups = {source: [p for p in pictures if p.source == source] for source in shares}
        self.shares = {source: share for source, share in shares.items() if self.groups[source]}
        self.images = {p.path: _read(p.path) for p in pictures}
        views = [p for p in pictures if p.source == "cctv"]
        self.cutouts = Cutouts(views, self.images, random.Random(seed)) if views else None

    def __iter__(self) -> Iterator[Batch]:
        rng, sizes = random.Random(self.seed * 1000 + self.rank), random.Random(self.seed)
        while True:
            size = sizes.choice(CANVASES)
            items = [self._compose(rng, size) for _ in range(self.batch)]
            images = torch.from_numpy(np.stack([image for image, _, _ in items]))
            yield images, [torch.from_numpy(o) for _, o, _ in items], [torch.from_numpy(i) for _, _, i in items]

    def _pick(self, rng: random.Random) -> tuple[Canvas, Rows, Rows]:
        if rng.random() < _DRAWN_SHARE:
            return drawn.scene(rng.getrandbits(40))
        source = rng.choices(list(self.shares), list(self.shares.values()))[0]
        picture = rng.choice(self.groups[source])
        image, objects = self.images[picture.path], picture.objects
        if len(picture.faces):
            image, objects = dress(rng, image, objects, picture.faces, _CAP_SHARE, _MASK_SHARE)
        return image, objects, picture.ignored

    def _compose(self, rng: random.Random, size: tuple[int, int]) -> tuple[Canvas, Rows, Rows]:
        height, width = size
        canvas = np.full((height, width, 3), rng.choice((0, 114, 114, rng.randrange(256))), np.uint8)
        if rng.random() < 0.5:
            tiles, spread = [(0, 0, width, height)], (0.75, 1.5)
        else:
            x, y = int(width * rng.uniform(0.35, 0.65)), int(height * rng.uniform(0.35, 0.65))
            tiles, spread = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)], (0.9, 1.8)
        objects, ignored = [], []
        for tile in tiles:
            kept, lost = place(rng, canvas, tile, self._pick(rng), spread)
            objects.append(kept)
            ignored.append(lost)
        rows, regions = np.concatenate(objects), np.concatenate(ignored)
        if self.cutouts is not None and rng.random() < _PASTE_SHARE:
            rows, regions = self.cutouts.add(rng, canvas, rows, regions)
        augment.occlude(rng, canvas, rows)
        if rng.random() < _WIDE_SHARE:
            canvas = augment.wide_lens(rng, canvas, rows, regions)
            rows, regions = _clipped(rows, regions, (0, 0, width, height))
        return augment.degrade(rng, canvas), rows, regions


def _read(path: Path) -> Canvas:
    image = cv2.imread(str(path))
    if image is None:
        raise OSError(f"{path} is not a picture that can be read")
    return image


def place(
    rng: random.Random,
    canvas: Canvas,
    tile: tuple[int, int, int, int],
    item: tuple[Canvas, Rows, Rows],
    spread: tuple[float, float],
) -> tuple[Rows, Rows]:
    """Scales, flips and copies a picture into a tile of the canvas; returns its objects and ignored regions there."""
    image, objects, ignored = item
    left, top, right, bottom = tile
    fit = min((right - left) / image.shape[1], (bottom - top) / image.shape[0])
    # A little of the aspect ratio is free: lenses differ.
    sx, sy = (fit * rng.uniform(*spread) * f for f in (1.0, rng.uniform(0.9, 1.1)))
    sx = sy * rng.uniform(0.9, 1.1)
    resized = cv2.resize(image, None, fx=sx, fy=sy, interpolation=cv2.INTER_AREA if sx < 1 else cv2.INTER_LINEAR)
    dx, dy = _offset(rng, right - left, resized.shape[1]), _offset(rng, bottom - top, resized.shape[0])
    flip = rng.random() < 0.5
    if flip:
        resized = resized[:, ::-1]
    x1, y1 = left + max(dx, 0), top + max(dy, 0)
    x2, y2 = min(right, left + dx + resized.shape[1]), min(bottom, top + dy + resized.shape[0])
    canvas[y1:y2, x1:x2] = resized[y1 - top - dy : y2 - top - dy, x1 - left - dx : x2 - left - dx]
    moved = [
        _moved(rows, sx, sy, resized.shape[1] if flip else None, left + dx, top + dy) for rows in (objects, ignored)
    ]
    return _clipped(moved[0], moved[1], (x1, y1, x2, y2))


def _offset(rng: random.Random, room: int, size: int) -> int:
    low, high = min(0, room - size), max(0, room - size)
    return rng.randint(low, high)


def _moved(rows: Rows, sx: float, sy: float, mirror: int | None, dx: float, dy: float) -> Rows:
    rows = rows.copy()
    rows[:, [1, 3]] *= sx
    rows[:, [2, 4]] *= sy
    if mirror is not None:
        rows[:, [1, 3]] = mirror - rows[:, [3, 1]]
    rows[:, [1, 3]] += dx
    rows[:, [2, 4]] += dy
    return rows


def _clipped(objects: Rows, ignored: Rows, frame: tuple[int, int, int, int]) -> tuple[Rows, Rows]:
    x1, y1, x2, y2 = frame
    whole = (objects[:, 3] - objects[:, 1]) * (objects[:, 4] - objects[:, 2])
    for rows in (objects, ignored):
        rows[:, [1, 3]] = rows[:, [1, 3]].clip(x1, x2)
        rows[:, [2, 4]] = rows[:, [2, 4]].clip(y1, y2)
    width, height = objects[:, 3] - objects[:, 1], objects[:, 4] - objects[:, 2]
    good = (width * height > _VISIBLE * whole) & (np.minimum(width, height) >= 5)
    return objects[good], np.concatenate([ignored, objects[~good][:, :5]])
