"""A cook: who it is, where it stands at a time, and which way it looks."""

from math import pi, sin
from random import Random
from typing import Literal

import msgspec

from edge.drawn.pen import Colour

Hat = Literal["none", "toque", "cap", "net"]
SKINS: tuple[Colour, ...] = ((152, 184, 226), (134, 170, 214), (168, 196, 234), (116, 152, 200))
HAIRS: tuple[Colour, ...] = ((26, 26, 30), (34, 38, 48), (40, 52, 74), (58, 58, 62))
COATS: tuple[Colour, ...] = ((242, 242, 240), (236, 238, 240), (228, 222, 212), (86, 80, 78))
APRONS: tuple[Colour, ...] = ((232, 232, 230), (70, 66, 64), (120, 84, 50), (226, 226, 222))


class Stop(msgspec.Struct, frozen=True):
    """A place where a cook works for `stay` seconds. `depth` 0 is at the stove, 1 at the front counter."""

    x: float
    depth: float
    facing: float
    """degrees: 0 looks at the camera, 90 to the picture's right, 180 away"""
    stay: float


class Cook(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    hat: Hat
    mask: bool
    skin: Colour
    hair: Colour
    coat: Colour
    apron: Colour
    long_hair: bool
    glasses: bool
    stature: float
    stops: tuple[Stop, ...]
    phase: float


class Pose(msgspec.Struct, frozen=True):
    """Where a cook is at one instant: middle of the head, its height from crown to chin, and the body's turn."""

    x: float
    y: float
    head: float
    depth: float
    yaw: float
    step: float
    work: float
    blink: bool


def crew(rng: Random, clean: bool) -> list[Cook]:
    """Four cooks. Unless the crew is clean, the second never wears a hat and the third never a mask."""
    wears: list[tuple[str, Hat, bool]] = [
        ("chef", "toque", True),
        ("bare", "cap" if clean else "none", True),
        ("open", rng.choice(["cap", "toque"]), clean),
        ("help", "net", True),
    ]
    homes = [(96, 0.3), (232, 1.0), (384, 0.8), (566, 0.55)]
    return [_cook(rng, name, hat, mask, *home) for (name, hat, mask), home in zip(wears, homes, strict=True)]


def _cook(rng: Random, name: str, hat: Hat, mask: bool, x: float, depth: float) -> Cook:
    away = Stop(x + rng.choice([-1, 1]) * rng.uniform(20, 46), max(0.0, depth - 0.5), rng.choice([172, 190]), 5)
    if name == "help":
        # One of them fetches something and passes behind the pillar and behind the others.
        away = Stop(rng.uniform(300, 330), 0.0, 180, 4)
    stops = (
        Stop(x, depth, rng.uniform(-14, 14), rng.uniform(13, 18)),
        Stop(x + rng.uniform(36, 70), depth, rng.uniform(-30, 30), rng.uniform(7, 11)),
        away,
        Stop(x - rng.uniform(30, 60), depth, rng.uniform(-46, 46), rng.uniform(7, 12)),
    )
    return Cook(
        name=name,
        hat=hat,
        mask=mask,
        skin=rng.choice(SKINS),
        hair=rng.choice(HAIRS),
        coat=rng.choice(COATS[:3] if name != "help" else COATS),
        apron=rng.choice(APRONS),
        long_hair=name == "help" or (name == "open" and rng.random() < 0.4),
        glasses=rng.random() < 0.25,
        stature=rng.uniform(-7, 7),
        stops=stops,
        phase=0.0 if name == "bare" else rng.uniform(0, 30),
    )


SPEED = 34.0
TURN_S = 0.7


def pose(cook: Cook, t: float) -> Pose:
    """The cook at `t` seconds; repeats when all stops have been visited."""
    legs = [_walk_s(a, b) for a, b in zip(cook.stops, (*cook.stops[1:], cook.stops[0]), strict=True)]
    rest = (t + cook.phase) % sum(stop.stay + leg for stop, leg in zip(cook.stops, legs, strict=True))
    for number, (stop, leg) in enumerate(zip(cook.stops, legs, strict=True)):
        there = cook.stops[(number + 1) % len(cook.stops)]
        if rest < stop.stay:
            return _pose(cook, t, stop.x, stop.depth, stop.facing + 9 * sin(t * 0.7 + cook.phase), 0.0)
        rest -= stop.stay
        if rest < leg:
            return _walking(cook, t, stop, there, rest, leg)
        rest -= leg
    raise AssertionError("the rest is smaller than the round")


def _walk_s(a: Stop, b: Stop) -> float:
    return 2 * TURN_S + abs(b.x - a.x) / SPEED + abs(b.depth - a.depth) * 1.5


def _walking(cook: Cook, t: float, a: Stop, b: Stop, gone: float, leg: float) -> Pose:
    share = _smooth(gone / leg)
    ahead = 68.0 if b.x >= a.x else -68.0
    if gone < TURN_S:
        yaw = a.facing + _between(a.facing, ahead) * _smooth(gone / TURN_S)
    elif gone > leg - TURN_S:
        yaw = ahead + _between(ahead, b.facing) * _smooth((gone - leg + TURN_S) / TURN_S)
    else:
        yaw = ahead
    return _pose(cook, t, a.x + (b.x - a.x) * share, a.depth + (b.depth - a.depth) * share, yaw, gone * 2 * pi * 1.7)


def _pose(cook: Cook, t: float, x: float, depth: float, yaw: float, step: float) -> Pose:
    head = 50 + 17 * depth
    bob = 1.3 * abs(sin(step / 2)) + 0.7 * sin(t * 1.1 + cook.phase)
    y = 134 - 8 * depth - cook.stature + bob
    # Nobody stands like a statue: weight moves from foot to foot.
    x += 4.5 * sin(t * 0.63 + cook.phase) + 2.5 * sin(t * 1.7 + 2 * cook.phase)
    return Pose(x, y, head, depth, yaw, step, t * 5.2 + cook.phase, (t + cook.phase) % 3.7 < 0.16)


def _smooth(share: float) -> float:
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)


def _between(a: float, b: float) -> float:
    """The shorter turn from a to b in degrees."""
    return (b - a + 180) % 360 - 180
