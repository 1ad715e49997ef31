"""Where a camera's pictures come from: drawn, a file in a loop, rtsp://..., or a webcam's number."""

import re
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

_STREAMS = ("rtsp", "rtsps", "http", "https")
_USER = re.compile(r"//[^/@\s]*@")


class SourceKind(StrEnum):
    DRAWN = "drawn"
    FILE = "file"
    STREAM = "stream"
    WEBCAM = "webcam"


class SourceError(ValueError):
    """A source that cannot be used; the text never holds its password."""


class Source(msgspec.Struct, frozen=True):
    """`address` may hold a password and is only for the child that opens it; `name` is for people and logs."""

    kind: SourceKind
    address: str
    name: str

    def __repr__(self) -> str:
        return f"Source({self.kind}, {self.name})"


def without_password(text: str) -> str:
    """The same text with user and password of any address taken out."""
    return _USER.sub("//", text)


def parse(text: str) -> Source:
    """What a configured source means. Raises SourceError."""
    if text == "drawn":
        return Source(SourceKind.DRAWN, text, "drawn scene")
    if text.isascii() and text.isdigit():
        return Source(SourceKind.WEBCAM, text, f"webcam {text}")
    if "://" not in text:
        return Source(SourceKind.FILE, text, f"file {text}")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SourceError(f"source: {without_password(text)!r} is no address, expected rtsp://host/path") from error
    if parts.scheme not in _STREAMS or not host:
        expected = "drawn, a file, rtsp://host/path or a webcam's number"
        raise SourceError(f"source: {without_password(text)!r}, expected {expected}")
    # A query may hold a password too, so that it is not named either.
    return Source(SourceKind.STREAM, text, f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}")
