"""PURE: the HLS playlist of what has come, and the names under which it is kept."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

NAME = re.compile(r"^(\d{8})-(\d{1,4})-(\d{1,6})-(\d{1,15})\.m4s$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Piece(Struct, frozen=True, order=True):
    """A segment as its file name tells it, so that a folder is its own index."""

    number: int
    init: int
    ms: int
    start_ms: int

    @property
    def name(self) -> str:
        return f"{self.number:08d}-{self.init}-{self.ms}-{self.start_ms}.m4s"


def piece(name: str) -> Piece | None:
    """What a file name says; None for any other file."""
    found = NAME.match(name)
    return Piece(*(int(part) for part in found.groups())) if found else None


def playlist(pieces: Sequence[Piece], *, interval: bool, ended: bool) -> str:
    """An HLS media playlist (version 7, fMP4). Names lead nowhere but to numbers beside it."""
    longest = max((round(one.ms / 1000) for one in pieces), default=2)
    first = pieces[0] if pieces else None
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{max(1, longest)}"]
    lines.append(f"#EXT-X-MEDIA-SEQUENCE:{first.number if first else 0}")
    # Every new init is a discontinuity, so that its number counts those that have left the list.
    lines.append(f"#EXT-X-DISCONTINUITY-SEQUENCE:{first.init if first else 0}")
    if interval:
        lines.append("#EXT-X-PLAYLIST-TYPE:EVENT")
    init = None
    for one in pieces:
        if one.init != init:
            lines += [] if init is None else ["#EXT-X-DISCONTINUITY"]
            lines.append(f'#EXT-X-MAP:URI="init-{one.init}.mp4"')
            init = one.init
        at = _EPOCH + timedelta(milliseconds=one.start_ms)
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{at.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}")
        lines += [f"#EXTINF:{one.ms / 1000:.3f},", f"{one.number}.m4s"]
    if ended:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"
