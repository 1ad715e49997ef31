"""Plays a recording at the pace of its `dt` (ms from the first sample), again and again.

JSON lines, one sample each, or a CSV file whose header names the fields; an empty cell is unknown.
"""

import csv
import time
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Generic

import msgspec

from contracts.messages import LiftSample, Sample
from edge.config import DriverConfig
from edge.drivers import DriverError
from edge.drivers.shape import S, Unfit, known, readings, value

TAIL_S = 1.0
"""how long the last sample is played before the first one comes again"""


class ReplayDriver(Generic[S]):
    """Reads the samples once and gives the one whose time has come."""

    SETTINGS: ClassVar[frozenset[str]] = frozenset({"path"})

    def __init__(self, config: DriverConfig, sample: type[S]) -> None:
        self.path, self.sample = Path(config.path), sample
        self.samples: list[S] = []
        self._began = 0.0

    @staticmethod
    def check(config: DriverConfig, sample: type[Sample]) -> list[str]:
        """What is wrong with the recording."""
        if not config.path:
            return ["path: missing, expected a file of JSON lines or a .csv file with a header"]
        try:
            ReplayDriver(config, sample).open()
        except DriverError as error:
            return [f"path: {error}"]
        return []

    @staticmethod
    def describe(config: DriverConfig) -> str:
        return f"replay of {config.path}"

    def open(self) -> None:
        try:
            with self.path.open(encoding="utf-8", newline="") as file:
                rows = _table(file, self.sample) if self.path.suffix.lower() == ".csv" else _lines(file, self.sample)
                self.samples = list(rows)
        except OSError as error:
            raise DriverError(f"replay {self.path}: cannot be read ({error.strerror})") from error
        except UnicodeDecodeError as error:
            raise DriverError(f"replay {self.path}: {error}, expected UTF-8") from error
        except (Unfit, csv.Error) as error:
            raise DriverError(f"replay {self.path}: {error}") from error
        if not self.samples:
            raise DriverError(f"replay {self.path}: no samples, expected at least one")
        self.samples.sort(key=lambda sample: sample.dt)
        self._began = time.monotonic()

    def read(self) -> S | None:
        if not self.samples:
            raise DriverError(f"replay {self.path}: is not open")
        passed = (time.monotonic() - self._began) % (self.samples[-1].dt / 1000 + TAIL_S)
        number = bisect_right(self.samples, passed * 1000, key=lambda sample: sample.dt)
        return msgspec.structs.replace(self.samples[max(0, number - 1)], dt=0)

    def close(self) -> None:
        self.samples = []


def _lines(file: Iterator[str], sample: type[S]) -> Iterator[S]:
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                yield msgspec.json.decode(line, type=sample)
            except (msgspec.DecodeError, RecursionError) as error:
                raise Unfit(f"line {number}: {error}") from error


def _table(file: Iterator[str], sample: type[S]) -> Iterator[S]:
    """Enums by name or number, true/false or 1/0, codes with spaces between."""
    kinds = readings(sample)
    reader = csv.DictReader(file)
    names = {*kinds, "dt", *(["codes"] if sample is LiftSample else [])}
    strange = [name for name in reader.fieldnames or [] if name not in names]
    if strange:
        raise Unfit(f"line 1: column {strange[0]!r}, expected some of {sorted(names)}")
    for row in reader:
        where = f"line {reader.line_num}"
        if None in row or None in row.values():
            raise Unfit(f"{where}: {len(row)} cells, expected {len(reader.fieldnames or [])}")
        cells = {name: cell.strip() for name, cell in row.items() if cell.strip()}
        try:
            values: dict[str, object] = {"dt": int(cells.pop("dt", "0"))}
            if "codes" in cells:
                values["codes"] = tuple(cells.pop("codes").split())
            values |= known({name: value(name, kinds[name], cell) for name, cell in cells.items()})
            yield msgspec.convert(values | {"kind": _tag(sample)}, sample)
        except (ValueError, msgspec.ValidationError) as error:
            raise Unfit(f"{where}: {error}") from error


def _tag(sample: type[Sample]) -> str:
    return str(sample.__struct_config__.tag)
