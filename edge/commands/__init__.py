"""What the centre may ask of an agent: one file per command, a registry, and the desk that keeps to the rules."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from contracts.messages import Command
from edge.drivers import LiftDriver
from edge.eye import Eye
from edge.live import Pushers
from edge.live_config import LiveConfig
from edge.sink import EventDraft


class Answer(NamedTuple):
    """What came of a command."""

    ok: bool
    reason: str


class Started(NamedTuple):
    """A command that takes its time: `work` runs in a thread of its own and ends with the answer."""

    reason: str
    work: Callable[[threading.Event], Answer]


class Refused(ValueError):
    """A command that cannot be carried out; the text names the argument, its value and what was expected."""


class Heard(NamedTuple):
    """What a device's duty last said of itself, and when."""

    state: str
    at: datetime


@dataclass(frozen=True)
class Site:
    """What commands work on."""

    live: LiveConfig
    drivers: Mapping[str, LiftDriver]
    heard: Mapping[str, Heard]
    connected: Callable[[], bool]
    reload: Callable[[], Answer]
    pushers: Pushers
    eyes: Mapping[str | None, Eye] = field(default_factory=dict)
    tests: Mapping[str, Callable[[], tuple[bool, str]]] = field(default_factory=dict)
    """by lift: proves its way of an alarm, and keeps when"""
    say: Callable[[EventDraft], UUID] | None = None
    """puts an event into the spool; None: this agent publishes nothing by command"""
    proven: Callable[[str], None] = lambda _: None
    """is told that a lift's way of an alarm was proven through the whole chain"""

    @property
    def folder(self) -> Path:
        return Path(self.live.now.spool)


Handler = Callable[[Site, Command, datetime], Answer | Started]


def text(command: Command, name: str, longest: int = 200) -> str:
    """A text argument. Raises Refused."""
    value = command.args.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise Refused(f"{name}: {value!r}, expected a text of 1 to {longest} characters")
    return value


def seconds(command: Command, name: str, least: float, most: float) -> timedelta:
    """A span in seconds. Raises Refused."""
    value = command.args.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise Refused(f"{name}: {value!r}, expected {least:g} to {most:g} seconds")
    return timedelta(seconds=value)


def moment(command: Command, name: str) -> datetime:
    """A time with its zone, as UTC. Raises Refused."""
    value = command.args.get(name)
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise Refused(f"{name}: {value!r}, expected a time such as 2026-03-01T12:00:00Z") from error
    if found.tzinfo is None:
        raise Refused(f"{name}: {value!r}, expected a time with its zone, such as 2026-03-01T12:00:00Z")
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise Refused(f"{name}: {value!r}, expected a time in the years 1 to 9999 of UTC") from error
