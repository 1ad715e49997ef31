"""How people behave in a simulation, from a TOML file."""

from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from contracts.kinds import Hazard

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
Spread = Annotated[float, Meta(ge=0, le=3)]
DAY_H = 24


class BehaviourError(ValueError):
    """A file that says nothing usable about people; the text names file, key, value and what was expected."""


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds from being asked to the answer: lognormal."""

    median_s: Positive
    sigma: Spread
    declines: Share
    never: Share
    later: Share


class Arrival(Struct, frozen=True, forbid_unknown_fields=True):
    """Minutes from being asked to the lift: lognormal."""

    mu: float
    sigma: Spread
    least_s: Positive
    never: Share
    tells_eta: Share


class Release(Struct, frozen=True, forbid_unknown_fields=True):
    """Minutes from the arrival to the open door: lognormal."""

    median: Positive
    sigma: Spread
    never: Share


class People(Struct, frozen=True, forbid_unknown_fields=True):
    more: Annotated[float, Meta(ge=0, le=50)]
    most: Annotated[int, Meta(ge=1, le=200)]


class Day(Struct, frozen=True, forbid_unknown_fields=True):
    weights: Annotated[tuple[Annotated[float, Meta(ge=0)], ...], Meta(min_length=DAY_H, max_length=DAY_H)]


class Scene(Struct, frozen=True, forbid_unknown_fields=True):
    """What an incident is like; shares of all incidents."""

    remote: Share
    looked_at: Share
    look_median_s: Positive
    look_sigma: Spread
    mass: Share
    mass_slower: Annotated[float, Meta(ge=1)]
    mass_after_s: Annotated[float, Meta(ge=0)]
    place_kinds: dict[str, Annotated[float, Meta(ge=0)]]
    hazards: dict[Hazard, Share]
    campaigns: dict[str, Share] = {}


class Reached(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a call finds."""

    nobody: tuple[Share, Share, Share]
    all: Annotated[int, Meta(ge=1, le=20)]
    emergency: Annotated[int, Meta(ge=0, le=20)]


class Behaviour(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is drawn at random."""

    answer: Answer
    arrival: Arrival
    release: Release
    people: People
    hours: Day
    scene: Scene
    reach: Reached


def load(path: Path | None) -> Behaviour:
    """The behaviour in a file, or the one that is shipped. Raises BehaviourError."""
    file = path or resources.files("alerting.simulate").joinpath("behaviour.toml")
    try:
        found = msgspec.toml.decode(file.read_bytes(), type=Behaviour)
    except OSError as error:
        raise BehaviourError(f"{file}: cannot be read ({error.strerror}); expected a TOML file") from error
    except UnicodeDecodeError as error:
        raise BehaviourError(f"{file}: byte {error.start}: expected UTF-8") from error
    except msgspec.DecodeError as error:
        raise BehaviourError(f"{file}: {error}") from error
    if not sum(found.hours.weights):
        raise BehaviourError(f"{file}: hours.weights: all 0, expected at least one more")
    if found.answer.declines + found.answer.never > 1:
        raise BehaviourError(
            f"{file}: answer.declines {found.answer.declines}, answer.never {found.answer.never}:"
            " expected at most 1 together"
        )
    if not sum(found.scene.place_kinds.values()):
        raise BehaviourError(f"{file}: scene.place_kinds: nothing, expected at least one kind with a share")
    return found
