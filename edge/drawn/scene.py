"""A whole drawn kitchen as a camera: `Scene(seed).frame(t)` gives the picture and what is truly in it."""

from math import sin
from random import Random

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts.kinds import ObjectKind
from contracts.vision import Box, Image
from edge.drawn import figure, room
from edge.drawn.pen import SCALE, Mask, Pen
from edge.drawn.person import Cook, Pose, crew, pose
from edge.drawn.room import HEIGHT, WIDTH

CAPTION = "DRAWN SCENE"


class Truth(msgspec.Struct, frozen=True):
    """One head (face and headwear) or person that is in the picture, for tests."""

    name: str
    kind: ObjectKind
    box: Box
    hat: bool
    mask: bool
    yaw: float
    visible: float
    """share of the box, 0-1, that nothing before it hides"""


class Scene:
    """Everything follows from the seed and the time; every third seed has a crew that wears everything."""

    def __init__(self, seed: int) -> None:
        rng = Random(seed)
        self.cooks = crew(rng, clean=seed % 3 == 0)
        self._back = room.back(rng)
        self._front, self._stencil = room.front(seed)
        self._light = _vignette()
        noise = np.random.default_rng(seed)
        self._grain = noise.normal(0, 3.0, (HEIGHT + 64, WIDTH + 64, 1)).astype(np.float32)

    def frame(self, t: float) -> tuple[Image, list[Truth]]:
        """The picture (360 x 640 x 3, BGR) at `t` seconds, and its people and heads, the nearest last."""
        canvas = self._back.copy()
        poses = sorted(((pose(cook, t), cook) for cook in self.cooks), key=lambda pair: pair[0].depth)
        for stance, cook in poses:
            figure.draw(canvas, cook, stance)
        cv2.copyTo(self._front, self._stencil, canvas)
        _steam(canvas, t)
        return self._finish(canvas, t), self._truth(poses)

    def _finish(self, canvas: Image, t: float) -> Image:
        small = cv2.resize(canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), 0.55)
        shift = Random(round(t * 1000)).randrange(64 * 64)
        grain = self._grain[shift // 64 :, shift % 64 :][:HEIGHT, :WIDTH]
        lit = small.astype(np.float32) * self._light + grain
        picture: Image = np.clip(lit, 0, 255).astype(np.uint8)
        cv2.rectangle(picture, (5, HEIGHT - 23), (115, HEIGHT - 6), (24, 24, 24), -1)
        cv2.putText(
            picture, CAPTION, (10, HEIGHT - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (245, 245, 245), 1, cv2.LINE_AA
        )
        return picture

    def _truth(self, poses: list[tuple[Pose, Cook]]) -> list[Truth]:
        """Boxes of heads and people; what nearer cooks, the pillar or the counter hide counts as not visible."""
        hidden: Mask = (self._stencil[::SCALE, ::SCALE] > 127).astype(np.uint8)
        found: list[Truth] = []
        for stance, cook in reversed(poses):
            head, person = head_box(stance), person_box(stance)
            for kind, box in ((ObjectKind.PERSON, person), (ObjectKind.HEAD, head)):
                spot = hidden[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)]
                visible = 1.0 - float(spot.mean()) if spot.size else 0.0
                found.append(Truth(cook.name, kind, box, cook.hat != "none", cook.mask, stance.yaw, visible))
            _hide(hidden, stance)
        return found[::-1]


def head_box(stance: Pose) -> Box:
    """Face and headwear, the same for bare and covered heads."""
    half = stance.head / 2
    box = Box(stance.x - half * 1.3, stance.y - half * 1.8, stance.x + half * 1.3, stance.y + half * 1.15)
    return _inside(box)


def person_box(stance: Pose) -> Box:
    half = figure.width_of(stance) * 1.12
    return _inside(Box(stance.x - half, stance.y - stance.head * 0.6, stance.x + half, room.COUNTER_Y + 4))


def _inside(box: Box) -> Box:
    return Box(
        min(max(box.x1, 0.0), WIDTH), min(max(box.y1, 0.0), HEIGHT), min(max(box.x2, 0.0), WIDTH), min(box.y2, HEIGHT)
    )


def _hide(hidden: Mask, stance: Pose) -> None:
    pen, half = Pen(hidden), figure.width_of(stance)
    # The mask has the picture's size, the pen that of the canvas.
    x, y, h = stance.x / SCALE, stance.y / SCALE, stance.head / SCALE
    pen.ellipse((x, y), (h * 0.4, h * 0.5), (1, 1, 1))
    pen.block(x - half * 0.9 / SCALE, y + h * 0.6, x + half * 0.9 / SCALE, HEIGHT / SCALE, (1, 1, 1))


def _vignette() -> NDArray[np.float32]:
    """Lamps in the middle, warm; corners darker."""
    x = np.arange(WIDTH, dtype=np.float32)[None, :]
    y = np.arange(HEIGHT, dtype=np.float32)[:, None]
    far = ((x - WIDTH * 0.46) / WIDTH) ** 2 + ((y - HEIGHT * 0.35) / HEIGHT) ** 2
    level = (1.06 - 0.5 * far)[..., None]
    warm = np.array([0.965, 0.995, 1.015], np.float32)
    lit: NDArray[np.float32] = (level * warm).astype(np.float32)
    return lit


def _steam(canvas: Image, t: float) -> None:
    """Slow puffs over the pot at the front and one at the stove."""
    for x, y, size in ((262.0, 262.0, 1.0), (190.0, 188.0, 0.8)):
        x1, y1, x2, y2 = (round(v * SCALE) for v in (x - 44, y - 96, x + 44, y + 4))
        view = canvas[y1:y2, x1:x2]
        veil = np.zeros(view.shape[:2], np.uint8)
        pen = Pen(veil, (x - 44, y - 96))
        for puff in range(6):
            age = (t * 0.42 + puff / 6) % 1
            at = (x + 11 * sin(puff * 2.1 + t * 0.8) * age, y - 82 * age)
            pen.ellipse(at, ((6 + 13 * age) * size, (5 + 11 * age) * size), (round(125 * (1 - age)),) * 3)
        share = (cv2.GaussianBlur(veil, (0, 0), 12).astype(np.float32) / 255 * 0.75)[..., None]
        view[:] = (view * (1 - share) + 246 * share).astype(np.uint8)
