"""Exercises through the whole chain, marked from end to end, never counted as real. Each is a TOML file beside this."""

import tomllib
from importlib import resources

import msgspec

from contracts.kinds import CommandKind, Rule

PLAYED = (CommandKind.ACCEPT, CommandKind.EN_ROUTE, CommandKind.ARRIVED, CommandKind.RELEASED)
STAGES = ("asked", "handed_over", "published", "stored", "opened", "written", "sent", "delivered", "accepted",
          "on_the_way", "arrived", "released", "second_tier", "ended")  # fmt: skip
"""what can be seen of an exercise, in this order"""


class DrillError(ValueError):
    """No such exercise, or one that cannot be; the text names the key and what was expected."""


class Drill(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens, how the crew behaves, and what must be seen within `within_s` of the beginning."""

    name: str
    zh: str
    en: str
    rule: Rule
    people: int = 1
    floor: str = "1"
    crew: tuple[CommandKind, ...] = ()
    """what the exercise answers in the place of the first crew, one after the other; empty: nobody answers"""
    must: tuple[str, ...]
    """stages that must be seen"""
    within_s: float


def names() -> list[str]:
    """The exercises that there are."""
    files = resources.files("alerting.drills").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load(name: str) -> Drill:
    """An exercise by its name. Raises DrillError."""
    if name not in names():
        raise DrillError(f"drill: {name!r}, expected one of {', '.join(names())}")
    text = resources.files("alerting.drills").joinpath(f"{name}.toml").read_text("utf-8")
    try:
        drill = msgspec.convert({**tomllib.loads(text), "name": name}, Drill)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise DrillError(f"{name}.toml: {error}") from error
    for stage in drill.must:
        if stage not in STAGES:
            raise DrillError(f"{name}.toml: must: {stage!r}, expected some of {', '.join(STAGES)}")
    for kind in drill.crew:
        if kind not in PLAYED:
            raise DrillError(f"{name}.toml: crew: {kind.value!r}, expected some of {', '.join(PLAYED)}")
    return drill
