"""Takes commands off the bus one by one: refused with a reason, or carried out once, answered, and in the audit."""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.kinds import EdgeCommand, Lane
from contracts.messages import BadMessage, Command, Reply, decode
from contracts.topics import BadTopic, parse
from edge.clock import now_utc
from edge.commands import Answer, Handler, Refused, Site, Started
from edge.commands.record import Entry, Record
from edge.commands.registry import HANDLERS
from runtime.bus import Incoming

log = logging.getLogger(__name__)
FURTHEST = timedelta(days=1)
"""a command that may come for longer than this would have to be remembered for longer"""
AT_ONCE = 8
REASON = 500
INTERRUPTED = Answer(False, "interrupted: the agent ended before it had an answer")
UNWRITTEN = frozenset({EdgeCommand.COMFORT})
"""carried out even when the audit cannot be written: people in a car come before the book"""


class Finished(NamedTuple):
    command: Command
    answer: Answer


class Desk:
    """`take` is for the bus and only queues; `run` is a duty and does everything else in one thread."""

    def __init__(
        self,
        site: Site,
        record: Record,
        say: Callable[[Reply], bool],
        *,
        handlers: Mapping[EdgeCommand, Handler] = HANDLERS,
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        self.site, self.record, self.handlers, self.now = site, record, handlers, now
        self.reload_wanted = threading.Event()
        self._say = say
        self._queue: queue.Queue[Incoming | Finished] = queue.Queue()
        self._unsaid: deque[Reply] = deque(maxlen=1000)
        self._long = 0

    def take(self, incoming: Incoming) -> None:
        self._queue.put(incoming)

    def run(self, stop: threading.Event) -> None:
        """The duty. Replies that find no connection wait for the next one."""
        while not stop.is_set():
            try:
                item = self._queue.get(timeout=0.2)
            except queue.Empty:
                item = None
            if isinstance(item, Incoming):
                self._receive(item, stop)
            elif item is not None:
                self._long -= 1
                self._answer(item.command, item.answer, "finished")
            if self.reload_wanted.is_set():
                self.reload_wanted.clear()
                answer = self.site.reload()
                log.log(logging.INFO if answer.ok else logging.ERROR, "reload: %s", answer.reason)
            while self._unsaid and self._say(self._unsaid[0]):
                self._unsaid.popleft()

    def _receive(self, incoming: Incoming, stop: threading.Event) -> None:
        try:
            device = parse(incoming.topic).device
            command = decode(Lane.COMMAND, incoming.payload)
        except (BadTopic, BadMessage) as error:
            log.warning("a command that is none: %s", error)
            return
        if not isinstance(command, Command) or command.device != device:
            log.warning("a command on %s that is for another device", incoming.topic)
            return
        known = self.record.known(command.id)
        if known is not None:
            self._unsaid.append(known)
            return
        self._carry_out(command, stop)

    def _carry_out(self, command: Command, stop: threading.Event) -> None:
        now = self.now()
        refusal = self._refusal(command, now)
        if refusal is None:
            try:
                self.record.forget(now)
                self._write(command, "received", Answer(True, ""))
                # Kept before it is done: whatever happens now, it is not done twice.
                self.record.keep(command, self._reply(command, INTERRUPTED, final=True))
            except OSError as error:
                if command.kind not in UNWRITTEN:
                    refusal = f"the audit cannot be written ({error.strerror}); nothing was done"
        if refusal is not None:
            self._answer(command, Answer(False, refusal), "refused")
            return
        outcome: Answer | Started = Answer(False, "failed: the agent's log says why")
        try:
            outcome = self.handlers[command.kind](self.site, command, now)
        except Refused as error:
            outcome = Answer(False, str(error))
        finally:
            if isinstance(outcome, Started):
                self._start(command, outcome, stop)
            else:
                self._answer(command, outcome, "finished" if outcome.ok else "refused")

    def _refusal(self, command: Command, now: datetime) -> str | None:
        if now > command.expires:
            return f"expires: {command.expires.isoformat()} is over at {now.isoformat()}"
        if command.expires - now > FURTHEST:
            return f"expires: {command.expires.isoformat()}, expected within a day"
        if command.kind not in self.handlers:
            return f"kind: {command.kind} is not known to this agent"
        if self._long >= AT_ONCE:
            return f"{AT_ONCE} commands run already, expected fewer; ask again later"
        return None

    def _start(self, command: Command, started: Started, stop: threading.Event) -> None:
        self._long += 1
        self._answer(command, Answer(True, started.reason), "started")

        def work() -> None:
            answer = Answer(False, "failed: the agent's log says why")
            try:
                answer = started.work(stop)
            except Refused as error:
                answer = Answer(False, str(error))
            finally:
                self._queue.put(Finished(command, answer))

        threading.Thread(target=work, name=f"command-{command.kind}", daemon=True).start()

    def _answer(self, command: Command, answer: Answer, step: str) -> None:
        reply = self._reply(command, answer, final=step != "started")
        try:
            self._write(command, step, answer)
            self.record.keep(command, reply)
        except OSError as error:
            log.error("commands: the audit cannot be written (%s)", error.strerror)
        self._unsaid.append(reply)

    def _write(self, command: Command, step: str, answer: Answer) -> None:
        log.info("command %s for %s: %s %s", command.kind, command.device, step, answer.reason)
        self.record.audit(Entry(at=self.now(), step=step, command=command, ok=answer.ok, reason=answer.reason))

    def _reply(self, command: Command, answer: Answer, *, final: bool) -> Reply:
        reason = answer.reason[:REASON]
        return Reply(command=command.id, device=command.device, ok=answer.ok, reason=reason, at=self.now(), final=final)
