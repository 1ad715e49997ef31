"""Rows as a CSV file that spreadsheets read right."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Response

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""what a text must not begin with: a spreadsheet would carry it out"""
MARK = "\ufeff"
"""tells spreadsheets that a text is UTF-8"""


def csv_file(rows: Sequence[Mapping[str, Any]], name: str) -> Response:
    """The answer to a browser; the columns are those of the first row."""
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows({key: harmless(value) for key, value in row.items()} for row in rows)
    return Response(
        MARK + text.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def harmless(value: Any) -> Any:
    """A value that a spreadsheet shows and does not carry out."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
