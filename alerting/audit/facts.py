"""PURE: what the auditor looks at, and what can be wrong. None is unknown: never fine, never the end of a trouble."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """What can be wrong."""

    DATABASE = "database"
    READ_ONLY = "read_only"
    BLIND = "blind"
    CLOCK = "clock"
    DISK = "disk"
    VOICE = "voice"
    SAME_WAY = "same_way"
    SERVICE = "service"
    SHARE = "share"
    INSTANCES = "instances"
    BROKER = "broker"
    BEHIND = "behind"
    AGENTS = "agents"
    ALARM_PATH = "alarm_path"
    OUTBOX = "outbox"
    LETTERS = "letters"
    INCIDENTS = "incidents"
    CLOCKLESS = "clockless"
    EVENTS = "events"
    COMMANDS = "commands"
    ORDERS = "orders"
    DRILLS = "drills"
    FINDINGS = "findings"


class Beat(Struct, frozen=True, kw_only=True):
    """The last sign of life of one instance; `unchanged_s`: for how long (s) the auditor has seen no newer one."""

    service: str
    instance: str
    at: datetime
    unchanged_s: float = 0
    connected: bool | None = None
    """to the broker; None: it does not say"""
    waiting: int = 0
    """messages that it has taken and not stored yet"""


class Backlog(Struct, frozen=True, kw_only=True):
    """Rows that wait: how many, since when the oldest, and some of their names, worst first."""

    count: int = 0
    oldest: datetime | None = None
    some: tuple[str, ...] = ()


class Agents(Struct, frozen=True, kw_only=True):
    """Edge agents that are not heard."""

    silent: int
    of: int
    lifts: int = 0
    """that only they speak for"""
    rescues: int = 0
    """of these lifts, those with an open incident"""
    worst: str = ""
    since: datetime | None = None


class Disk(Struct, frozen=True):
    """`free` is a share (0-1); None: the folder cannot be looked at."""

    path: str
    free: float | None


class Voice(Struct, frozen=True):
    """One of the auditor's ways to people (`name` holds no address), and since when it has failed."""

    name: str
    failing_since: datetime | None = None
    reason: str = ""


class Facts(Struct, frozen=True, kw_only=True):
    """One look. What could not be asked is None, and named in `faults` with the reason."""

    asked_at: datetime
    """by the auditor's clock"""
    started_at: datetime | None = None
    """since when the auditor sees the rows: what went before may have been a stop of all. None: it looks but once"""
    database_at: datetime | None = None
    """by the database's clock at the same time; None: it does not answer"""
    fault: str = ""
    """why the database does not answer"""
    reached_at: datetime | None = None
    """when it last did"""
    unwritable: str = ""
    """why the auditor's own row cannot be written"""
    faults: Mapping[str, str] = {}
    disks: tuple[Disk, ...] = ()
    voices: tuple[Voice, ...] = ()
    same_way: tuple[str, ...] | None = None
    """those of its ways that are the desk's, too"""
    beats: tuple[Beat, ...] | None = None
    agents: Agents | None = None
    alarm_path: Backlog | None = None
    outbox: Backlog | None = None
    letters: Backlog | None = None
    incidents: Backlog | None = None
    clockless: Backlog | None = None
    events: Backlog | None = None
    commands: Backlog | None = None
    orders: Backlog | None = None
    drills: Backlog | None = None
    findings: Backlog | None = None


class Trouble(Struct, frozen=True, kw_only=True):
    """Something wrong. `subject` tells two of a kind apart; `details` are the facts of its text."""

    kind: Kind
    subject: str = ""
    since: datetime
    grave: bool = True
    """a person may wait for help over it"""
    weight: int = 1
    """how much of it; said again when it has doubled"""
    hold_s: float = 0
    """told only when it has been seen for so long (s)"""
    details: Mapping[str, object] = {}

    @property
    def key(self) -> tuple[str, str]:
        return (self.kind.value, self.subject)
