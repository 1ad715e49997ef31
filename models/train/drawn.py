"""Drawn kitchen scenes with exact labels, so that drawn cameras work too. Styles vary widely on purpose."""

import random
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.labels import HEAD, NO, PERSON, YES, Rows, objects_of, regions_of

Canvas = NDArray[np.uint8]
Colour = tuple[int, int, int]

_SKINS = [(150, 185, 230), (120, 160, 210), (170, 200, 240), (90, 125, 180), (140, 190, 235), (180, 210, 245)]
_HAIRS = [(20, 20, 25), (30, 35, 50), (40, 60, 90), (15, 15, 15), (60, 60, 65)]
_CLOTHES = [(245, 245, 245), (200, 205, 210), (160, 110, 60), (90, 90, 90), (60, 60, 160), (120, 140, 90), (60, 50, 40)]
_MASKS = [(235, 215, 160), (240, 225, 190), (245, 245, 240), (220, 190, 120), (225, 225, 170), (40, 40, 40)]
_HATS = [(248, 248, 248), (235, 235, 235), (230, 200, 150), (200, 120, 60), (40, 40, 40), (210, 230, 245)]


def _shade(rng: random.Random, colour: Sequence[int], spread: int = 18) -> Colour:
    blue, green, red = (int(np.clip(part + rng.randint(-spread, spread), 0, 255)) for part in colour)
    return blue, green, red


def _ellipse(image: Canvas, centre: tuple[float, float], axes: tuple[float, float], colour: Colour, *span: int) -> None:
    start, end = span or (0, 360)
    at, size = (int(centre[0]), int(centre[1])), (max(1, int(axes[0])), max(1, int(axes[1])))
    cv2.ellipse(image, at, size, 0, start, end, colour, -1, cv2.LINE_AA)


def _block(image: Canvas, box: tuple[float, float, float, float], colour: Colour, radius: float = 0) -> None:
    x1, y1, x2, y2 = (int(v) for v in box)
    r = int(min(radius, (x2 - x1) / 2, (y2 - y1) / 2))
    if r <= 0:
        cv2.rectangle(image, (x1, y1), (x2, y2), colour, -1)
        return
    cv2.rectangle(image, (x1 + r, y1), (x2 - r, y2), colour, -1)
    cv2.rectangle(image, (x1, y1 + r), (x2, y2 - r), colour, -1)
    for x in (x1 + r, x2 - r):
        for y in (y1 + r, y2 - r):
            cv2.circle(image, (x, y), r, colour, -1, cv2.LINE_AA)


def _room(rng: random.Random, width: int, height: int) -> Canvas:
    """Wall, floor, tiles, counters, hoods and lights."""
    base = rng.choice(
        [(200, 205, 205), (225, 228, 230), (150, 160, 165), (180, 190, 200), (120, 120, 125), (70, 70, 75)]
    )
    image = np.full((height, width, 3), _shade(rng, base), np.uint8)
    if rng.random() < 0.6:
        step, line = rng.randint(18, 70), _shade(rng, tuple(int(v * 0.88) for v in base), 6)
        for x in range(0, width, step):
            cv2.line(image, (x, 0), (x, height), line, 1)
        for y in range(0, height, step):
            cv2.line(image, (0, y), (width, y), line, 1)
    floor = int(height * rng.uniform(0.6, 0.95))
    _block(image, (0, floor, width, height), _shade(rng, (110, 115, 120), 50))
    for _ in range(rng.randint(0, 5)):
        x, y = rng.randint(0, width), rng.randint(0, floor)
        size = (rng.randint(20, 160), rng.randint(10, 90))
        shade = _shade(rng, rng.choice([(170, 170, 175), (90, 90, 95), (210, 210, 210), (80, 120, 170)]), 25)
        _block(image, (x, y, x + size[0], y + size[1]), shade, rng.choice([0, 0, 6]))
    return image


