"""Rows as an Excel workbook: one sheet, a bold head that stays, times as times of the city's clock."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import Response
from xlsxwriter import Workbook

from api.i18n import LOCAL

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NARROW, WIDE = 12, 22


def xlsx_file(rows: Sequence[Mapping[str, Any]], name: str, sheet: str) -> Response:
    """The answer to a browser; the columns are those of the first row. Texts stay texts, whatever they begin with."""
    kept = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(kept, options) as book:
        page = book.add_worksheet(sheet[:31])
        bold = book.add_format({"bold": True})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        names = list(rows[0]) if rows else []
        page.write_row(0, 0, names, bold)
        page.freeze_panes(1, 0)
        for column, key in enumerate(names):
            page.set_column(column, column, WIDE if any(isinstance(row[key], datetime) for row in rows) else NARROW)
        for line, row in enumerate(rows, 1):
            for column, value in enumerate(row.values()):
                if isinstance(value, datetime):
                    page.write_datetime(line, column, value.astimezone(LOCAL).replace(tzinfo=None), moment)
                elif value is not None:
                    page.write(line, column, value)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(kept.getvalue(), media_type=MEDIA, headers=headers)
