"""A language that was chosen by hand goes along where a form leads on."""

import pytest
from fastapi import Request

from api.page import keep_language


def asked(query: bytes) -> Request:
    return Request({"type": "http", "query_string": query, "headers": []})


@pytest.mark.parametrize(
    ("query", "path", "kept"),
    [
        (b"", "/account?said=x", "/account?said=x"),
        (b"lang=en", "/account?said=x", "/account?said=x&lang=en"),
        (b"lang=en", "/board", "/board?lang=en"),
        (b"lang=en", "/board?lang=zh", "/board?lang=zh"),
        (b"lang=%0d%0ax", "/board", "/board?lang=zh"),
    ],
)
def test_the_language_goes_along(query: bytes, path: str, kept: str) -> None:
    assert keep_language(asked(query), path) == kept
