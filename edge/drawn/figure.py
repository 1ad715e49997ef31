"""A cook's body: coat, apron and arms that work or swing, shaded like a column."""

from math import cos, radians, sin

import cv2
import numpy as np

from contracts.vision import Image
from edge.drawn import head
from edge.drawn.pen import SCALE, Colour, Pen, Point, tint
from edge.drawn.person import Cook, Pose
from edge.drawn.room import COUNTER_Y, HEIGHT


def draw(canvas: Image, cook: Cook, pose: Pose) -> None:
    """Draws the whole cook onto the canvas."""
    reach = pose.head * 1.9
    x1, y1 = max(0, int((pose.x - reach) * SCALE)), int(pose.y * SCALE)
    view = canvas[y1 : int((COUNTER_Y + 4) * SCALE), x1 : max(x1, int((pose.x + reach) * SCALE))]
    if view.size == 0:
        return
    origin = (x1 / SCALE, y1 / SCALE)
    layer = view.copy()
    brush = Pen(layer, origin)
    back = cos(radians(pose.yaw)) < -0.2
    if back:
        _arms(brush, cook, pose)
        _torso(brush, cook, pose)
    else:
        _torso(brush, cook, pose)
        _arms(brush, cook, pose)
    changed = cv2.cvtColor(cv2.absdiff(layer, view), cv2.COLOR_BGR2GRAY) > 0
    x = (np.arange(view.shape[1], dtype=np.float32) / SCALE + origin[0] - pose.x) / (pose.head * 1.1)
    level = np.clip(1.0 - 0.12 * x - 0.22 * x * x, 0.55, 1.08)
    spread = np.repeat(np.repeat(level[None, :, None], view.shape[0], 0), 3, 2)
    shaded = cv2.multiply(layer, spread, dtype=cv2.CV_8U)
    cv2.copyTo(shaded, changed.astype(np.uint8), view)
    head.draw(canvas, cook, pose)


def width_of(pose: Pose) -> float:
    """Half the shoulders' width; a body seen from the side is narrower."""
    return pose.head * (0.66 + 0.3 * abs(cos(radians(pose.yaw))))


def _torso(pen: Pen, cook: Cook, pose: Pose) -> None:
    x, h, half = pose.x, pose.head, width_of(pose)
    top, low = pose.y + h * 0.6, min(float(HEIGHT), pose.y + h * 4.2)
    front = cos(radians(pose.yaw))
    lean = half * 0.35 * sin(radians(pose.yaw))
    coat = cook.coat
    pen.poly(
        [
            (x - h * 0.22, top - h * 0.1),
            (x - half * 0.72, top + h * 0.1),
            (x - half * 0.98, top + h * 0.42),
            (x - half * 0.86, top + h * 1.5),
            (x - half * 0.96, low),
            (x + half * 0.96, low),
            (x + half * 0.86, top + h * 1.5),
            (x + half * 0.98, top + h * 0.42),
            (x + half * 0.72, top + h * 0.1),
            (x + h * 0.22, top - h * 0.1),
        ],
        coat,
    )
    if front > 0.1:
        collar = tint(coat, 0.88)
        pen.poly(
            [(x - h * 0.24, top - h * 0.08), (x + lean, top + h * 0.24), (x + h * 0.24, top - h * 0.08)],
            tint(cook.skin, 0.8),
        )
        pen.path(
            [(x - h * 0.25, top - h * 0.1), (x + lean, top + h * 0.26), (x + h * 0.25, top - h * 0.1)], collar, 3.2
        )
        pen.path([(x + lean, top + h * 0.26), (x + lean, top + h * 1.1)], tint(coat, 0.84), 1.0)
        for row in range(4):
            for way in (-0.16, 0.16):
                pen.ellipse((x + lean + way * h, top + h * (0.42 + row * 0.2)), (1.5, 1.5), tint(coat, 0.66))
        waist = top + h * 1.12
        pen.poly(
            [(x - half * 0.6, waist), (x + half * 0.6, waist), (x + half * 0.84, low), (x - half * 0.84, low)],
            cook.apron,
        )
        pen.path([(x - half * 0.86, waist + 1), (x + half * 0.86, waist + 1)], tint(cook.apron, 0.8), 2.2)
    elif front < -0.3:
        waist = top + h * 1.12
        pen.path([(x - half * 0.86, waist), (x + half * 0.86, waist)], tint(cook.apron, 0.9), 2.0)
        pen.ellipse((x + 2, waist + 2), (h * 0.12, h * 0.06), tint(cook.apron, 0.85))
        pen.path([(x, top), (x, low)], tint(coat, 0.93), 1.0)
    for way, fold in ((-0.5, 0.9), (0.4, 0.92)):
        pen.path([(x + way * half, top + h * 0.7), (x + way * half * 1.2, top + h * 1.08)], tint(coat, fold), 1.4)


def _arms(pen: Pen, cook: Cook, pose: Pose) -> None:
    h, half, top = pose.head, width_of(pose), pose.y + pose.head * 0.6
    turn = sin(radians(pose.yaw))
    for way in (-1, 1):
        shoulder = (pose.x + way * half * 0.8, top + h * 0.3)
        if pose.step:
            swing = sin(pose.step + (0 if way > 0 else 3.14)) * 0.34
            elbow = (shoulder[0] + way * h * 0.1 + swing * h * turn * 0.7, shoulder[1] + h * 0.62)
            hand = (elbow[0] + swing * h * turn, elbow[1] + h * 0.56)
        else:
            beat = sin(pose.work + way) * 0.16
            elbow = (shoulder[0] + way * h * 0.2 + turn * h * 0.2, shoulder[1] + h * 0.66)
            hand = (
                pose.x + way * h * (0.34 + 0.3 * beat) + turn * h * 0.6,
                min(COUNTER_Y + 3, shoulder[1] + h * (1.08 + beat)),
            )
        _arm(pen, cook, h, shoulder, elbow, hand)


def _arm(pen: Pen, cook: Cook, h: float, shoulder: Point, elbow: Point, hand: Point) -> None:
    sleeve: Colour = tint(cook.coat, 0.93)
    edge = tint(cook.coat, 0.74)
    wrist = (elbow[0] + (hand[0] - elbow[0]) * 0.74, elbow[1] + (hand[1] - elbow[1]) * 0.74)
    for colour, wide in ((edge, h * 0.36 + 1.6), (sleeve, h * 0.36)):
        pen.path([shoulder, elbow], colour, wide)
        pen.ellipse(shoulder, (wide / 2, wide / 2), colour)
        pen.ellipse(elbow, (wide / 2, wide / 2), colour)
        pen.path([elbow, wrist], colour, wide * 0.84)
    pen.path([wrist, hand], cook.skin, h * 0.17)
    pen.ellipse(hand, (h * 0.14, h * 0.12), cook.skin)
    pen.path([(wrist[0] - h * 0.15, wrist[1]), (wrist[0] + h * 0.15, wrist[1])], tint(cook.coat, 0.8), 1.4)
