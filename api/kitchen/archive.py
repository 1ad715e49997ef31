"""All data of a kitchen as a ZIP that is sent while it is made: nothing waits for a slow phone."""

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from importlib import resources
from typing import Any

from fastapi import Request

from api.csv_file import harmless
from api.kitchen.own import Row, rows_of
from api.kitchen.sensors import QUERIES as WATCH
from runtime.db import Queries

QUERIES = Queries("api.kitchen", "archive.sql")
MOST_LOOKS = 100_000
COLUMNS = {
    "findings.csv": (
        *("number", "rule", "class", "state", "zone", "device", "opened_at", "put_right_by", "put_right_at"),
        *("verified_at", "closed_at", "late_level", "repeats", "confidence", "note"),
    ),
    "history.csv": ("number", "at", "actor", "action", "reason"),
    "sensors.csv": (
        *("sensor", "hour", "samples", "min_temperature", "max_temperature", "mean_temperature", "mean_humidity"),
    ),
    "cameras.csv": (
        *("camera", "hour", "samples", "active", "degraded", "frames", "looks", "detections", "max_people"),
    ),
    "looks.csv": (
        *("at", "until", "role", "what", "times", "camera", "finding", "reason", "who", "starts_at", "ends_at"),
    ),
}  # fmt: skip


class Pipe(io.RawIOBase):
    """What is written comes out again as bytes; nothing stays."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._kept += data
        return len(data)

    def take(self) -> bytes:
        """All since the last time."""
        found = bytes(self._kept)
        self._kept.clear()
        return found


async def stream(request: Request, kitchen: Row, start: datetime, end: datetime) -> AsyncIterator[bytes]:
    """The bytes of the ZIP. A connection to the database is held for one table of one device at a time."""
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", readme(kitchen, start, end))
        yield pipe.take()
        async for name, rows in _tables(request, kitchen["id"], start, end):
            # One file a device would be many: those of a kind follow each other in one.
            with archive.open(name, "w") as file:
                file.write("\ufeff".encode())
                file.write(lines([dict(zip(COLUMNS[name], COLUMNS[name], strict=True))], name))
                async for some in rows:
                    file.write(lines(some, name))
                    yield pipe.take()
            yield pipe.take()
    yield pipe.take()


def lines(rows: Sequence[Row], name: str) -> bytes:
    """Rows as CSV, without what a spreadsheet would carry out."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS[name], extrasaction="ignore")
    writer.writerows({key: _written(value) for key, value in row.items()} for row in rows)
    return text.getvalue().encode()


def readme(kitchen: Row, start: datetime, end: datetime) -> str:
    """The data dictionary, with what it is of."""
    text = resources.files("api.kitchen").joinpath("archive.txt").read_text("utf-8")
    values = {"code": kitchen["code"], "zh": kitchen["name_zh"], "en": kitchen["name_en"]}
    return text.format(start=start.isoformat(), end=end.isoformat(), **values)


async def _tables(
    request: Request, kitchen: int, start: datetime, end: datetime
) -> AsyncIterator[tuple[str, AsyncIterator[list[Row]]]]:
    values: dict[str, Any] = {"kitchen": kitchen, "start": start, "end": end}
    devices = await rows_of(request, "devices", values, QUERIES)

    async def whole(name: str, of: Queries = QUERIES, **more: int) -> AsyncIterator[list[Row]]:
        yield await rows_of(request, name, {**values, **more}, of)

    async def each(name: str, kind: str) -> AsyncIterator[list[Row]]:
        for device in devices:
            if device["kind"] == kind:
                of_device = {**values, "device": device["id"], "code": device["code"]}
                yield await rows_of(request, name, of_device, QUERIES)

    yield "findings.csv", whole("findings")
    yield "history.csv", whole("history")
    yield "sensors.csv", each("sensors", "kitchen_sensor")
    yield "cameras.csv", each("cameras", "camera")
    yield "looks.csv", whole("looks", WATCH, limit=MOST_LOOKS, skip=0, officials=False)


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else harmless(value)