def _front(rng: random.Random, image: Canvas) -> None:
    """What stands before the cooks: a counter, pots, steam."""
    height, width = image.shape[:2]
    if rng.random() < 0.7:
        top = int(height * rng.uniform(0.62, 0.92))
        _block(image, (0, top, width, height), _shade(rng, (165, 168, 170), 45))
        for _ in range(rng.randint(0, 6)):
            x, w, h = rng.randint(0, width), rng.randint(20, 90), rng.randint(12, 50)
            colour = _shade(rng, rng.choice([(60, 60, 65), (190, 190, 195), (50, 70, 160), (120, 120, 125)]))
            if rng.random() < 0.4:
                _ellipse(image, (x, top), (w / 2, h / 2), colour)
            else:
                _block(image, (x, top - h, x + w, top + 4), colour, 4)
    if rng.random() < 0.3:
        layer = image.copy()
        for _ in range(rng.randint(3, 12)):
            at = (rng.uniform(0, width), rng.uniform(0.3, 0.9) * height)
            _ellipse(layer, at, (rng.uniform(10, 60), rng.uniform(10, 50)), (240, 240, 240))
        share = rng.uniform(0.1, 0.45)
        image[:] = cv2.addWeighted(cv2.GaussianBlur(layer, (0, 0), 9), share, image, 1 - share, 0)


def _hair(rng: random.Random, image: Canvas, x: float, y: float, a: float, b: float, bald: bool) -> None:
    colour = _shade(rng, rng.choice(_HAIRS), 10)
    if bald:
        return
    kind = rng.random()
    if kind < 0.45:
        _ellipse(
            image,
            (x, y - b * rng.uniform(0.1, 0.35)),
            (a * rng.uniform(1.0, 1.1), b * rng.uniform(0.72, 0.9)),
            colour,
            180,
            360,
        )
    elif kind < 0.8:
        _ellipse(image, (x, y), (a * 1.05, b * 1.06), colour, rng.randint(185, 205), rng.randint(335, 355))
    else:
        _ellipse(image, (x, y - b * 0.15), (a * 1.12, b * 1.05), colour)
        _ellipse(image, (x, y + b * 0.12), (a * 0.92, b * 0.9), _shade(rng, _SKINS[0]))


def _hat(rng: random.Random, image: Canvas, x: float, y: float, a: float, b: float) -> None:
    colour = _shade(rng, rng.choice(_HATS[:2] if rng.random() < 0.6 else _HATS), 8)
    brim, kind = y - b * rng.uniform(0.35, 0.6), rng.random()
    if kind < 0.4:
        tall, wide = b * rng.uniform(0.5, 1.4), a * rng.uniform(0.85, 1.15)
        _block(image, (x - wide, brim - tall, x + wide, brim), colour, rng.choice([0, 0, 3, 6]))
        if rng.random() < 0.7:
            for part in (-0.6, 0.0, 0.6):
                _ellipse(image, (x + part * wide, brim - tall), (wide * 0.62, b * rng.uniform(0.2, 0.4)), colour)
        if rng.random() < 0.5:
            cv2.line(image, (int(x - wide), int(brim)), (int(x + wide), int(brim)), _shade(rng, (190, 190, 190)), 2)
    elif kind < 0.8:
        _ellipse(image, (x, brim + b * 0.1), (a * rng.uniform(1.0, 1.15), b * rng.uniform(0.6, 0.95)), colour, 180, 360)
        if rng.random() < 0.5:
            _block(image, (x - a * 1.08, brim - b * 0.08, x + a * 1.08, brim + b * 0.12), _shade(rng, colour, 25), 3)
    else:
        layer = image.copy()
        _ellipse(layer, (x, brim + b * 0.15), (a * 1.12, b * 0.8), colour, 180, 360)
        share = rng.uniform(0.5, 0.85)
        image[:] = cv2.addWeighted(layer, share, image, 1 - share, 0)


def _face(rng: random.Random, image: Canvas, x: float, y: float, a: float, b: float, masked: bool) -> None:
    turn = rng.uniform(-0.35, 0.35) * a
    ink: Colour = _shade(rng, (40, 40, 45), 15)
    if rng.random() < 0.9:
        for side in (-1, 1):
            at = (x + turn + side * a * rng.uniform(0.33, 0.42), y - b * 0.1)
            if rng.random() < 0.3:
                _ellipse(image, at, (a * 0.16, b * 0.1), (250, 250, 250))
            _ellipse(image, at, (max(1.0, a * 0.08), max(1.0, a * 0.09)), ink)
    if masked:
        colour, low = _shade(rng, rng.choice(_MASKS), 10), y + b * rng.uniform(0.7, 0.98)
        wide = a * rng.uniform(0.65, 0.95)
        _block(
            image, (x + turn * 0.6 - wide, y + b * rng.uniform(0.08, 0.25), x + turn * 0.6 + wide, low), colour, a * 0.3
        )
        if rng.random() < 0.5:
            for part in (0.4, 0.55):
                cv2.line(
                    image,
                    (int(x - wide * 0.7), int(y + b * part)),
                    (int(x + wide * 0.7), int(y + b * part)),
                    _shade(rng, colour, 30),
                    1,
                )
        return
    if rng.random() < 0.6:
        _ellipse(image, (x + turn, y + b * 0.15), (a * 0.09, b * 0.12), (110, 140, 190))
    if rng.random() < 0.85:
        at, size = (int(x + turn), int(y + b * 0.5)), (max(1, int(a * 0.3)), max(1, int(b * 0.12)))
        cv2.ellipse(image, at, size, 0, 0, 180, _shade(rng, (60, 60, 150), 40), max(1, int(b / 16)), cv2.LINE_AA)


