"""Reads edge.toml: the configuration, or a line for every fault there is."""

import tomllib
from pathlib import Path

import msgspec

from edge import check
from edge.config import EdgeConfig, EdgeConfigError


class EdgeConfigFaults(EdgeConfigError):
    """Several of them, with the text in which they stand."""

    def __init__(self, book: check.Book, faults: list[check.Fault]) -> None:
        super().__init__(book.all(faults))
        self.book, self.faults = book, faults


def load(path: Path) -> EdgeConfig:
    """The configuration in a TOML file. Raises EdgeConfigError with a line for every fault there is."""
    return read(path)[0]


def read(path: Path) -> tuple[EdgeConfig, check.Book]:
    """The configuration and the text that it came from. Raises EdgeConfigError like `load`."""
    try:
        book = check.read(path)
    except OSError as error:
        raise EdgeConfigError(f"{path}: cannot be read ({error.strerror}); expected a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EdgeConfigError(f"{path}: is not TOML: {error}") from error
    faults = check.faults(book.content, EdgeConfig)
    if faults:
        raise EdgeConfigFaults(book, faults)
    try:
        return msgspec.convert(book.content, EdgeConfig), book
    except msgspec.ValidationError as error:
        raise EdgeConfigError(f"{path}: {error}") from error
