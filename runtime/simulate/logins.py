"""The passwords of the invented city's logins: a file that only its owner may read, there before the city is."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from runtime.simulate.store import CityError


@contextmanager
def written(path: Path, logins: Mapping[str, str]) -> Iterator[None]:
    """Keeps the logins beside `path` and puts them there when what is done within went well, with mode 0600.

    Raises CityError before anything is done within, where the file cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(logins), indent=1) + b"\n")
            os.fsync(file.fileno())
    except OSError as error:
        raise CityError(f"--passwords: {path} cannot be written ({error.strerror}); nothing was registered") from error
    try:
        yield
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    part.replace(path)


def read(path: Path) -> Mapping[str, str]:
    """The logins of a file; raises CityError for one without the operator's."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except OSError as error:
        raise CityError(f"--passwords: {path} cannot be read ({error.strerror}); crews need the operator's") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CityError(f"--passwords: {path}: {error}; expected what `sunlit simulate city` wrote") from error
    if "operator" not in kept:
        raise CityError(f"--passwords: {path}: no operator in it; crews need the operator's")
    return kept
