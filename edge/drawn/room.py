"""The room: what stands still behind the cooks, and what stands before them. Drawn once per scene."""

from random import Random

import cv2
import numpy as np

from contracts.vision import Image
from edge.drawn.pen import SCALE, Colour, Mask, Pen, tint, upright_gradient

WIDTH, HEIGHT = 640, 360
COUNTER_Y = 282.0
STEEL: Colour = (186, 182, 176)
_WALLS: tuple[Colour, ...] = ((214, 222, 224), (222, 220, 208), (206, 220, 228), (224, 226, 226))
_GOODS: tuple[Colour, ...] = ((96, 150, 60), (60, 90, 200), (70, 160, 220), (90, 120, 150), (150, 170, 200))


def blank() -> Image:
    return np.zeros((HEIGHT * SCALE, WIDTH * SCALE, 3), np.uint8)


def back(rng: Random) -> Image:
    """Tiled wall, hood, shelf, ladles, stove with pots: the canvas before any cook."""
    image = blank()
    wall = rng.choice(_WALLS)
    upright_gradient(image, (0, 0, WIDTH, HEIGHT), tint(wall, 0.93), tint(wall, 0.8))
    pen = Pen(image)
    _tiles(pen, wall, rng)
    _window(pen, 30 + rng.uniform(0, 40))
    _shelf(pen, 378 + rng.uniform(0, 40), rng)
    _stove(pen, image, rng)
    _hood(pen, image, 176 + rng.uniform(-30, 30))
    return cv2.GaussianBlur(image, (0, 0), 1.6).astype(np.uint8)


def _tiles(pen: Pen, wall: Colour, rng: Random) -> None:
    step = rng.choice([20, 24, 30])
    for row, y in enumerate(range(0, 240, step)):
        for x in range(-step, WIDTH + step, step * 2):
            left = x + (step if row % 2 else 0)
            shade = tint(wall, 0.9 + rng.uniform(-0.025, 0.025) - y * 0.0004)
            pen.block(left + 0.6, y + 0.6, left + step * 2 - 0.6, y + step - 0.6, shade)
            pen.path([(left + 1, y + 1), (left + step * 2 - 1, y + 1)], tint(shade, 1.06), 0.5)


def _window(pen: Pen, x: float) -> None:
    pen.block(x - 4, 16, x + 78, 92, (150, 160, 168))
    pen.block(x, 20, x + 74, 88, (242, 236, 224))
    pen.block(x + 36, 20, x + 39, 88, (160, 168, 172))
    pen.poly([(x + 6, 88), (x + 26, 20), (x + 34, 20), (x + 14, 88)], (252, 249, 244))


def _shelf(pen: Pen, x: float, rng: Random) -> None:
    for y in (58.0, 104.0):
        at = x + 8
        while at < x + 178:
            wide, tall = rng.uniform(9, 20), rng.uniform(14, 32)
            colour = tint(rng.choice([*_GOODS, STEEL, (225, 225, 225)]), rng.uniform(0.7, 1.05))
            pen.block(at, y - tall, at + wide, y, colour)
            pen.block(at + wide * 0.15, y - tall, at + wide * 0.35, y, tint(colour, 1.15))
            pen.block(at, y - tall - 3, at + wide, y - tall, tint(colour, 0.6))
            at += wide + rng.uniform(2, 9)
        pen.block(x, y, x + 190, y + 5, tint(STEEL, 0.85))
        pen.block(x, y + 5, x + 190, y + 9, tint(STEEL, 0.55))


def _hood(pen: Pen, image: Image, x: float) -> None:
    upright_gradient(image, (x + 34, 0, x + 126, 26), tint(STEEL, 1.05), tint(STEEL, 0.85))
    pen.poly([(x + 20, 24), (x + 140, 24), (x + 166, 58), (x - 6, 58)], tint(STEEL, 0.92))
    pen.poly([(x + 30, 26), (x + 62, 26), (x + 44, 56), (x + 6, 56)], tint(STEEL, 1.12))
    pen.block(x - 6, 57, x + 166, 63, tint(STEEL, 0.6))
    for step in range(5):
        at = x + 12 + step * 32
        pen.path([(at, 66), (at, 92 + step % 2 * 8)], (120, 118, 112), 1.6)
        pen.ellipse((at, 96 + step % 2 * 8), (5.5, 5), (132, 130, 124))
    pen.path([(x, 66), (x + 160, 66)], (105, 104, 100), 2)


