"""Which models there are, what they need and what they promise. Reads `registry.toml`; opens nothing."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from contracts.kinds import ObjectKind, Wear
from models.errors import RegistryError

SHIPPED = Path(__file__).with_name("registry.toml")

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Side = Annotated[int, msgspec.Meta(ge=32, le=4096)]


class InputSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the network is fed: float32, 1 x 3 x height x width, `(pixel - mean) / divisor`.

    `fit = "letterbox"` keeps the aspect ratio and pads to the right and below with `pad`; `"stretch"` does not.
    `free = true` lets the size shrink to the picture, in steps of 32, within width x height and, about, `pixels`; a
    small picture is enlarged `enlarge` times at most.
    """

    width: Side
    height: Side
    colour: Literal["bgr", "rgb"]
    fit: Literal["letterbox", "stretch"] = "letterbox"
    free: bool = False
    pixels: Annotated[int, msgspec.Meta(ge=1024)] | None = None
    enlarge: Annotated[float, msgspec.Meta(ge=1)] | None = None
    mean: float = 0.0
    divisor: float = 1.0
    pad: Annotated[int, msgspec.Meta(ge=0, le=255)] = 114


class ClassSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One class of the network and what it means here; a class that is not listed is not looked at.

    A class may settle an attribute: a public "no mask" class is a head with `mask = "not_worn"`.
    """

    index: Annotated[int, msgspec.Meta(ge=0)]
    name: str
    kind: ObjectKind
    threshold: Share
    hat: Wear | None = None
    mask: Wear | None = None


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Below: not worn. Above: worn. Between them the answer is "cannot tell"."""

    below: Share
    above: Share


class SecondSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A small network that looks at the crop of each head again; its answers are averaged with the first ones.

    `share` is its weight in that mean; `most` the number of heads of a frame that it looks at, the least certain first.
    """

    file: str
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    side: Side
    most: Annotated[int, msgspec.Meta(ge=1)]
    share: Share = 0.5


class ModelEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model. It has a `file`, relative to the registry's folder, or an `address` to fetch it from."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    version: str
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    family: str
    licence: str
    input: InputSpec
    classes: Annotated[tuple[ClassSpec, ...], msgspec.Meta(min_length=1)]
    file: str | None = None
    address: Annotated[str, msgspec.Meta(pattern="^https?://")] | None = None
    overlap: Share = 0.5
    hat: Band | None = None
    mask: Band | None = None
    second: SecondSpec | None = None
    min_head: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Heads whose box is lower than this (pixels of the picture) carry "cannot tell": too few pixels to judge."""


class Registry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All models and the one that is meant when none is named."""

    default: str
    model: tuple[ModelEntry, ...]

    def entry(self, name: str | None = None) -> ModelEntry:
        """The model of that name, or the default one. Raises RegistryError when there is none."""
        wanted = self.default if name is None else name
        for candidate in self.model:
            if candidate.name == wanted:
                return candidate
        known = ", ".join(candidate.name for candidate in self.model) or "none"
        raise RegistryError(f"name: {wanted!r} is not in the registry, expected one of: {known}")


def store(entry: ModelEntry) -> Path:
    """Where a fetched model is kept: below `SUNLIT_MODELS`, or the user's data folder; named by its hash."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    folder = os.environ.get("SUNLIT_MODELS") or Path(home) / "sunlit" / "models"
    return Path(folder) / f"{entry.sha256}.onnx"


def path_of(entry: ModelEntry, book: Path) -> Path:
    """The file of an entry of the registry `book`, whether it is there or not."""
    return book.parent / entry.file if entry.file is not None else store(entry)


def load(path: Path = SHIPPED) -> Registry:
    """Reads and checks a registry file. Raises RegistryError with one line that names file, field and value."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RegistryError(f"{path}: cannot be read ({error.strerror}), expected a registry file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RegistryError(f"{path}: is not TOML ({error})") from error
    try:
        registry = msgspec.convert(raw, Registry)
    except msgspec.ValidationError as error:
        raise RegistryError(f"{path}: {error}") from error
    _check(path, registry)
    return registry


def _check(path: Path, registry: Registry) -> None:
    names = [entry.name for entry in registry.model]
    for name in names:
        if names.count(name) > 1:
            raise RegistryError(f"{path}: name: {name!r} stands there {names.count(name)} times, expected once")
    registry.entry()
    for entry in registry.model:
        if (entry.file is None) == (entry.address is None):
            raise RegistryError(f"{path}: {entry.name}: file, address: expected one of them")
        for field, band in (("hat", entry.hat), ("mask", entry.mask)):
            if band is not None and band.below > band.above:
                wrong = f"below = {band.below} is over above = {band.above}"
                raise RegistryError(f"{path}: {entry.name}: {field}: {wrong}, expected below <= above")
