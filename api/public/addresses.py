"""PURE: which addresses are kept in memory, and under what name: only what changes a page is part of it."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from api import i18n

WORDS, PAGES = 80, 500
"""how long a search may be, and how many pages of what it finds there are"""
# The address, and the parameters that its page answers to, beside the language.
KEPT: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"/"), ()),
    (re.compile(r"/(?:lift|restaurant)/[A-Za-z0-9-]{1,64}"), ()),
    (re.compile(r"/search"), ("q", "kind", "page")),
    (re.compile(r"/towns"), ("sort", "order")),
    (re.compile(r"/towns\.geojson"), ()),
    (re.compile(r"/open-data"), ()),
)
SEARCH = "/search"
CODE = re.compile(r"[A-Za-z0-9-]{1,64}")


class Name(NamedTuple):
    """What a page is kept under: two requests with the same name get the same bytes."""

    path: str
    query: str
    language: str


def name_of(path: str, query: str, accepted: str) -> Name | None:
    """The name of a page, from the parts of its address and the languages that a browser accepts. None: not kept."""
    for pattern, parameters in KEPT:
        if pattern.fullmatch(path):
            if not query:
                return Name(path, "", i18n.choose(None, None, accepted))
            given = dict(parse_qsl(query[:4000], errors="replace"))
            lang = given.get("lang") if given.get("lang") in i18n.LANGUAGES else None
            asked = tidy({name: given[name] for name in parameters if name in given})
            return Name(path, urlencode(asked | ({"lang": lang} if lang else {})), i18n.choose(lang, None, accepted))
    return None


def tidy(asked: Mapping[str, str]) -> dict[str, str]:
    """Parameters as they are understood; what says nothing is left out."""
    found = {name: " ".join(value.replace("\0", "").split())[:WORDS].strip() for name, value in asked.items()}
    if "page" in found:
        number = page_number(found.pop("page"))
        if number > 1:
            found["page"] = str(number)
    return {name: value for name, value in found.items() if value}


def page_number(text: str) -> int:
    """A page of what a search found; the first where it says nothing sensible."""
    return min(PAGES, max(1, int(text))) if text.isascii() and text.isdigit() and len(text) < 6 else 1
