"""The auditor's ways to people: one thread for each address, so that one that hangs holds up no other."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import httpx

from alerting.audit.facts import Voice
from alerting.audit.words import LONGEST, Letter
from alerting.channels import Message, Outcome, Send, Verdict, open_channels
from runtime.audit_settings import AuditSettings
from runtime.settings import AlertingSettings

log = logging.getLogger(__name__)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
PING_EVERY_S, PING_TIMEOUT_S = 30.0, 10.0


def ways(settings: AuditSettings) -> dict[str, tuple[str, str]]:
    """Channel and address by a name that holds no address: `webhook 1`, `webhook 2`, `email 1`."""
    found = {}
    for channel in ("webhook", "email", "apprise"):
        for number, address in enumerate(getattr(settings, channel).get_secret_value().split(), 1):
            found[f"{channel} {number}"] = (channel, address)
    return found


def channels(settings: AuditSettings) -> Mapping[str, Send]:
    """The house's channels with the auditor's own servers and secrets."""
    return open_channels(
        AlertingSettings(
            webhook_secret=settings.webhook_secret,
            smtp_host=settings.smtp_host,
            smtp_port=settings.smtp_port,
            smtp_from=settings.smtp_from,
            smtp_username=settings.smtp_username,
            smtp_password=settings.smtp_password,
        )
    )


class Mouth:
    """One address. What it could not say yet is said as one letter when it can."""

    def __init__(self, name: str, address: str, send: Send, language: str, keep_s: float) -> None:
        self.name, self.address, self.send, self.language, self.keep_s = name, address, send, language, keep_s
        self.sent: set[int] = set()
        self._waiting: list[tuple[int, Letter, float]] = []
        self._lock, self._wake = threading.Lock(), threading.Event()
        self._failing: tuple[datetime, str] | None = None

    def put(self, number: int, letter: Letter) -> None:
        with self._lock:
            self._waiting.append((number, letter, time.monotonic()))
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        """Sends until `stop`. An unsure outcome is sent again: better twice than never."""
        pause = FIRST_PAUSE_S
        while not stop.is_set():
            self._wake.wait(0.5)
            self._wake.clear()
            batch = self._batch()
            if not batch:
                continue
            if self._try(batch):
                pause = FIRST_PAUSE_S
                continue
            stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
            self._wake.set()

    @property
    def voice(self) -> Voice:
        failing = self._failing
        return Voice(self.name) if failing is None else Voice(self.name, *failing)

    def _batch(self) -> list[tuple[int, Letter, float]]:
        # What is older is said anew by then, as it stands: nobody wants the story of the night at once.
        with self._lock:
            young = [one for one in self._waiting if time.monotonic() - one[2] <= self.keep_s]
            self._waiting = young or self._waiting[-1:]
            return list(self._waiting)

    def _try(self, batch: Sequence[tuple[int, Letter, float]]) -> bool:
        lines = [line for _, letter, _ in batch for line in letter.body.splitlines()]
        message = Message(
            address=self.address,
            subject=batch[-1][1].subject,
            body="\n".join(lines[-2 * LONGEST :]),
            stage="audit",
            language=self.language,
            dedupe=f"audit-{uuid4()}",
        )
        # A channel raises nothing; should one do so all the same, its way counts as failing.
        outcome = Outcome(Verdict.UNSURE, "the channel itself failed")
        try:
            outcome = self.send(message)
        finally:
            if outcome.verdict is Verdict.SENT:
                self._settle(batch)
            else:
                self._complain(outcome)
        return outcome.verdict is Verdict.SENT

    def _settle(self, batch: Sequence[tuple[int, Letter, float]]) -> None:
        said = {number for number, _, _ in batch}
        with self._lock:
            self._waiting = [one for one in self._waiting if one[0] not in said]
        self.sent |= said
        if self._failing is not None:
            log.info("%s: works again", self.name)
        self._failing = None

    def _complain(self, outcome: Outcome) -> None:
        reason = f"{outcome.verdict}: {outcome.detail}".replace(self.address, "<address>")
        if self._failing is None:
            log.error("%s: %s; tried again", self.name, reason)
        since = datetime.now(UTC) if self._failing is None else self._failing[0]
        self._failing = (since, reason)


class Mouths:
    """All of them. `number`: each letter's, so that one can ask whether it got out anywhere."""

    def __init__(self, settings: AuditSettings, send: Mapping[str, Send] | None = None) -> None:
        self.ways = ways(settings)
        opened = send or channels(settings)
        self.mouths = [
            Mouth(name, address, opened[channel], settings.language, settings.again_s)
            for name, (channel, address) in self.ways.items()
        ]
        self._number = 0

    @property
    def addresses(self) -> dict[str, str]:
        return {name: address for name, (_, address) in self.ways.items()}

    @property
    def voices(self) -> tuple[Voice, ...]:
        return tuple(mouth.voice for mouth in self.mouths)

    def say(self, letter: Letter) -> int:
        """Hands a letter to every mouth; returns its number."""
        self._number += 1
        log.warning("%s", letter.body.splitlines()[0])
        for mouth in self.mouths:
            mouth.put(self._number, letter)
        return self._number

    def got_out(self, number: int) -> bool:
        return any(number in mouth.sent for mouth in self.mouths)

    def duties(self) -> dict[str, Callable[[threading.Event], None]]:
        return {mouth.name.replace(" ", "-"): mouth.run for mouth in self.mouths}


class Pinger:
    """Asks an address outside after good rounds: whoever waits for it there notices when the auditor is gone."""

    def __init__(self, url: str) -> None:
        self.url, self._due, self._said = url, threading.Event(), ""

    def good_round(self) -> None:
        self._due.set()

    def run(self, stop: threading.Event) -> None:
        with httpx.Client(timeout=PING_TIMEOUT_S, trust_env=False) as http:
            while not stop.is_set():
                if not self._due.wait(0.5):
                    continue
                self._due.clear()
                self._ping(http)
                stop.wait(PING_EVERY_S)

    def _ping(self, http: httpx.Client) -> None:
        fault = ""
        try:
            answer = http.get(self.url)
            fault = "" if answer.is_success else f"HTTP {answer.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            fault = type(error).__name__
        if fault != self._said:
            log.log(logging.ERROR if fault else logging.INFO, "ping: %s", fault or "works again")
        self._said = fault
