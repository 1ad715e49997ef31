"""Makes photographs look like surveillance pictures; every function takes its own random source."""

import random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.labels import HEAD, Rows

Canvas = NDArray[Any]
"""Height x width x 3, BGR, 0-255."""


def degrade(rng: random.Random, image: Canvas) -> Canvas:
    """Colour, light, infrared grey, blur, low resolution, noise, steam, occlusion, JPEG: each on some pictures."""
    image = _light(rng, image)
    if rng.random() < 0.1:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if rng.random() < 0.12:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.4))
    elif rng.random() < 0.12:
        height, width = image.shape[:2]
        share = rng.uniform(0.4, 0.8)
        small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.05:
        image = _steam(rng, image)
    if rng.random() < 0.12:
        noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(2, 11), image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(25, 75)])
        unpacked = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        # What was just packed can be unpacked; the check is for the type alone.
        image = image if unpacked is None else unpacked
    return image


def _light(rng: random.Random, image: Canvas) -> Canvas:
    gains = [rng.uniform(0.85, 1.15) for _ in range(3)]
    gamma, level = rng.uniform(0.7, 1.5), rng.uniform(0.75, 1.2)
    ramp = np.linspace(0, 1, 256) ** gamma * 255 * level
    tables = np.stack([np.clip(ramp * gain, 0, 255) for gain in gains], -1).astype(np.uint8)
    return cv2.LUT(image, tables[None].transpose(1, 0, 2))


def _steam(rng: random.Random, image: Canvas) -> Canvas:
    height, width = image.shape[:2]
    veil = np.zeros((height // 8, width // 8), np.float32)
    for _ in range(rng.randint(2, 7)):
        at = (rng.randrange(max(1, width // 8)), rng.randrange(max(1, height // 8)))
        cv2.circle(veil, at, rng.randint(2, 9), rng.uniform(0.2, 0.7), -1)
    veil = cv2.resize(cv2.GaussianBlur(veil, (0, 0), 3), (width, height))[..., None]
    return (image * (1 - veil) + 235 * veil).astype(np.uint8)


def occlude(rng: random.Random, image: Canvas, objects: Rows) -> None:
    """Covers the lower edge or a side of some heads with a block, as pots, shelves and shoulders do; in place."""
    for row in objects[objects[:, 0] == HEAD]:
        if rng.random() > 0.06:
            continue
        x1, y1, x2, y2 = row[1:5]
        colour = [rng.randrange(256) for _ in range(3)]
        side = rng.choice((0, 1))
        width = (x2 - x1) * rng.uniform(0.15, 0.35)
        left = x1 if side else x2 - width
        cv2.rectangle(image, (int(left), int(y1)), (int(left + width), int(y2)), colour, -1)


def wide_lens(rng: random.Random, image: Canvas, *boxes: Rows) -> Canvas:
    """Bends the picture as a short lens does: the middle is larger, the rim pressed together; boxes follow in place."""
    height, width = image.shape[:2]
    middle, reach = np.array([width / 2, height / 2], np.float32), float(np.hypot(width, height) / 2)
    bend = rng.uniform(0.1, 0.5)
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32) - middle
    radius = np.linalg.norm(grid, axis=-1, keepdims=True) / reach
    source = grid * (1 + bend * radius**2) / (1 + bend) + middle
    for rows in boxes:
        rows[:, 1:5] = _bent(rows[:, 1:5], middle, reach, bend)
    return cv2.remap(image, source[..., 0], source[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _bent(boxes: Rows, middle: Rows, reach: float, bend: float) -> Rows:
    """The bounds of what a bent frame shows of the ellipse in each box: heads and people do not fill the corners."""
    ends, turn = np.linspace(0, 1, 2000), np.linspace(0, 2 * np.pi, 16, endpoint=False)
    at = np.stack([np.cos(turn), np.sin(turn)], -1) / 2 + 0.5
    points = boxes[:, None, :2] + at * (boxes[:, 2:] - boxes[:, :2])[:, None] - middle
    radius = np.linalg.norm(points, axis=-1, keepdims=True) / reach
    # The bend says where a point comes from; where it goes is read from the same curve backwards.
    gone = np.interp(radius, ends * (1 + bend * ends**2) / (1 + bend), ends)
    points = points * gone / np.maximum(radius, 1e-6) + middle
    return np.concatenate([points.min(1), points.max(1)], -1).astype(np.float32)