def _stove(pen: Pen, image: Image, rng: Random) -> None:
    upright_gradient(image, (0, 214, WIDTH, 226), tint(STEEL, 1.08), tint(STEEL, 0.9))
    upright_gradient(image, (0, 226, WIDTH, HEIGHT), tint(STEEL, 0.72), tint(STEEL, 0.5))
    for x in range(14, WIDTH, 76):
        pen.block(x, 234, x + 66, 300, tint(STEEL, 0.64))
        pen.block(x + 6, 240, x + 60, 243, tint(STEEL, 0.9))
    for place in range(5):
        pot(pen, 60 + place * 128 + rng.uniform(-24, 24), 214, rng.uniform(17, 25), rng.uniform(15, 24), rng)


def pot(pen: Pen, x: float, y: float, half: float, tall: float, rng: Random) -> None:
    """A pot that stands on y."""
    body = tint(rng.choice([STEEL, (70, 72, 76), (60, 74, 150), (168, 170, 172)]), rng.uniform(0.8, 1.0))
    pen.block(x - half, y - tall, x + half, y, body)
    pen.ellipse((x, y), (half, half * 0.18), body)
    pen.block(x - half * 0.7, y - tall, x - half * 0.4, y, tint(body, 1.25))
    pen.block(x + half * 0.55, y - tall, x + half, y + 1, tint(body, 0.8))
    pen.ellipse((x, y - tall), (half, half * 0.22), tint(body, 1.15))
    pen.ellipse((x, y - tall), (half * 0.86, half * 0.16), tint(body, 0.5))
    for side in (-1, 1):
        pen.block(x + side * half - 3, y - tall * 0.75, x + side * half + 3, y - tall * 0.6, (50, 50, 52))


def front(seed: int) -> tuple[Image, Mask]:
    """The counter and the pillar before the cooks, and where they hide what is behind."""
    image, mask = blank(), np.zeros((HEIGHT * SCALE, WIDTH * SCALE), np.uint8)
    stencil = Pen(mask)
    upright_gradient(image, (0, COUNTER_Y, WIDTH, COUNTER_Y + 20), tint(STEEL, 1.22), tint(STEEL, 1.02))
    upright_gradient(image, (0, COUNTER_Y + 20, WIDTH, HEIGHT), tint(STEEL, 0.82), tint(STEEL, 0.6))
    stencil.block(-2, COUNTER_Y, WIDTH + 2, HEIGHT + 2, (255, 255, 255))
    for pen, flat in ((Pen(image), False), (stencil, True)):
        _on_the_counter(pen, Random(seed), flat)
        x = 452.0
        pen.block(x, -2, x + 13, COUNTER_Y + 4, (255, 255, 255) if flat else tint(STEEL, 0.88))
        if not flat:
            pen.block(x + 2, -2, x + 5, COUNTER_Y + 4, tint(STEEL, 1.15))
            pen.block(x + 10, -2, x + 13, COUNTER_Y + 4, tint(STEEL, 0.62))
    return cv2.GaussianBlur(image, (0, 0), 0.8).astype(np.uint8), mask


def _on_the_counter(pen: Pen, rng: Random, flat: bool) -> None:
    def shade(colour: Colour) -> Colour:
        return (255, 255, 255) if flat else colour

    pen.poly([(92, 296), (176, 296), (186, 308), (84, 308)], shade((120, 170, 210)))
    for _ in range(16):
        pen.ellipse(
            (rng.uniform(108, 166), rng.uniform(291, 300)), (5, 3.4), shade(tint(_GOODS[0], rng.uniform(0.8, 1.4)))
        )
    for level in range(5):
        pen.ellipse((330, 294 - level * 3.2), (22, 5), shade((238, 238, 236) if level % 2 else (205, 206, 206)))
    x, half, tall = 262.0, 26.0, 30.0
    body = shade(STEEL)
    pen.block(x - half, 298 - tall, x + half, 298, body)
    pen.ellipse((x, 298), (half, 5), body)
    pen.block(x - 18, 298 - tall, x - 10, 298, shade(tint(STEEL, 1.25)))
    pen.block(x + 14, 298 - tall, x + half, 299, shade(tint(STEEL, 0.8)))
    pen.ellipse((x, 298 - tall), (half, 6), shade(tint(STEEL, 1.15)))
    pen.ellipse((x, 298 - tall), (half * 0.87, 4.6), shade(tint(STEEL, 0.5)))
    for place in range(3):
        at = 540 + place * 20
        pen.block(at, 268 - place * 4, at + 13, 296, shade(tint(_GOODS[place], 0.9)))
        pen.block(at + 3, 259 - place * 4, at + 10, 268 - place * 4, shade((60, 60, 64)))