def _body(rng: random.Random, image: Canvas, x: float, chin: float, h: float, skin: Colour) -> tuple[float, float]:
    """Torso, arms and apron below the chin; returns half its width and its lower end."""
    wide, long = h * rng.uniform(0.75, 1.15), h * rng.uniform(1.6, 4.0)
    cloth = _shade(rng, rng.choice(_CLOTHES))
    _block(image, (x - h * 0.18, chin - h * 0.2, x + h * 0.18, chin + h * 0.2), skin)
    for side in (-1, 1):
        hand = (int(x + side * wide * rng.uniform(0.6, 1.5)), int(chin + h * rng.uniform(0.7, 2.0)))
        cv2.line(image, (int(x + side * wide * 0.85), int(chin + h * 0.3)), hand, cloth, max(3, int(h * 0.28)))
        cv2.circle(image, hand, max(2, int(h * 0.14)), skin, -1, cv2.LINE_AA)
    _block(
        image,
        (x - wide, chin + h * rng.uniform(0.02, 0.15), x + wide, chin + long),
        cloth,
        h * rng.choice([0, 0.2, 0.45]),
    )
    if rng.random() < 0.4:
        _block(image, (x - wide * 0.6, chin + h * 0.6, x + wide * 0.6, chin + long), _shade(rng, rng.choice(_CLOTHES)))
    return wide, chin + long


def _cook(rng: random.Random, image: Canvas, x: float, y: float, h: float) -> list[tuple[float, ...]]:
    """One cook whose face is `h` high around (x, y): a head row, labelled when a face shows, and a person row."""
    b, a = h / 2, h / 2 * rng.uniform(0.68, 1.0)
    skin = _shade(rng, rng.choice(_SKINS))
    wide, low = _body(rng, image, x, y + b, h, skin)
    hat, mask, back = rng.random() < 0.5, rng.random() < 0.45, rng.random() < 0.1
    if rng.random() < 0.4:
        for side in (-1, 1):
            _ellipse(image, (x + side * a, y), (a * 0.18, b * 0.22), skin)
    _ellipse(image, (x, y), (a, b), skin if not back else _shade(rng, rng.choice(_HAIRS), 8))
    if not back:
        if not hat or rng.random() < 0.5:
            _hair(rng, image, x, y, a, b, bald=rng.random() < 0.06)
        _face(rng, image, x, y, a, b, mask)
    if hat:
        _hat(rng, image, x, y, a, b)
    height, width = image.shape[:2]
    # The face proper starts below the hairline; the head box is drawn around it as on the photographs.
    top, bottom = max(0.0, y - 1.9 * b), min(float(height), y + 1.1 * b)
    head = (HEAD, max(0.0, x - 1.25 * b), top, min(float(width), x + 1.25 * b), bottom, YES if hat else NO)
    person = (
        PERSON,
        max(0.0, x - wide * 1.1),
        max(0.0, y - 1.4 * b),
        min(float(width), x + wide * 1.1),
        min(float(height), low),
    )
    return [(*head, -1.0 if back else (YES if mask else NO)), (*person, -1.0, -1.0)]


def scene(seed: int, width: int = 640, height: int = 360) -> tuple[Canvas, Rows, Rows]:
    """A drawn kitchen (height x width x 3), its objects (n x 7) and its ignored regions (none)."""
    rng = random.Random(seed)
    image, rows = _room(rng, width, height), []
    count = rng.choice([0, 1, 1, 2, 2, 3, 4])
    for place in range(count):
        h = rng.uniform(26, 84)
        x = (place + rng.uniform(0.25, 0.75)) * width / max(count, 1)
        rows += _cook(rng, image, x, rng.uniform(0.16, 0.5) * height, h)
    _front(rng, image)
    return image, objects_of(rows), regions_of([])
