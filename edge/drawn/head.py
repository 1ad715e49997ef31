"""A head seen from any side: skull, hair, face, mask and headwear, shaded like a ball."""

from math import sin

import numpy as np

from contracts.vision import Image
from edge.drawn import hats
from edge.drawn.pen import SCALE, Colour, Mask, Pen, Point, mix, tint
from edge.drawn.person import Cook, Pose
from edge.drawn.side import Side

MASK_BLUE: Colour = (226, 208, 164)


def draw(canvas: Image, cook: Cook, pose: Pose) -> None:
    """Draws the head onto the canvas."""
    side = Side(pose)
    reach = pose.head * 1.5
    x1, y1 = max(0, int((pose.x - reach) * SCALE)), max(0, int((pose.y - reach) * SCALE))
    view = canvas[y1 : int((pose.y + reach) * SCALE), x1 : int((pose.x + reach) * SCALE)]
    if view.size == 0:
        return
    origin = (x1 / SCALE, y1 / SCALE)
    pen = Pen(view, origin)
    _neck(pen, side, cook)
    if cook.long_hair:
        _knot(pen, side, cook)
    skull = np.zeros(view.shape[:2], np.uint8)
    _shape(Pen(skull, origin), side, (255, 255, 255))
    layer = view.copy()
    brush = Pen(layer, origin)
    _shape(brush, side, cook.skin)
    _hair(brush, side, cook)
    _face(brush, side, cook, pose.blink)
    if cook.mask:
        _mask(brush, side)
    _shade(layer, skull, side, origin)
    _paste(view, layer, skull)
    _ears_and_nose(pen, side, cook)
    if cook.hat != "none":
        hats.draw(view, origin, side, cook)
    else:
        _tuft(pen, side, cook)


def _shape(pen: Pen, side: Side, colour: Colour) -> None:
    wide = side.a * (1 + 0.1 * side.profile)
    pen.ellipse((side.x, side.y - side.b * 0.18), (wide * 1.03, side.b * 0.84), colour)
    lean = side.a * 0.16 * sin(side.yaw)
    pen.ellipse((side.x + lean, side.y + side.b * 0.22), (wide * 0.86, side.b * 0.78), colour)


def _neck(pen: Pen, side: Side, cook: Cook) -> None:
    skin = tint(cook.skin, 0.74)
    pen.block(side.x - side.a * 0.5, side.y + side.b * 0.5, side.x + side.a * 0.5, side.y + side.b * 1.3, skin)


def _knot(pen: Pen, side: Side, cook: Cook) -> None:
    x, y = side.at(180, 0.12, 1.1)
    pen.ellipse((x, y), (side.a * 0.42, side.b * 0.4), tint(cook.hair, 0.9))


def _hair(pen: Pen, side: Side, cook: Cook) -> None:
    """Hair covers the crown, the back and the temples; the face is what it leaves free."""
    line = [
        side.at(d, h) for d, h in ((-78, 0.1), (-64, -0.3), (-40, -0.5), (0, -0.58), (40, -0.5), (64, -0.3), (78, 0.1))
    ]
    dark, x, y, a, b = cook.hair, side.x, side.y, side.a * 1.3, side.b
    if side.front > 0.35:
        pen.poly(
            [(x - a, y + 0.05 * b), (x - a, y - b * 1.2), (x + a, y - b * 1.2), (x + a, y + 0.05 * b), *line[::-1]],
            dark,
        )
    elif side.front > -0.5:
        way = 1 if sin(side.yaw) > 0 else -1
        edge = [side.at(-way * d, h) for d, h in ((20, -0.56), (52, -0.36), (70, -0.1), (84, 0.15), (100, 0.5))]
        back = x - way * a
        pen.poly(
            [(x + way * a, y - 1.2 * b), (x + way * a, y - 0.55 * b), *edge, (back, y + 0.55 * b), (back, y - 1.2 * b)],
            dark,
        )
    else:
        pen.block(x - a, y - 1.2 * b, x + a, y + 0.52 * b, dark)
    for part in range(7):
        tip = side.at(-75 + part * 25, -0.55)
        pen.path([(x + (part - 3) * side.a * 0.16, y - 0.98 * b), tip], tint(dark, 1.35 if part % 2 else 0.8), 0.5)


def _tuft(pen: Pen, side: Side, cook: Cook) -> None:
    """Hair stands a little off the skull."""
    for part in range(-3, 4):
        x = side.x + part * side.a * 0.27
        y = side.y - side.b * (0.93 - 0.035 * part * part)
        pen.ellipse((x, y), (side.a * 0.26, side.b * 0.13), tint(cook.hair, 1.0 + 0.06 * (part % 2)))


