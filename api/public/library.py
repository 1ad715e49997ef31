"""Files of open data: written row by row, never a whole one in memory, and sent until they are old."""

import asyncio
import csv
import gzip
import hashlib
import io
import shutil
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from api.csv_file import harmless
from api.public.asked import QUERIES
from api.public.datasets import LICENCE, LICENCE_URL, Dataset
from runtime.db import AsyncPool

FRESH_S = 3600.0
AT_ONCE = 1000
KINDS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


class File(NamedTuple):
    """A file in both of its variants."""

    path: Path
    packed: Path
    tag: str
    made: datetime


class Library:
    """The files of one process, in a folder that goes with it."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool, self.folder = pool, TemporaryDirectory(prefix="sunlit-open-data-")
        self.shelf: dict[str, tuple[float, Mapping[str, File]]] = {}
        self.making: dict[str, asyncio.Task[Mapping[str, File]]] = {}

    async def get(self, dataset: Dataset, kind: str) -> File:
        """A file, made now where there is none; an old one goes out while a new one is made.

        Raises what psycopg raises, where there is none yet.
        """
        made_s, files = self.shelf.get(dataset.name, (0.0, None))
        if files is None:
            return (await asyncio.shield(self._make(dataset)))[kind]
        if time.monotonic() - made_s > FRESH_S:
            self._make(dataset)
        return files[kind]

    def _make(self, dataset: Dataset) -> asyncio.Task[Mapping[str, File]]:
        task = self.making.get(dataset.name)
        if task is None:
            task = self.making[dataset.name] = asyncio.create_task(self._write(dataset))
            task.add_done_callback(lambda done: self._done(dataset, done))
        return task

    def _done(self, dataset: Dataset, done: asyncio.Task[Mapping[str, File]]) -> None:
        self.making.pop(dataset.name, None)
        # Whoever waited has heard of a failure; of a refresh nobody has, and the old file stays.
        with suppress(psycopg.Error, PoolTimeout, OSError, asyncio.CancelledError):
            self.shelf[dataset.name] = (time.monotonic(), done.result())

    async def _write(self, dataset: Dataset) -> Mapping[str, File]:
        made = datetime.now(UTC).replace(microsecond=0)
        drafts = {kind: Path(self.folder.name) / f"{dataset.name}.{kind}.new" for kind in KINDS}
        head = {
            **{"dataset": dataset.name, "licence": LICENCE, "licence_url": LICENCE_URL, "made": made.isoformat()},
            "columns": dataset.names,
        }
        with drafts["csv"].open("w", encoding="utf-8", newline="") as table, drafts["json"].open("wb") as objects:
            csv.writer(table).writerow(dataset.names)
            objects.write(msgspec.json.encode(head)[:-1] + b',"rows":[')
            first = True
            async for rows in self._rows(dataset):
                table.write(_lines(dataset.names, rows))
                objects.write((b"\n" if first else b",\n") + b",\n".join(msgspec.json.encode(row) for row in rows))
                first = False
            objects.write(b"\n]}\n")
        return {kind: await asyncio.to_thread(_placed, draft, made) for kind, draft in drafts.items()}

    async def _rows(self, dataset: Dataset) -> AsyncIterator[Sequence[dict[str, Any]]]:
        async with (
            self.pool.connection() as connection,
            connection.transaction(),
            connection.cursor(name="open_data") as cursor,
        ):
            await cursor.execute(QUERIES[dataset.statement])
            while rows := await cursor.fetchmany(AT_ONCE):
                yield rows


def _lines(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([[_cell(row[name]) for name in names] for row in rows])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return harmless(value)


def _placed(draft: Path, made: datetime) -> File:
    """Puts a finished file and its packed variant in place; whoever reads the old ones goes on reading them."""
    path = draft.with_suffix("")
    packed, packing = path.with_name(f"{path.name}.gz"), path.with_name(f"{path.name}.gz.new")
    with draft.open("rb") as file:
        tag = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        file.seek(0)
        with gzip.GzipFile(packing, "wb", 6, mtime=0) as small:
            shutil.copyfileobj(file, small)
    draft.replace(path)
    packing.replace(packed)
    return File(path, packed, tag, made)
