"""The board as all its viewers share it: read and drawn once per language, towns and state, however many look on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from msgspec import Struct

from api.board.desk import QUERIES, Towns
from api.board.frame import Frame, change, wind
from api.board.missed import entry_event
from api.board.pieces import drawn
from api.board.view import Row, grouped
from api.stream import FAULTS, Hub, event
from runtime.db import AsyncPool
from runtime.settings import Settings

log = logging.getLogger(__name__)
ROWS_S, SIDE_S, READY_S = 5.0, 10.0, 60.0
"""how old the incidents, the figures beside them and the readiness of tomorrow may be, where no row says they differ"""
REGIONS = ("top", "count", "cards", "lines", "side")
FOREVER = float("inf")
SILENCES_SHOWN = 6
PAST, MOST_TEXTS = 7, 2000
"""so many boards are kept to tell a viewer of one of them only what differs"""


class Look(NamedTuple):
    """In which words a board is drawn, and whose it is."""

    language: str
    chosen: bool
    """the language was chosen by hand, and the links keep it"""
    towns: Towns


class Facts(Struct, frozen=True):
    """What a board shows, read at one time."""

    rows: Sequence[Row]
    masses: Sequence[Row]
    strangers: Sequence[Row]
    unread: Sequence[Row]
    services: Sequence[Row]
    order: Sequence[Row]
    """the rows, most urgent first"""
    side: Mapping[str, Any]


class _Kept(NamedTuple):
    value: Any
    key: object
    at: float
    turn: int


class Board:
    """What is open, for every viewer of this process. Raises psycopg.Error or PoolTimeout where rows cannot be read."""

    def __init__(self, pool: AsyncPool, settings: Settings, hub: Hub) -> None:
        self.pool, self.hub = pool, hub
        chosen = settings.ingest
        self._limits = {"silent_s": chosen.silent_lift_s, "camera_silent_s": chosen.silent_camera_s, "mass": None}
        self._kept: dict[object, _Kept] = {}
        self._past: dict[object, list[Frame]] = {}
        self._pushes: dict[object, str] = {}
        self._entries: dict[object, str] = {}
        self._tasks: dict[object, asyncio.Task[None]] = {}
        self._turn = 0
        self._locks: dict[object, asyncio.Lock] = {}
        self._boot, self._made = uuid4().hex[:6], 0
        self.reads = 0
        """how often the open incidents were read; 1,000 viewers of one change make it one more"""

    async def frame(self, look: Look) -> Frame:
        """The board in some words for some towns, as the rows are now."""

        async def make() -> Frame:
            before: Frame | None = self._kept[name].value if name in self._kept else None
            pieces = await asyncio.to_thread(drawn, look.language, look.chosen, facts.value, before)
            if before and [(p.key, p.stamp) for p in before.pieces] == [(p.key, p.stamp) for p in pieces]:
                return before
            self._made += 1
            frame = Frame(f"{self._boot}-{self._made}", pieces)
            self._past[name] = [*self._past.get(name, [])[-PAST:], frame]
            return frame

        name = ("frame", look)
        facts = await self._facts(look.towns)
        found: Frame = (await self._once(name, facts.turn, FOREVER, make)).value
        return found

    async def regions(self, look: Look) -> tuple[str, Mapping[str, str]]:
        """The board's version, and its regions as a page holds them, with clocks of this second."""

        async def make() -> tuple[str, Mapping[str, str]]:
            now, html = datetime.now(UTC), dict.fromkeys(REGIONS, "")
            for piece in frame.pieces:
                html[piece.region] += f'<div data-piece="{piece.key}">{piece.html}</div>'
            return frame.version, {name: wind(text, now) for name, text in html.items()}

        frame = await self.frame(look)
        second = int(asyncio.get_running_loop().time())
        made: tuple[str, Mapping[str, str]] = (
            await self._once(("regions", look), (frame.version, second), FOREVER, make)
        ).value
        return made

    async def facts(self, towns: Towns) -> Facts:
        """What the board shows of some towns."""
        found: Facts = (await self._facts(towns)).value
        return found

    def push(self, look: Look, version: str, frame: Frame) -> str:
        """The event that turns a viewer's board into this one; the same text for all who have the same."""
        name = (look, version, frame.version)
        past = self._past.get(("frame", look), [])
        base = next((old for old in past if old.version == version), None)
        return _remember(self._pushes, name, lambda: event("board", change(base, frame)))

    def said(self, language: str, row: Row, missed: bool) -> str:
        """The event of an entry; put into words once for all."""
        name = (language, row["id"], missed)
        return _remember(
            self._entries, name, lambda: event("entry", entry_event(language, row, missed), str(row["id"]))
        )

    async def _facts(self, towns: Towns) -> _Kept:
        everything = await self._once("rows", self.hub.digest, ROWS_S, self._rows)
        newest = max((row["id"] for row in everything.value.rows), default=0)
        parts = (
            await self._once(
                ("today", towns), (newest, len(everything.value.rows)), SIDE_S, lambda: self._today(towns)
            ),
            await self._once(("blind", towns), None, SIDE_S, lambda: self._blind(towns)),
            await self._once(("ready", towns), None, READY_S, lambda: self._ready(towns)),
        )

        async def make() -> Facts:
            side: dict[str, Any] = {}
            for part in parts:
                side |= part.value
            return _of_towns(everything.value, side, towns)

        turns = (everything.turn, *(part.turn for part in parts))
        return await self._once(("facts", towns), turns, FOREVER, make)

    async def _rows(self) -> Facts:
        self.reads += 1
        async with self.pool.connection() as connection:
            rows = await (
                await connection.execute(QUERIES["open_incidents"], {**self._limits, "towns": None})
            ).fetchall()
            ids = {"ids": list({row["mass_id"] for row in rows if row["mass_id"]}), "number": None}
            masses = await (await connection.execute(QUERIES["masses"], ids)).fetchall()
            strangers = await (await connection.execute(QUERIES["strangers_alarm"])).fetchall()
            unread = await (await connection.execute(QUERIES["hand_overs_unread"])).fetchall()
            services = await (await connection.execute(QUERIES["services"])).fetchall()
        return Facts(rows, masses, strangers, unread, services, (), {})

    async def _today(self, towns: Towns) -> Mapping[str, Any]:
        since = datetime.now(UTC) - timedelta(hours=24)
        return {"today": await self._one("today", {"since": since, "towns": _asked(towns)})}

    async def _blind(self, towns: Towns) -> Mapping[str, Any]:
        asked = {**self._limits, "towns": _asked(towns), "limit": SILENCES_SHOWN}
        async with self.pool.connection() as connection:
            silences = await (await connection.execute(QUERIES["silences"], asked)).fetchall()
        count = await self._one("silent_count", asked)
        more = max(0, count["count"] - len(silences))
        return {"blind": await self._one("blind", asked), "silences": silences, "more_silent": more}

    async def _ready(self, towns: Towns) -> Mapping[str, Any]:
        return {"ready": await self._one("ready_counts", {"towns": _asked(towns)})}

    async def _one(self, name: str, asked: Mapping[str, Any]) -> Any:
        async with self.pool.connection() as connection:
            return await (await connection.execute(QUERIES[name], asked)).fetchone()

    async def _once(self, name: object, key: object, life_s: float, make: Callable[[], Awaitable[Any]]) -> _Kept:
        """What was made for this key, made now where nobody has; whoever asks meanwhile waits for the same."""
        kept = self._kept.get(name)
        age = asyncio.get_running_loop().time() - kept.at if kept else FOREVER
        if kept and kept.key == key and age <= 2 * life_s:
            if age > life_s and name not in self._tasks:
                # No row says that it differs: what is there is shown while it is read again.
                self._tasks[name] = asyncio.create_task(self._again(name, key, life_s, make))
            return kept
        return await self._made_once(name, key, life_s, make)

    async def _again(self, name: object, key: object, life_s: float, make: Callable[[], Awaitable[Any]]) -> None:
        try:
            await self._made_once(name, key, life_s, make)
        except FAULTS as error:
            log.debug("board: %s", error)
        finally:
            self._tasks.pop(name, None)

    async def _made_once(self, name: object, key: object, life_s: float, make: Callable[[], Awaitable[Any]]) -> _Kept:
        async with self._locks.setdefault(name, asyncio.Lock()):
            now = asyncio.get_running_loop().time()
            kept = self._kept.get(name)
            if kept is None or kept.key != key or now - kept.at > life_s:
                value = await make()
                self._turn += 1
                kept = self._kept[name] = _Kept(value, key, now, self._turn)
            return kept


def _remember(texts: dict[object, str], name: object, make: Callable[[], str]) -> str:
    if name not in texts:
        if len(texts) >= MOST_TEXTS:
            texts.clear()
        texts[name] = make()
    return texts[name]


def _asked(towns: Towns) -> list[str] | None:
    return None if towns is None else list(towns)


def _of_towns(everything: Facts, side: Mapping[str, Any], towns: Towns) -> Facts:
    rows, unread = everything.rows, everything.unread
    if towns is not None:
        rows = [row for row in rows if row["town_code"] in towns]
        unread = [row for row in unread if row["towns"] is not None and set(row["towns"]) <= set(towns)]
    ids = {row["mass_id"] for row in rows}
    masses = [mass for mass in everything.masses if mass["id"] in ids]
    order = [row for group in grouped(rows, masses, datetime.now(UTC)) for row in group.rows]
    return Facts(rows, masses, everything.strangers, unread, everything.services, order, side)
