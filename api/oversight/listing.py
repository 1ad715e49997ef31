"""PURE: what a list is asked for, as its address says it: filters, an order, a page. A link gives the same view."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from api.i18n import LOCAL
from api.oversight.selection import ORDERS, BadSelection

ON_A_PAGE, MOST_PAGES = 100, 1_000
FORMATS = ("csv", "xlsx")
WORDS = 80


class Filter(NamedTuple):
    """A field of the form above a list. `choices`: what it may be; empty: any text; `kind` date, flag, words, code."""

    name: str
    kind: str = "choice"
    choices: tuple[str, ...] = ()
    texts: str = ""
    """the beginning of the keys of its choices' words"""


class Column(NamedTuple):
    """A column of a list: `key` in the row, how it is shown, and by which name it is sorted, if it can be."""

    key: str
    kind: str = "text"
    sort: str = ""
    texts: str = ""


class Listing(NamedTuple):
    """A list: its name (also of its statement and its texts), address, filters, columns, and its first order."""

    name: str
    path: str
    filters: tuple[Filter, ...]
    columns: tuple[Column, ...]
    sort: str
    order: str = "desc"

    @property
    def sorts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([self.sort, *(column.sort for column in self.columns if column.sort)]))


class Asked(NamedTuple):
    """A list as an address asks for it."""

    of: Listing
    values: Mapping[str, str]
    sort: str
    order: str
    page: int
    language: str = ""

    def query(self, **changes: object) -> str:
        """What stands behind the question mark, without what is said anyway."""
        page = self.page if not changes.keys() - {"format"} else 1
        known: dict[str, object] = {**self.values, "sort": self.sort, "order": self.order, "page": page, **changes}
        usual = {"sort": self.of.sort, "order": self.of.order if known["sort"] == self.of.sort else "desc", "page": 1}
        return urlencode({key: value for key, value in known.items() if value and usual.get(key) != value})

    def address(self, **changes: object) -> str:
        """A link to the same with some of it changed; with another order or filter it begins on the first page."""
        query = self.query(**changes)
        lang = urlencode({"lang": self.language}) if self.language else ""
        tail = "&".join(part for part in (query, lang) if part)
        return f"{self.of.path}?{tail}" if tail else self.of.path

    def turned(self, sort: str) -> str:
        """The order that a press on a column's head leads to: first the largest, of names first A."""
        if self.sort != sort:
            return "asc" if sort in ("name", "due", "code") else "desc"
        return "asc" if self.order == "desc" else "desc"

    def narrowed(self) -> bool:
        """Whether any filter is set."""
        return any(self.values.values())

    def sql(self) -> dict[str, object]:
        """The values of its statement; every filter is there, empty where it is not set."""
        found: dict[str, object] = {}
        for field in self.of.filters:
            value = self.values[field.name]
            if field.kind == "date":
                found[field.name] = _moment(field.name, value)
            elif field.kind == "words":
                found[field.name] = like(value)
            else:
                found[field.name] = value
        return {**found, "sort": self.sort, "order": self.order}


def like(words: str) -> str:
    """A pattern that matches wherever the words stand; empty: no filter."""
    if not words:
        return ""
    return "%" + words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"


def ask(of: Listing, asked: Mapping[str, str]) -> Asked:
    """Reads an address. Raises BadSelection, which names field, value and what was expected."""
    values = {field.name: _value(field, asked.get(field.name, "").strip()) for field in of.filters}
    sort = asked.get("sort", "") or of.sort
    if sort not in of.sorts:
        raise BadSelection(f"sort: {sort!r}, expected one of {', '.join(of.sorts)}")
    order = asked.get("order", "") or (of.order if sort == of.sort else "desc")
    if order not in ORDERS:
        raise BadSelection(f"order: {order!r}, expected one of {', '.join(ORDERS)}")
    page = asked.get("page", "") or "1"
    if not (page.isascii() and page.isdigit() and 1 <= int(page[:6]) <= MOST_PAGES):
        raise BadSelection(f"page: {page[:20]!r}, expected a number from 1 to {MOST_PAGES}")
    return Asked(of, values, sort, order, int(page), asked.get("lang", ""))


def format_of(asked: Mapping[str, str]) -> str:
    """The format of an export; empty: the page. Raises BadSelection."""
    found = asked.get("format", "")
    if found and found not in FORMATS:
        raise BadSelection(f"format: {found!r}, expected one of {', '.join(FORMATS)}")
    return found


def _value(field: Filter, value: str) -> str:
    if not value:
        return ""
    if field.choices and value not in field.choices:
        raise BadSelection(f"{field.name}: {value[:40]!r}, expected one of {', '.join(field.choices)}")
    if field.kind == "date":
        _moment(field.name, value)
    if len(value) > WORDS:
        raise BadSelection(f"{field.name}: {len(value)} characters, expected at most {WORDS}")
    return value


def _moment(name: str, value: str) -> datetime | None:
    """The begin of a day on the city's clock; of `to` its end. Raises BadSelection."""
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise BadSelection(f"{name}: {value[:20]!r}, expected a day like 2026-11-24") from error
    if not 2000 <= day.year <= 2999:
        raise BadSelection(f"{name}: {value!r}, expected a day from 2000 to 2999")
    return datetime.combine(day + timedelta(days=1) if name == "to" else day, time(), LOCAL)
