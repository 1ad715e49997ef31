"""The board as all its viewers share it: read and drawn once per language, towns and state, however many look on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple
from uuid import uuid4

from msgspec import Struct

from api.board.desk import QUERIES, Towns
from api.board.frame import Frame, change, wind
from api.board.missed import entry_event
from api.board.pieces import drawn, stamped
from api.board.view import Group, Row, grouped
from api.stream import FAULTS, OVERLAP, Hub, event
from runtime.db import AsyncConnection, AsyncPool
from runtime.settings import Settings

log = logging.getLogger(__name__)
ROWS_S, WHOLE_S, SIDE_S, READY_S = 5.0, 10.0, 10.0, 60.0
"""how old the incidents, whether their sensors are heard, the figures beside them and the readiness of tomorrow may be,
where no row says that they differ"""
PATIENCE_S, STALE_S, MANY = 0.08, 3.0, 300
"""with so many open a page waits so long for the newest board, if the one that it gets instead is no older than that"""
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
    """each with a `stamp` that differs whenever the row does"""
    masses: Sequence[Row]
    strangers: Sequence[Row]
    unread: Sequence[Row]
    services: Sequence[Row]
    groups: Sequence[Group]
    """the rows, most urgent first"""
    side: Mapping[str, Any]

    def order(self, limit: int) -> list[Row]:
        """So many rows, most urgent first."""
        return list(islice((row for group in self.groups for row in group.rows), limit))


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
        self._soon: dict[Look, asyncio.Task[tuple[str, Mapping[str, str]]]] = {}
        self._tasks: dict[object, asyncio.Task[None]] = {}
        self._turn = 0
        self._known: dict[int, Row] = {}
        self._whole_at, self._read_to = -FOREVER, 0
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

    async def soon(self, look: Look) -> tuple[str, Mapping[str, str]]:
        """The regions as they are now; where that takes long, those of a moment ago: the stream brings the rest."""
        kept = self._kept.get(("regions", look))
        if len(self._known) < MANY or kept is None or asyncio.get_running_loop().time() - kept.at > STALE_S:
            return await self.regions(look)
        task = self._soon.get(look)
        if task is None or task.done():
            task = self._soon[look] = asyncio.create_task(self.regions(look))
        done, _ = await asyncio.wait([task], timeout=PATIENCE_S)
        found: tuple[str, Mapping[str, str]] = task.result() if done else kept.value
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
            rows = await self._incidents(connection)
            ids = {"ids": list({row["mass_id"] for row in rows if row["mass_id"]}), "number": None}
            masses = await (await connection.execute(QUERIES["masses"], ids)).fetchall()
            strangers = await (await connection.execute(QUERIES["strangers_alarm"])).fetchall()
            unread = await (await connection.execute(QUERIES["hand_overs_unread"])).fetchall()
            services = await (await connection.execute(QUERIES["services"])).fetchall()
        return Facts(rows, masses, strangers, unread, services, (), {})

    async def _incidents(self, connection: AsyncConnection) -> list[Row]:
        """The open incidents; of those that have been read before only what has changed, but for one time in a while.

        Whether sensors are silent changes without a row that says so: that is what the whole reading is for.
        """
        now = asyncio.get_running_loop().time()
        newest = self.hub.newest
        marks = await (await connection.execute(QUERIES["open_marks"], {"after": self._read_to - OVERLAP})).fetchall()
        known = self._known if now - self._whole_at < WHOLE_S else {}
        same = {m["id"] for m in marks if _is_as_before(m, known.get(m["id"]))}
        only = [m["id"] for m in marks if m["id"] not in same] if known else None
        asked = {**self._limits, "towns": None, "only": only}
        fresh = await (await connection.execute(QUERIES["open_incidents"], asked)).fetchall()
        if not known:
            self._whole_at = now
        self._known = {identity: known[identity] for identity in same} | {row["id"]: stamped(row) for row in fresh}
        self._read_to = newest
        return list(self._known.values())

    async def _today(self, towns: Towns) -> Mapping[str, Any]:
        since = datetime.now(UTC) - timedelta(hours=24)
        return {"today": await self._one("today", {"since": since, "towns": _asked(towns)})}

    async def _blind(self, towns: Towns) -> Mapping[str, Any]:
        asked = {**self._limits, "towns": _asked(towns), "limit": SILENCES_SHOWN}
        async with self.pool.connection() as connection:
            silences = await (await connection.execute(QUERIES["silences"], asked)).fetchall()
        count = await self._one("silent_count", asked)
        more = max(0, count["count"] - len(silences))
        blind = await self._one("blind" if towns is None else "blind_of_towns", asked)
        return {"blind": blind, "silences": silences, "more_silent": more}

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


def _is_as_before(mark: Row, known: Row | None) -> bool:
    return known is not None and mark["entry"] is None and mark["version"] == known["version"]


def _asked(towns: Towns) -> list[str] | None:
    return None if towns is None else list(towns)


def _of_towns(everything: Facts, side: Mapping[str, Any], towns: Towns) -> Facts:
    rows, unread = everything.rows, everything.unread
    if towns is not None:
        rows = [row for row in rows if row["town_code"] in towns]
        unread = [row for row in unread if row["towns"] is not None and set(row["towns"]) <= set(towns)]
    ids = {row["mass_id"] for row in rows}
    masses = [mass for mass in everything.masses if mass["id"] in ids]
    groups = grouped(rows, masses, datetime.now(UTC))
    return Facts(rows, masses, everything.strangers, unread, everything.services, groups, side)
