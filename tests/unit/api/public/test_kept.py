"""Pages ready to be sent: tags, packing, and what an old one says."""

import gzip
from datetime import UTC, datetime

import pytest

from api.public.kept import Answer, aged, keepable, not_modified, packs, page_of, unchanged

BODY = b"<html><body><main>" + b"text " * 300 + b"</main></body></html>"
HEADERS = ((b"content-type", b"text/html"), (b"cache-control", b"public, max-age=30"), (b"content-length", b"9"))
NOON = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)


def test_a_page_is_packed_once_and_says_what_it_is() -> None:
    page = page_of(Answer(200, HEADERS, BODY), NOON)
    plain, packed = dict(page.plain.headers), dict(page.packed.headers)
    assert page.plain.body == BODY and gzip.decompress(page.packed.body) == BODY
    assert plain[b"content-length"] == b"%d" % len(BODY)
    assert packed[b"content-encoding"] == b"gzip" and packed[b"content-length"] == b"%d" % len(page.packed.body)
    assert plain[b"etag"] != packed[b"etag"] and {plain[b"etag"], packed[b"etag"]} == page.tags
    assert b"Accept-Language" in plain[b"vary"] and b"Accept-Encoding" in plain[b"vary"]
    assert page.size == len(BODY) + len(page.packed.body)


def test_a_small_page_is_not_packed() -> None:
    page = page_of(Answer(200, HEADERS, b"short"), NOON)
    assert page.packed is page.plain and b"content-encoding" not in dict(page.packed.headers)


@pytest.mark.parametrize(
    ("status", "headers", "kept"),
    [
        (200, HEADERS, True),
        (200, (*HEADERS, (b"set-cookie", b"a=b")), False),
        (200, ((b"cache-control", b"private, no-store"),), False),
        (200, (), False),
        (404, HEADERS, False),
        (503, HEADERS, False),
        (303, HEADERS, False),
    ],
)
def test_only_what_is_for_everybody_is_kept(status: int, headers: tuple[tuple[bytes, bytes], ...], kept: bool) -> None:
    assert keepable(Answer(status, headers, b"")) is kept


def test_an_old_page_says_of_when_it_is() -> None:
    old = aged(page_of(Answer(200, HEADERS, BODY), NOON), "en")
    text = old.plain.body.decode()
    assert "Figures of 2026-11-26 12:00:00" in text and text.index('role="status"') < text.index("<main")
    assert gzip.decompress(old.packed.body) == old.plain.body
    assert b"max-age=5" in dict(old.plain.headers)[b"cache-control"]


def test_a_browser_that_has_it_is_told_so() -> None:
    page = page_of(Answer(200, HEADERS, BODY), NOON)
    tag = dict(page.plain.headers)[b"etag"]
    assert unchanged(page, tag) and unchanged(page, b'"x", W/' + tag) and unchanged(page, b"*")
    assert not unchanged(page, b"") and not unchanged(page, b'"other"')
    answer = not_modified(page, packed=True)
    assert answer.status == 304 and answer.body == b"" and dict(answer.headers)[b"etag"].endswith(b'-gz"')
    assert b"content-length" not in dict(answer.headers)


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [(b"", False), (b"gzip, deflate, br", True), (b"br;q=1, gzip;q=0.5", True), (b"gzip;q=0", False), (b"*", True)],
)
def test_who_reads_gzip(accepted: bytes, packed: bool) -> None:
    assert packs((accepted,)) is packed
