"""Texts in Chinese and English, and how times and spans are written. Chinese first."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("zh", "en")
# The city's clock; one zone serves the whole country.
LOCAL = timezone(timedelta(hours=8))


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """The texts of a language by dotted key."""
    folder = resources.files("api").joinpath("texts", language)
    texts: dict[str, str] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            texts.update(_flat("", tomllib.loads(file.read_text("utf-8"))))
    return texts


def _flat(prefix: str, table: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found.update(_flat(f"{prefix}{key}.", value))
        else:
            found[f"{prefix}{key}"] = str(value)
    return found


def text(language: str, key: str, **values: object) -> str:
    """The text of a key with its values filled in. A missing text shows its key, so that a test finds it."""
    found = catalogue(language).get(key)
    return found.format(**values) if found is not None else f"[{key}]"


def choose(wanted: str | None, preferred: str | None, header: str) -> str:
    """The page's language: what the address says, what the person prefers, what the browser prefers, Chinese."""
    for candidate in (wanted, preferred, *(part[:2].strip().lower() for part in header.split(","))):
        if candidate in LANGUAGES:
            return candidate
    return LANGUAGES[0]


def moment(language: str, at: datetime | None) -> str:
    """A time of day with its date."""
    if at is None:
        return "—"
    local = at.astimezone(LOCAL)
    return local.strftime("%Y年%m月%d日 %H:%M:%S" if language == "zh" else "%Y-%m-%d %H:%M:%S")


def brief(language: str, at: datetime | None, now: datetime | None = None) -> str:
    """A time as short as can be: 14:03 today, with its date otherwise."""
    if at is None:
        return "—"
    local, today = at.astimezone(LOCAL), (now or datetime.now(UTC)).astimezone(LOCAL)
    if local.date() == today.date():
        return local.strftime("%H:%M")
    day = f"{local.month}月{local.day}日" if language == "zh" else local.strftime("%m-%d")
    year = "" if local.year == today.year else (f"{local.year}年" if language == "zh" else f"{local.year}-")
    return f"{year}{day} {local:%H:%M}"


def span(language: str, seconds: float) -> str:
    """How long something took: 45 min, 3.5 h, 2.1 days."""
    for limit, unit, size, digits in ((5400, "minutes", 60, 0), (172_800, "hours", 3600, 1)):
        if seconds < limit:
            return text(language, f"common.span_{unit}", n=f"{max(0.0, seconds / size):.{digits}f}")
    return text(language, "common.span_days", n=f"{seconds / 86_400:.1f}")


def day_start(now: datetime) -> datetime:
    """When the city's day began."""
    return now.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)


def hour(at: datetime | None) -> str:
    """A time of today: 14:03."""
    return "—" if at is None else at.astimezone(LOCAL).strftime("%H:%M")


def clock(seconds: float) -> str:
    """A running time: 04:12, or 1:04:12."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes:02d}:{left:02d}"


def ago(language: str, at: datetime | None, now: datetime | None = None) -> str:
    """How long ago something was."""
    if at is None:
        return text(language, "common.never")
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    for limit, unit, size in ((90, "seconds", 1), (5400, "minutes", 60), (129_600, "hours", 3600)):
        if seconds < limit:
            return text(language, f"common.ago_{unit}", n=max(0, int(seconds / size)))
    return text(language, "common.ago_days", n=int(seconds / 86_400))
