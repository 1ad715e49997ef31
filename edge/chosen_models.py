"""Models that the centre has chosen over those of the registry; kept over restarts, the registry's is never lost."""

import logging
from pathlib import Path

import msgspec

from contracts.vision import Detector
from edge import whole
from edge.config import EdgeConfig
from models import registry
from models.detector import OnnxDetector, open_detector
from models.errors import ModelError
from models.registry import ModelEntry
from models.session import usable_cores

log = logging.getLogger(__name__)
FILE = "models.json"


class Choice(msgspec.Struct, frozen=True):
    """Newer weights for an entry of the registry."""

    version: str
    sha256: str
    address: str


def book(models: str | None) -> Path:
    """The registry file of a configuration."""
    return Path(models) if models else registry.SHIPPED


def chosen(folder: Path) -> dict[str, Choice]:
    """The choices by the names of their entries; a damaged file counts as none."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=dict[str, Choice])
    except FileNotFoundError:
        return {}
    except msgspec.DecodeError as error:
        log.error("%s: damaged (%s); the registry's models are used", folder / FILE, error)
        return {}


def choose(folder: Path, name: str, choice: Choice | None) -> None:
    """Keeps a choice, or forgets it. Raises OSError."""
    kept = chosen(folder)
    kept.pop(name, None)
    if choice is not None:
        kept[name] = choice
    whole.write(folder / FILE, msgspec.json.encode(kept))


def updated(entry: ModelEntry, choice: Choice) -> ModelEntry:
    """The entry with other weights: the same family, input and classes."""
    return msgspec.structs.replace(
        entry, version=choice.version, sha256=choice.sha256, address=choice.address, file=None
    )


def threading_of(config: EdgeConfig) -> tuple[int | None, int]:
    """Threads of a run (None: all cores), and runs side by side.

    One camera wants its answer soon; many want many answers, and a thread for each picture gives more of them.
    """
    return (1, usable_cores()) if len(config.camera) > 1 else (None, 1)


def open_chosen(name: str | None, *, folder: Path, models: Path, threads: int | None = None) -> Detector:
    """Opens the chosen model, or the registry's when there is none or it does not open. Raises as open_detector."""
    entry = registry.load(models).entry(name)
    choice = chosen(folder).get(entry.name)
    if choice is not None:
        newer = updated(entry, choice)
        try:
            return OnnxDetector(newer, registry.path_of(newer, models), models.parent, threads=threads)
        except ModelError as error:
            log.error("%s %s does not open, the registry's looks instead: %s", entry.name, choice.version, error)
    return open_detector(name, registry=models, threads=threads)
