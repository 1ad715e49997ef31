"""The auditor at work: look, judge, say, write down; every few seconds, whatever is away."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import psycopg

from alerting.audit import words
from alerting.audit.asking import Asking, Away
from alerting.audit.check import check, unknown
from alerting.audit.look import ANSWER_S, Look, wall
from alerting.audit.rows import Rows
from alerting.audit.voice import Mouths, Pinger
from alerting.audit.watch import Key, State, step
from runtime.db import Connection, fault_of
from runtime.settings import Settings

log = logging.getLogger(__name__)


class Auditor:
    """One auditor with its memory. `look` is replaced in tests."""

    def __init__(self, settings: Settings, mouths: Mouths, asking: Asking, look: Look) -> None:
        self.settings, self.limits, self.mouths = settings.audit, settings.audit, mouths
        self.asking, self.look, self.rows = asking, look, Rows(settings.audit.name)
        self.state = State()
        self.pinger = Pinger(settings.audit.ping_url.get_secret_value())
        self._out: dict[int, tuple[datetime, list[Key]]] = {}
        self._told: dict[Key, datetime | None] = {}
        self._began, self._steady = wall(), time.monotonic()

    def now(self) -> datetime:
        """The wall when the auditor began, and the steady clock since: a step of the wall moves no reminder."""
        return self._began + timedelta(seconds=time.monotonic() - self._steady)

    def round(self, now: datetime) -> None:
        """One round at `now`."""
        facts = self.look.facts(self.mouths.voices, self.mouths.addresses)
        if facts.database_at is not None:
            self._load(now)
        troubles = check(facts, self.limits, now)
        self.state, news = step(self.state, troubles, unknown(facts, self.limits), self.limits, now)
        if news:
            number = self.mouths.say(words.letter(news, self.settings.name, self.settings.language))
            self._out[number] = (now, [one.alarm.trouble.key for one in news])
        self._note_what_got_out()
        if facts.database_at is not None:
            self._keep(now)
        if not self.mouths.mouths or any(voice.failing_since is None for voice in self.mouths.voices):
            self.pinger.good_round()

    def _load(self, now: datetime) -> None:
        if self.rows.loaded:
            return
        try:
            known = self.asking.ask(lambda connection: self.rows.load(connection, now), ANSWER_S)
        except (Away, psycopg.Error) as error:
            log.error("alarms of an earlier life cannot be read: %s", error)
            return
        self._told |= {key: alarm.said_at for key, alarm in known.items()}
        self.state = msgspec.structs.replace(self.state, open={**known, **self.state.open})

    def _note_what_got_out(self) -> None:
        for number, (at, keys) in list(self._out.items()):
            if self.mouths.got_out(number):
                self._told |= dict.fromkeys(keys, at)
                del self._out[number]
        self._told = {key: at for key, at in self._told.items() if key in self.state.open}

    def _keep(self, now: datetime) -> None:
        info = {"open": len(self.state.open), "voices": {voice.name: voice.reason for voice in self.mouths.voices}}
        alarms = list(self.state.open.values())

        def write(connection: Connection) -> None:
            self.rows.keep(connection, alarms, self._told, info, now)

        try:
            self.asking.ask(write, ANSWER_S)
            self.look.unwritable = ""
        except (Away, psycopg.Error) as error:
            self.look.unwritable = str(error) if isinstance(error, Away) else fault_of(error)


def auditor_of(settings: Settings) -> Auditor:
    """The auditor that the settings describe."""
    asking = Asking(settings.database)
    return Auditor(settings, Mouths(settings.audit), asking, Look(settings.audit, asking, wall()))


def duties(auditor: Auditor) -> dict[str, Callable[[threading.Event], None]]:
    """Its threads: the rounds, a mouth for each address, and the ping."""

    def rounds(stop: threading.Event) -> None:
        while not stop.is_set():
            auditor.round(auditor.now())
            stop.wait(auditor.settings.every_s)

    found = {"rounds": rounds, **auditor.mouths.duties()}
    return {**found, "ping": auditor.pinger.run} if auditor.pinger.url else found
