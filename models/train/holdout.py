"""What is kept aside to see how the detector does on what it never saw: a whole source, or one ceiling camera."""

import re
from pathlib import Path

from models.labels import Picture

CAMERA = "camera-07"
_STEMS = frozenset(Path(__file__).with_name("camera_07.txt").read_text("utf-8").split())
"""Stems of the pictures of one of the two rooms, told apart by their looks; the other room is all the rest."""


def held_out(picture: Picture, name: str | None) -> bool:
    """Whether `name` (a source as `amvd`, or `camera-07`) keeps this picture out of training."""
    if name != CAMERA:
        return picture.source == name
    return picture.source == "cctv" and re.sub(r"__?\d+$", "", picture.path.stem) in _STEMS
