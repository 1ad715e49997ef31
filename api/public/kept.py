"""PURE: a page ready to be sent: its bytes, packed once, its tags, and what it says when it is old."""

import gzip
import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from markupsafe import escape

from api import i18n

Headers = tuple[tuple[bytes, bytes], ...]
FRESH_S, OLD_S = 30.0, 300.0
"""so long a page is sent without a question; so long it is sent while a new one is made; then it says its age"""
SMALLEST = 500
"""bytes that are worth packing"""
# What depends on the bytes is written anew.
OWN = (b"content-length", b"content-encoding", b"etag", b"vary", b"cache-control", b"set-cookie")
VARY = b"Accept-Language, Accept-Encoding, Cookie, Authorization"


class Answer(NamedTuple):
    """What the application said, or a variant of it that is ready to go."""

    status: int
    headers: Headers
    body: bytes


class Page(NamedTuple):
    """A kept page: plain and packed, and `size` in bytes of memory."""

    plain: Answer
    packed: Answer
    tags: frozenset[bytes]
    made: datetime
    size: int


def keepable(answer: Answer) -> bool:
    """Only what says itself that it is for everybody, and leaves no cookie; never an error."""
    headers = dict(answer.headers)
    return answer.status == 200 and b"set-cookie" not in headers and b"public" in headers.get(b"cache-control", b"")


def page_of(answer: Answer, made: datetime, max_age: int = int(FRESH_S)) -> Page:
    """A page with both of its variants."""
    tag = hashlib.sha256(answer.body).hexdigest()[:16].encode()
    packed = gzip.compress(answer.body, 6, mtime=0) if len(answer.body) >= SMALLEST else None
    common = (
        *((name, value) for name, value in answer.headers if name not in OWN),
        (b"cache-control", b"public, max-age=%d" % max_age),
        (b"vary", VARY),
    )
    plain = _variant(answer.body, (*common, (b"etag", b'"%s"' % tag)))
    if packed is None:
        return Page(plain, plain, frozenset((b'"%s"' % tag,)), made, len(answer.body))
    small = _variant(packed, (*common, (b"etag", b'"%s-gz"' % tag), (b"content-encoding", b"gzip")))
    tags = frozenset((b'"%s"' % tag, b'"%s-gz"' % tag))
    return Page(plain, small, tags, made, len(answer.body) + len(packed))


def _variant(body: bytes, headers: Headers) -> Answer:
    return Answer(200, (*headers, (b"content-length", b"%d" % len(body))), body)


def aged(page: Page, language: str) -> Page:
    """The same page, saying above everything else of when its figures are."""
    words = escape(i18n.text(language, "public.figures_of", at=i18n.moment(language, page.made)))
    notice = f'<p class="aged" role="status">{words}</p>\n'.encode()
    body = page.plain.body.replace(b"<main", notice + b"<main", 1)
    return page_of(page.plain._replace(body=body), page.made, max_age=5)


def unchanged(page: Page, asked: bytes) -> bool:
    """Whether the browser has these bytes already (If-None-Match)."""
    return asked == b"*" or any(tag.strip().removeprefix(b"W/") in page.tags for tag in asked.split(b","))


def not_modified(page: Page, packed: bool) -> Answer:
    """304: keep what you have."""
    headers = (page.packed if packed else page.plain).headers
    return Answer(304, tuple(one for one in headers if one[0] in (b"etag", b"vary", b"cache-control")), b"")


def packs(accepted: Iterable[bytes]) -> bool:
    """Whether a browser reads gzip (Accept-Encoding)."""
    for value in accepted:
        for part in value.split(b","):
            coding, _, weight = part.partition(b";")
            if coding.strip().lower() in (b"gzip", b"*"):
                return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False
