"""PURE: the board as pieces, what differs between two boards, and clocks that are set when a page is sent."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from api.i18n import clock

CSRF = "~csrf~"
"""stands in a piece where the form's token of each viewer's session belongs"""
SINCE = re.compile(r'(data-since="([^"]+)"[^>]*>)[^<]*<')
UNTIL = re.compile(r'(data-until="([^"]+)"[^>]*>)[^<]*<')
BAR = re.compile(r'value="[\d.]*" data-from="([^"]+)" data-to="([^"]+)"')


class Piece(Struct, frozen=True):
    """A part of the board that changes by itself; `stamp` differs whenever what it says does."""

    region: str
    key: str
    stamp: str
    html: str


class Frame(Struct, frozen=True):
    """All pieces, in the order in which they stand."""

    version: str
    pieces: Sequence[Piece]

    def region(self, name: str) -> list[Piece]:
        return [piece for piece in self.pieces if piece.region == name]


def stamp_of(*facts: object) -> str:
    """A short digest of what a piece says."""
    return hashlib.sha1(json.dumps(facts, default=str).encode(), usedforsecurity=False).hexdigest()[:12]


def change(old: Frame | None, new: Frame) -> dict[str, Any]:
    """What turns the old board into the new one: orders of regions that differ, and pieces that are new or differ."""
    before = {piece.key: piece.stamp for piece in old.pieces} if old else {}
    orders, earlier = _orders(new), _orders(old) if old else {}
    order = {name: keys for name, keys in orders.items() if earlier.get(name) != keys}
    order |= {name: [] for name in earlier if name not in orders}
    html = {piece.key: piece.html for piece in new.pieces if before.get(piece.key) != piece.stamp}
    return {"base": old.version if old else None, "version": new.version, "order": order, "html": html}


def _orders(frame: Frame) -> Mapping[str, list[str]]:
    orders: dict[str, list[str]] = {}
    for piece in frame.pieces:
        orders.setdefault(piece.region, []).append(piece.key)
    return orders


def wind(html: str, now: datetime) -> str:
    """Sets the clocks of a page: a piece is kept, but the time in it is of the moment in which it is sent."""

    def since(found: re.Match[str]) -> str:
        return f"{found[1]}{clock((now - datetime.fromisoformat(found[2])).total_seconds())}<"

    def until(found: re.Match[str]) -> str:
        left = (datetime.fromisoformat(found[2]) - now).total_seconds()
        return f"{found[1]}{clock(left) if left >= 0 else '−' + clock(-left)}<"

    def bar(found: re.Match[str]) -> str:
        start, stop = datetime.fromisoformat(found[1]), datetime.fromisoformat(found[2])
        gone = (now - start).total_seconds() / max(1.0, (stop - start).total_seconds())
        return f'value="{min(1.0, max(0.0, gone)):.3f}" data-from="{found[1]}" data-to="{found[2]}"'

    return BAR.sub(bar, UNTIL.sub(until, SINCE.sub(since, html)))