def _face(pen: Pen, side: Side, cook: Cook, blink: bool) -> None:
    ink, a, b = (38, 36, 44), side.a, side.b
    for degrees in (-27.0, 27.0):
        seen = side.seen(degrees)
        if seen < 0.12:
            continue
        x, y = side.at(degrees, 0.02)
        wide = a * 0.19 * max(0.45, seen)
        pen.ellipse((x, y - b * 0.02), (wide * 1.3, b * 0.11), tint(cook.skin, 0.86))
        if blink:
            pen.path([(x - wide, y), (x + wide, y)], tint(cook.skin, 0.5), 0.8)
        else:
            pen.ellipse((x, y), (wide, b * 0.068), (232, 236, 238))
            pen.ellipse((x, y), (wide * 0.5, b * 0.066), ink)
            pen.arc((x, y), (wide, b * 0.075), (46, 44, 52), 0.6, (180, 360))
        brow = y - b * 0.17
        pen.path(
            [(x - wide * 1.15, brow + 0.6), (x, brow - b * 0.04), (x + wide * 1.15, brow + 0.6)],
            tint(cook.hair, 1.1),
            1.2,
        )
        if cook.glasses:
            pen.arc((x, y), (wide * 1.55, b * 0.17), (52, 50, 50), 0.8, (0, 360))
    if side.seen(0) > 0.1 and not cook.mask:
        _lips(pen, side, cook)
    for degrees in (-46.0, 46.0):
        if side.seen(degrees) > 0.3:
            pen.ellipse(side.at(degrees, 0.34), (a * 0.2, b * 0.12), mix(cook.skin, (120, 130, 220), 0.12))


def _lips(pen: Pen, side: Side, cook: Cook) -> None:
    x, y = side.at(0, 0.55)
    wide = side.a * 0.3 * max(0.35, side.seen(0))
    pen.ellipse((x, y), (wide, side.b * 0.07), mix(cook.skin, (92, 84, 176), 0.55))
    pen.path([(x - wide, y), (x, y + 0.4), (x + wide, y)], (66, 58, 110), 0.7)
    nose_x, nose_y = side.at(0, 0.27)
    for way in (-1, 1):
        pen.ellipse(
            (nose_x + way * side.a * 0.08, nose_y + side.b * 0.03),
            (side.a * 0.045, side.b * 0.025),
            tint(cook.skin, 0.5),
        )
    pen.ellipse((x, y + side.b * 0.15), (wide * 0.8, side.b * 0.03), tint(cook.skin, 0.86))


def _ears_and_nose(pen: Pen, side: Side, cook: Cook) -> None:
    for degrees in (-92.0, 92.0):
        if side.seen(degrees) > -0.25:
            x, y = side.at(degrees, 0.1, 1.02)
            slim = 0.1 + 0.12 * max(0.0, side.seen(degrees))
            pen.ellipse((x, y), (side.a * slim, side.b * 0.17), tint(cook.skin, 0.93))
            pen.ellipse((x, y), (side.a * slim * 0.5, side.b * 0.1), tint(cook.skin, 0.78))
    if side.seen(0) > 0 and not cook.mask:
        top, tip = side.at(0, 0.02, 0.9), side.at(0, 0.25, 1.02 + 0.22 * side.profile)
        base = side.at(0, 0.31, 0.95)
        shade = tint(cook.skin, 0.82)
        pen.path([top, tip], tint(cook.skin, 0.9), 0.9)
        pen.poly([top, (tip[0], tip[1]), base], tint(cook.skin, 0.95 if side.profile > 0.5 else 0.9))
        pen.path([tip, base], shade, 0.9)


def _mask(pen: Pen, side: Side) -> None:
    if side.seen(0) < -0.45:
        return
    outer = 62.0
    top = [side.at(d, h) for d, h in ((-outer, 0.26), (-28, 0.2), (0, 0.12), (28, 0.2), (outer, 0.26))]
    low = [side.at(d, h) for d, h in ((outer, 0.62), (34, 0.92), (0, 1.0), (-34, 0.92), (-outer, 0.62))]
    pen.poly([*top, *low], MASK_BLUE)
    for fold in (0.42, 0.56, 0.7):
        pen.path([side.at(d, fold + 0.05 - abs(d) * 0.0008) for d in (-48, -24, 0, 24, 48)], tint(MASK_BLUE, 0.86), 0.7)
    pen.path(top, tint(MASK_BLUE, 1.1), 1.0)
    for way in (-1, 1):
        if side.seen(way * 75) > 0:
            pen.path([side.at(way * outer, 0.3), side.at(way * 88, 0.06)], (236, 234, 230), 0.7)
            pen.path([side.at(way * outer, 0.6), side.at(way * 88, 0.2)], (236, 234, 230), 0.7)


def _shade(layer: Image, skull: Mask, side: Side, origin: Point) -> None:
    """Light from the upper left."""
    height, width = skull.shape
    x = (np.arange(width, dtype=np.float32) / SCALE + origin[0] - side.x) / (side.a * 1.15)
    y = (np.arange(height, dtype=np.float32) / SCALE + origin[1] - side.y) / (side.b * 1.1)
    level = 1.0 - 0.13 * x[None, :] - 0.08 * y[:, None] - 0.14 * (x * x)[None, :] - 0.04 * (y * y)[:, None]
    level = np.clip(level, 0.55, 1.12)
    layer[:] = np.clip(layer * level[..., None], 0, 255).astype(np.uint8)


def _paste(view: Image, layer: Image, mask: Mask) -> None:
    share = (mask.astype(np.float32) / 255)[..., None]
    view[:] = (view * (1 - share) + layer * share).astype(np.uint8)
