"""PURE: what a column of a list says in a file: plain values, with words in the reader's language."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from api.i18n import LOCAL
from api.oversight.listing import Column

Words = Callable[..., str]
NAMES = ("name", "unit", "subject")
"""kinds whose value stands in two columns, one a language"""


def heads(columns: tuple[Column, ...], words: Words) -> list[str]:
    """The first row of a file."""
    return [words(f"list.{column.key}") for column in columns]


def cells(row: Mapping[str, Any], columns: tuple[Column, ...], language: str, words: Words) -> list[Any]:
    """One row of a file. Times are on the city's clock."""
    return [_cell(row, column, language, words) for column in columns]


def _cell(row: Mapping[str, Any], column: Column, language: str, words: Words) -> Any:
    if column.kind in NAMES:
        return row[f"{column.key}_{language}"] or ""
    if column.kind == "cameras":
        return words("list.of", n=row["active"], total=row["cameras"])
    value = row[column.key]
    if value is None:
        return ""
    if column.texts:
        return word(words, column.texts, value)
    if isinstance(value, datetime):
        return value.astimezone(LOCAL).replace(tzinfo=None, microsecond=0)
    return round(value, 1) if isinstance(value, float) else value


def word(words: Words, texts: str, value: object) -> str:
    """The word for a value of a vocabulary; the register may bring kinds that we have no word for."""
    found = words(f"{texts}{value}")
    return str(value) if found == f"[{texts}{value}]" else found
