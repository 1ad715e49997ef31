"""A stranger becomes a device: registered (or taken back), and all that was kept of it is stored, oldest first."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from contracts.kinds import DeviceKind, Lane
from contracts.topics import BadTopic, topic
from ingest.devices import Devices
from ingest.replay import Filter, Outcome, open_ids, replay
from ingest.streams import StreamKey, Streams
from ingest.watch_sql import QUERIES
from ingest.writer import Writer
from runtime.db import Connection

Watch = Callable[[list[int]], Iterable[int]]
"""shows how far it is: hands the numbers on"""
PASSES, PAUSE_S = 3, 0.5
"""what was under way when the device was registered is refused a last time and kept: looked for again so often"""


class AdoptError(ValueError):
    """Why a stranger cannot be adopted as asked; the text names field, value and what was expected."""


class Wanted(NamedTuple):
    code: str
    kind: str = ""
    site: str = ""
    lift: str = ""
    kitchen: str = ""
    agent: str = ""
    """the agent through which it speaks; none: whoever is at its site"""
    again: bool = False
    """take a retired device back"""
    move: bool = False
    """let it speak from this site from now on"""


class Adopted(NamedTuple):
    site: str
    what: str
    """registered, taken back, moved, or registered already"""
    outcomes: Mapping[Outcome, int]
    lost: int
    """messages that had been forgotten and now count as lost"""


def adopt(owner: Connection, ingest: Connection, wanted: Wanted, watch: Watch) -> Adopted:
    """Registers and replays. Raises AdoptError before anything is changed, psycopg.Error when the database fails.

    Interrupted and called again it goes on where it was.
    """
    site = wanted.site or _site(owner, wanted)
    try:
        topics = [str(topic(site, wanted.code, lane)) for lane in (Lane.TELEMETRY, Lane.EVENT, Lane.STATUS, Lane.REPLY)]
    except BadTopic as error:
        raise AdoptError(str(error)) from error
    with owner.transaction():
        what = _register(owner, wanted, site)
    lost = _forgotten(ingest, wanted.code, site)
    writer, outcomes = Writer(ingest, Devices()), Counter[Outcome]()
    tried: set[int] = set()
    for turn in range(PASSES):
        time.sleep(PAUSE_S if turn else 0)
        ids = [number for number in open_ids(ingest, Filter(topics=topics)) if number not in tried]
        tried.update(ids)
        outcomes.update(replay(ingest, writer, watch(ids)))
    ingest.execute(QUERIES["stranger_gone"], {"site": site, "code": wanted.code})
    return Adopted(site, what, outcomes, lost)


def _site(owner: Connection, wanted: Wanted) -> str:
    there = owner.execute(QUERIES["device_found"], {"code": wanted.code}).fetchone()
    if there is not None and wanted.again and not wanted.move:
        return str(there["site"])
    sites = [str(row["site"]) for row in owner.execute(QUERIES["stranger_sites"], {"code": wanted.code})]
    if len(sites) == 1:
        return sites[0]
    if sites:
        raise AdoptError(f"site: '', expected --site: it speaks at {', '.join(sites)}")
    if there is not None and there["retired"]:
        raise AdoptError(f"device: {wanted.code!r} is retired; --again takes it back")
    raise AdoptError(
        f"code: {wanted.code!r}, no stranger of this code has spoken; expected one of `sunlit ingest strangers`,"
        " or --site for a device that will"
    )


def _register(owner: Connection, wanted: Wanted, site: str) -> str:
    there = owner.execute(QUERIES["device_found"], {"code": wanted.code}).fetchone()
    if there is None:
        _demand(owner, wanted, site)
        _demand_spoken(owner, wanted.code, site)
        values = {**wanted._asdict(), "site": site, "lift": wanted.lift or None, "kitchen": wanted.kitchen or None}
        owner.execute(QUERIES["device_register"], values)
        return "registered"
    if there["retired"] and not wanted.again:
        raise AdoptError(f"device: {wanted.code!r} is retired; --again takes it back")
    if there["site"] != site and not wanted.move:
        raise AdoptError(f"site: {site!r}, {wanted.code!r} is registered at {there['site']!r}; --move moves it")
    if there["site"] != site:
        _demand_spoken(owner, wanted.code, site)
    owner.execute(QUERIES["device_back"], {"code": wanted.code, "site": site})
    moved = "moved" if there["site"] != site else "registered already"
    return "taken back" if there["retired"] else moved


def _demand_spoken(owner: Connection, code: str, site: str) -> None:
    """A slip of the pen would take a device away to where it never speaks, and its alarms would be refused."""
    sites = [row["site"] for row in owner.execute(QUERIES["stranger_sites"], {"code": code})]
    if site not in sites:
        found = f"it speaks at {', '.join(sites)}" if sites else "no stranger of this code has spoken"
        raise AdoptError(f"site: {site!r}, {code!r} has not spoken there; {found}")


def _demand(owner: Connection, wanted: Wanted, site: str) -> None:
    if wanted.kind not in list(DeviceKind):
        raise AdoptError(f"kind: {wanted.kind!r}, expected one of {', '.join(DeviceKind)}")
    asked = {"lift": wanted.lift, "kitchen": wanted.kitchen, "agent": wanted.agent, "site": site}
    found = owner.execute(QUERIES["watched"], asked).fetchone()
    assert found is not None
    for name in ("lift", "kitchen"):
        if getattr(wanted, name) and not found[name]:
            raise AdoptError(f"{name}: {getattr(wanted, name)!r} is not registered")
    if wanted.agent and not found["agent"]:
        raise AdoptError(f"agent: {wanted.agent!r}, expected an agent at {site}")
    needed = {"lift": wanted.lift, "kitchen_sensor": wanted.kitchen, "camera": wanted.kitchen or wanted.lift}
    if wanted.kind in needed and not needed[wanted.kind]:
        option = "--lift or --kitchen" if wanted.kind == "camera" else f"--{wanted.kind.removesuffix('_sensor')}"
        raise AdoptError(f"kind: {wanted.kind!r}, expected {option}: else nobody knows whom it concerns")


def _forgotten(ingest: Connection, code: str, site: str) -> int:
    """What was beyond the bound came and is gone: it counts as lost, by its numbers."""
    total = 0
    with ingest.transaction():
        device = ingest.execute(QUERIES["device_found"], {"code": code}).fetchone()
        clock = ingest.execute(QUERIES["server_time"]).fetchone()
        assert device is not None
        assert clock is not None
        streams = Streams(ingest, clock["now"])
        for row in ingest.execute(QUERIES["stranger_numbers"], {"site": site, "code": code}).fetchall():
            key = StreamKey(device["id"], row["boot"], Lane(row["lane"]))
            ranges = [(part.lower or 0, part.upper or 0) for part in row["numbers"]]
            total += sum(end - start for start, end in ranges)
            streams.lock([key])
            streams.told(key, given_up=ranges)
        streams.settle()
    return total


def unwatched(ids: list[int]) -> Iterator[int]:
    """A Watch that shows nothing."""
    yield from ids
