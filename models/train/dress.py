"""Draws caps, hairnets and masks on real heads: no picture is labelled for both, and a special room asks for both."""

import random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.labels import NO, UNLABELLED, YES, Rows

Canvas = NDArray[Any]
"""Height x width x 3, BGR, 0-255."""

_CAP_COLOURS = [
    (245, 245, 245),
    (230, 235, 240),
    (215, 190, 150),
    (190, 120, 60),
    (160, 200, 170),
    (35, 35, 40),
    (60, 60, 70),
]
_MASK_COLOURS = [(235, 215, 170), (215, 200, 150), (245, 245, 245), (190, 205, 170), (200, 180, 230), (45, 45, 50)]
_HAT, _MASK = 5, 6


def dress(
    rng: random.Random, image: Canvas, objects: Rows, faces: Rows, share: float, masks: float = 0.0
) -> tuple[Canvas, Rows]:
    """Draws a cap or a hairnet on a share of the heads without one, and a mask on a share (`masks`) of those that are
    not known to wear one. `faces` are the boxes (x, y, w, h) of the first heads; returns copies.

    Where nobody looked for hats, half as many are drawn.
    """
    caps = [i for i in range(len(faces)) if rng.random() < share * _chance(objects[i, _HAT])]
    covers = [i for i in range(len(faces)) if objects[i, _MASK] != YES and rng.random() < masks]
    if not caps and not covers:
        return image, objects
    image, objects = image.copy(), objects.copy()
    for i in covers:
        _mask(rng, image, *(float(v) for v in faces[i]))
        objects[i, _MASK] = YES
    for i in caps:
        _cap(rng, image, *(float(v) for v in faces[i]))
        objects[i, _HAT] = YES
    return image, objects


def _chance(hat: float) -> float:
    return {NO: 1.0, UNLABELLED: 0.5}.get(float(hat), 0.0)


def _mask(rng: random.Random, image: Canvas, x: float, y: float, w: float, h: float) -> None:
    """A pleated cloth from the nose to below the chin, with straps towards the ears."""
    middle = x + w / 2 + rng.uniform(-0.06, 0.06) * w
    top, bottom = y + h * rng.uniform(0.42, 0.56), y + h * rng.uniform(0.98, 1.08)
    half = w * rng.uniform(0.4, 0.52)
    edge = top + h * rng.uniform(0.06, 0.14)
    low = bottom - h * rng.uniform(0.14, 0.22)
    outline = [(middle, top), (middle + half, edge), (middle + half * 0.9, low), (middle + half * 0.4, bottom)]
    outline += [(2 * middle - px, py) for px, py in reversed(outline)]
    tilt = cv2.getRotationMatrix2D((middle, (top + bottom) / 2), rng.uniform(-9, 9), 1.0)
    points = (np.array(outline) @ tilt[:, :2].T + tilt[:, 2]).astype(np.int32)
    pad = np.zeros(image.shape[:2], np.float32)
    cv2.fillPoly(pad, [points], 1.0, cv2.LINE_AA)
    colour = np.array(rng.choice(_MASK_COLOURS), np.float32)
    rows = (np.arange(image.shape[0]) - top) / max(bottom - top, 1.0)
    pleats = 1 - 0.07 * (np.sin(rows * rng.uniform(14, 24)) > 0.6) - 0.18 * np.clip(rows, 0, 1) ** 2
    fold = 1 - 0.3 * np.abs((np.arange(image.shape[1]) - middle) / max(half, 1.0)).clip(0, 1) ** 2
    light = min(1.1, 0.55 + 0.45 * float(image.mean()) / 128)
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, 5, image.shape[:2])
    cloth = colour[None, None] * (pleats[:, None] * fold[None, :] * light)[..., None] + noise[..., None]
    share = (cv2.GaussianBlur(pad, (0, 0), max(0.5, h * 0.012)) * rng.uniform(0.93, 1.0))[..., None]
    if rng.random() < 0.7:
        ear = y + h * rng.uniform(0.3, 0.5)
        for side, corner in ((x + w, points[1]), (x, points[6])):
            cv2.line(image, (int(corner[0]), int(corner[1])), (int(side), int(ear)), (225, 225, 225), 1, cv2.LINE_AA)
    image[:] = np.clip(image * (1 - share) + cloth * share, 0, 255).astype(np.uint8)


def _cap(rng: random.Random, image: Canvas, x: float, y: float, w: float, h: float) -> None:
    centre, brim = x + w / 2 + rng.uniform(-0.05, 0.05) * w, y + h * rng.uniform(0.02, 0.2)
    half, tall = w * rng.uniform(0.62, 0.78), h * rng.uniform(0.5, 0.72)
    colour = np.array(rng.choice(_CAP_COLOURS), np.float32)
    net = rng.random() < 0.5
    pad = np.zeros(image.shape[:2], np.float32)
    at = (int(centre), int(brim))
    tilt = rng.uniform(-10, 10)
    cv2.ellipse(pad, at, (max(2, int(half)), max(2, int(tall))), tilt, 180, 360, 1.0, -1, cv2.LINE_AA)
    cv2.ellipse(pad, at, (max(2, int(half)), max(1, int(h * 0.1))), tilt, 0, 180, 1.0, -1, cv2.LINE_AA)
    if rng.random() < 0.3 and not net:
        top = brim - tall * rng.uniform(1.3, 2.2)
        cv2.rectangle(pad, (int(centre - half * 0.9), int(top)), (int(centre + half * 0.9), int(brim)), 1.0, -1)
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, 14 if net else 6, image.shape[:2])
    grain = cv2.GaussianBlur(noise.astype(np.float32), (0, 0), 0.8)
    # Folds: a cap is darker at its edges than in the middle.
    fold = 1 - 0.35 * np.abs((np.arange(image.shape[1]) - centre) / max(half, 1)).clip(0, 1)
    light = image.mean() / 128
    cloth = colour[None, None] * fold[None, :, None] * min(1.15, 0.6 + 0.4 * light) + grain[..., None]
    strength = rng.uniform(0.45, 0.75) if net else rng.uniform(0.9, 1.0)
    share = (cv2.GaussianBlur(pad, (0, 0), max(0.6, h * 0.015)) * strength)[..., None]
    image[:] = np.clip(image * (1 - share) + cloth * share, 0, 255).astype(np.uint8)
