"""Long lists as files: CSV as it is read, XLSX through a file of a few minutes. Neither is ever whole in memory."""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from fastapi import Response
from fastapi.responses import FileResponse, StreamingResponse
from psycopg import sql
from starlette.background import BackgroundTask

from api.csv_file import MARK, harmless
from runtime.db import AsyncPool

IN_A_FILE = 100_000
"""rows of one file at most; the page says so"""
AT_ONCE = 1_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDTH = 16
TUNED = "SELECT set_config('work_mem', '32MB', true), set_config('plan_cache_mode', 'force_custom_plan', true)"
"""for the transaction of a list: it is sorted in memory, and every filter has a plan of its own"""

Rows = AsyncIterator[Sequence[Mapping[str, Any]]]
Cells = Callable[[Mapping[str, Any]], Sequence[Any]]


async def read(pool: AsyncPool, statement: sql.SQL, values: Mapping[str, object]) -> Rows:
    """Its rows, some at a time, through a cursor of the server."""
    async with pool.connection() as connection, connection.transaction():
        await connection.execute(TUNED)
        async with connection.cursor("file") as cursor:
            await cursor.execute(statement, values)
            while rows := await cursor.fetchmany(AT_ONCE):
                yield rows


async def sheet(kind: str, name: str, heads: Sequence[str], rows: Rows, cells: Cells) -> Response:
    """The answer to a browser: `kind` csv or xlsx, `name` of the file without its end."""
    disposition = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    if kind == "csv":
        return StreamingResponse(_lines(heads, rows, cells), media_type="text/csv; charset=utf-8", headers=disposition)
    path = await _workbook(heads, rows, cells)
    return FileResponse(path, media_type=XLSX, headers=disposition, background=BackgroundTask(_discard, path))


async def _lines(heads: Sequence[str], rows: Rows, cells: Cells) -> AsyncIterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    text.write(MARK)
    writer.writerow([harmless(head) for head in heads])
    async for some in rows:
        writer.writerows([harmless(value) for value in cells(row)] for row in some)
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


async def _workbook(heads: Sequence[str], rows: Rows, cells: Cells) -> Path:
    """A file that whoever sends it removes. Its rows go to the disk one by one."""
    with tempfile.NamedTemporaryFile(prefix="sunlit-", suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
    try:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "default_date_format": "yyyy-mm-dd hh:mm:ss",
        }
        book = xlsxwriter.Workbook(str(path), options)
        page = book.add_worksheet()
        page.set_column(0, len(heads) - 1, WIDTH)
        page.freeze_panes(1, 0)
        page.write_row(0, 0, [harmless(head) for head in heads], book.add_format({"bold": True}))
        days = book.add_format({"num_format": "yyyy-mm-dd"})
        number = 1
        async for some in rows:
            await asyncio.to_thread(_write, page, number, [cells(row) for row in some], days)
            number += len(some)
        await asyncio.to_thread(book.close)
    except BaseException:
        _discard(path)
        raise
    return path


def _discard(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _write(page: Any, first: int, rows: Sequence[Sequence[Any]], days: Any) -> None:
    for number, row in enumerate(rows, first):
        for column, value in enumerate(row):
            if isinstance(value, date) and not isinstance(value, datetime):
                page.write_datetime(number, column, value, days)
            else:
                page.write(number, column, harmless(value))


async def once(rows: Sequence[Mapping[str, Any]]) -> Rows:
    """Rows that are here already."""
    yield rows
