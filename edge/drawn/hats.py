"""Toque, flat cap and hairnet."""

from random import Random

import cv2

from contracts.vision import Image
from edge.drawn.pen import Colour, Pen, Point, tint
from edge.drawn.person import Cook
from edge.drawn.side import Side

WHITE: Colour = (240, 242, 242)


def draw(view: Image, origin: Point, side: Side, cook: Cook) -> None:
    """Draws the hat, cap or hairnet of a cook who wears one."""
    if cook.hat == "net":
        layer = view.copy()
        _net(Pen(layer, origin), side)
        view[:] = cv2.addWeighted(layer, 0.72, view, 0.28, 0)
        return
    pen = Pen(view, origin)
    x, y, a, b = side.x, side.y, side.a * (1.1 + 0.08 * side.profile), side.b
    brim = y - b * 0.42
    if cook.hat == "toque":
        _toque(pen, x, brim, a, b, Random(cook.name))
    else:
        _cap(pen, side, brim, a)


def _toque(pen: Pen, x: float, brim: float, a: float, b: float, rng: Random) -> None:
    top = brim - b * 0.78
    for part in (-0.78, -0.42, 0.42, 0.78, 0.0):
        drop = abs(part) * 0.16 * b
        pen.ellipse(
            (x + part * a * 0.95, top - b * 0.12 + drop),
            (a * 0.55, b * 0.46),
            tint(WHITE, 0.92 + 0.08 * (1 - abs(part))),
        )
    pen.poly([(x - a * 1.02, brim), (x - a * 1.14, top), (x + a * 1.14, top), (x + a * 1.02, brim)], WHITE)
    pen.ellipse((x, brim), (a * 1.02, b * 0.13), WHITE)
    for part in range(-4, 5):
        base = x + part * a * 0.235
        light = tint(WHITE, 0.86 if part > 0 else 0.92)
        pen.path([(base, brim + b * 0.05), (base + part * 1.1 + rng.uniform(-1, 1), top - b * 0.3)], light, 0.7)
    pen.poly(
        [(x + a * 0.5, brim + b * 0.08), (x + a * 0.66, top), (x + a * 1.14, top), (x + a * 1.02, brim)],
        tint(WHITE, 0.9),
    )
    pen.arc((x, brim), (a * 1.02, b * 0.13), tint(WHITE, 0.78), 0.9, (0, 180))


def _cap(pen: Pen, side: Side, brim: float, a: float) -> None:
    x, b = side.x, side.b
    pen.ellipse((x, brim), (a * 1.04, b * 0.74), WHITE, span=(180, 360))
    pen.ellipse((x, brim - b * 0.5), (a * 0.92, b * 0.26), tint(WHITE, 0.97))
    pen.ellipse((x + a * 0.5, brim - b * 0.18), (a * 0.5, b * 0.42), tint(WHITE, 0.93), span=(180, 360))
    pen.block(x - a * 1.04, brim - b * 0.2, x + a * 1.04, brim + b * 0.04, tint(WHITE, 0.88))
    pen.ellipse((x, brim + b * 0.03), (a * 1.04, b * 0.12), tint(WHITE, 0.88), span=(0, 180))
    if side.front > -0.2:
        nose = side.at(0, -0.3, 1.2)
        pen.ellipse((nose[0], brim + b * 0.1), (a * (0.8 - 0.3 * side.profile), b * 0.1), tint(WHITE, 0.72))


def _net(pen: Pen, side: Side) -> None:
    x, y, a, b = side.x, side.y, side.a * (1.14 + 0.08 * side.profile), side.b
    brim = y - b * 0.4
    pen.ellipse((x, brim), (a * 1.02, b * 0.74), (246, 240, 228), span=(180, 360))
    pen.ellipse((x, brim), (a * 1.02, b * 0.14), (246, 240, 228))
    for part in range(-5, 6):
        pen.path([(x + part * a * 0.19, brim + b * 0.08), (x + part * a * 0.13, brim - b * 0.68)], (222, 214, 198), 0.6)
    for level in (0.2, 0.42):
        pen.arc((x, brim), (a, b * 0.74 - level * b * 0.4), (226, 218, 204), 0.6, (190, 350))
    for part in range(-6, 7):
        pen.ellipse((x + part * a * 0.165, brim + b * 0.1 - abs(part) * 0.35), (a * 0.11, b * 0.07), (238, 230, 214))
