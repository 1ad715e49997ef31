"""PURE: which findings a history is asked for, as its address says it. A link gives the same view again."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from api.i18n import LOCAL

RULES = ("no_hat", "no_mask", "stranger", "crowding", "climate", "uv_lamp", "camera_blind", "device_silent")
STATES = (
    *("open", "pushed", "overdue_yellow", "overdue_red", "rectified_claimed", "appealed", "case"),
    *("verified", "closed", "rejected"),
)
SORTS = ("opened", "rule", "camera", "state", "took")
ORDERS = ("desc", "asc")
FORMATS = ("", "csv", "xlsx")
ON_A_PAGE, IN_A_FILE, MOST_PAGES = 50, 50_000, 10_000


class BadAsk(ValueError):
    """What the address asks for cannot be; the text names field, value and what was expected."""


class Asked(NamedTuple):
    """Everything that stands in the address; empty: any."""

    rule: str = ""
    state: str = ""
    camera: str = ""
    first: date | None = None
    last: date | None = None
    sort: str = SORTS[0]
    order: str = ORDERS[0]
    page: int = 1
    format: str = ""

    def address(self, path: str, language: str = "", **changes: object) -> str:
        """A link to the same with some of it changed. Another view begins at its first page."""
        known: dict[str, object] = {
            "rule": self.rule,
            "state": self.state,
            "camera": self.camera,
            "from": self.first or "",
            "to": self.last or "",
            "sort": "" if self.sort == SORTS[0] else self.sort,
            "order": "" if self.order == ORDERS[0] else self.order,
            "lang": language,
        }
        asked = {name: value for name, value in {**known, **changes}.items() if value}
        return f"{path}?{urlencode(asked)}" if asked else path

    def turned(self, sort: str) -> str:
        """The order that a press on a column's head leads to."""
        return "asc" if self.sort == sort and self.order == "desc" else "desc"

    @property
    def values(self) -> dict[str, object]:
        """For the statement. Days are whole days of the city."""
        file = self.format != ""
        return {
            "rule": self.rule,
            "state": self.state,
            "camera": self.camera,
            "start": _midnight(self.first),
            "end": _midnight(self.last + timedelta(days=1)) if self.last else None,
            "sort": self.sort,
            "order": self.order,
            # One row more than a page tells whether there is another page.
            "limit": IN_A_FILE if file else ON_A_PAGE + 1,
            "skip": 0 if file else (self.page - 1) * ON_A_PAGE,
        }


def ask(said: Mapping[str, str]) -> Asked:
    """What an address asks for. Raises BadAsk."""
    first, last = day_of("from", said.get("from", "")), day_of("to", said.get("to", ""))
    if first and last and first > last:
        raise BadAsk(f"from: {first}, expected a day not after {last}")
    return Asked(
        _one_of("rule", said, ("", *RULES)),
        _one_of("state", said, ("", *STATES)),
        said.get("camera", "")[:64],
        first,
        last,
        _one_of("sort", said, SORTS),
        _one_of("order", said, ORDERS),
        _page(said.get("page", "1")),
        _one_of("format", said, FORMATS),
    )


def day_of(field: str, text: str) -> date | None:
    """A day like 2026-11-26; None for nothing. Raises BadAsk."""
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or len(text) != 10 or not 2000 <= found.year <= 2999:
        raise BadAsk(f"{field}: {text[:40]!r}, expected a day like 2026-11-26")
    return found


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), LOCAL) if day else None


def _page(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 6 or not 1 <= int(text) <= MOST_PAGES:
        raise BadAsk(f"page: {text[:40]!r}, expected a number from 1 to {MOST_PAGES}")
    return int(text)


def _one_of(field: str, said: Mapping[str, str], known: tuple[str, ...]) -> str:
    text = said.get(field, "") or known[0]
    if text not in known:
        raise BadAsk(f"{field}: {text[:40]!r}, expected one of {', '.join(name for name in known if name)}")
    return text
