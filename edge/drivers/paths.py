"""PURE. Where in a JSON document a value stands: `state.doors[0].closed`."""

import re
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from edge.config import Strict
from edge.drivers.codes import CodeScheme
from edge.drivers.shape import Shape

STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]")
PATH = r"^[^.\[\]]+(\[\d{1,6}\])*(\.[^.\[\]]+(\[\d{1,6}\])*)*$"
JsonPath = Annotated[str, Meta(pattern=PATH, max_length=200)]
Topic = Annotated[str, Meta(max_length=200, pattern=r"^[^+#]*$")]
"""without wildcards: one lift's values must not come from another's topic"""
MISSING = object()


class Path(Shape, frozen=True, kw_only=True):
    """A reading in a document on a topic; the mapping's own topic if none is named."""

    path: JsonPath
    topic: Topic = ""


class PathCodes(CodeScheme, frozen=True, kw_only=True):
    """Fault codes in a document: one, a list, or words with commas between."""

    path: JsonPath
    topic: Topic = ""


class DocumentTime(Strict, frozen=True, kw_only=True):
    """When the vendor says that a document was made: what a box sends late, out of its memory, is not the present."""

    path: JsonPath
    unit: Literal["s", "ms", "iso"] = "ms"
    within_s: Annotated[float, Meta(gt=0, le=86_400)] = 60.0
    """a document further than this from our own clock is not believed"""


def seconds(found: object, unit: Literal["s", "ms", "iso"]) -> float | None:
    """A vendor's time as seconds since 1970; None for what is no time."""
    if unit == "iso":
        try:
            at = datetime.fromisoformat(found) if isinstance(found, str) else None
            return at.timestamp() if at is not None and at.tzinfo is not None else None
        except (ValueError, OverflowError):
            return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return found / (1000 if unit == "ms" else 1)


def find(document: object, path: str) -> object:
    """What stands there; MISSING when nothing does."""
    for key, index in STEP.findall(path):
        if key and isinstance(document, dict) and key in document:
            document = document[key]
        elif index and isinstance(document, list) and int(index) < len(document):
            document = document[int(index)]
        else:
            return MISSING
    return document


def said(found: object) -> list[object] | None:
    """The codes in a value; None for what is neither a code nor a list of them."""
    if isinstance(found, str):
        return [part.strip() for part in found.split(",")]
    if isinstance(found, int) and not isinstance(found, bool):
        return [found]
    if isinstance(found, list) and all(isinstance(one, str | int) and not isinstance(one, bool) for one in found):
        return list(found)
    return None
