"""Crews of the invented city: they get letters by webhook, and answer at the same pages as people."""

import heapq
import json
import logging
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from random import Random
from time import time
from typing import Any
from urllib.parse import urlsplit

import httpx

from runtime.demo.visitor import VisitError, Visitor
from runtime.simulate import rates
from runtime.simulate.happenings import Rescue

log = logging.getLogger(__name__)
LINK = re.compile(r"(https?://[^/\s]+)(/c/[\w-]+)")
LIFT = re.compile(r"\b\d{5,7}\b")
NUMBER = re.compile(r"\bR\d{8}-\d+\b")
DEAF_SHARE = 0.01
"""first tiers that do not answer, so that the second is called: published, Guizhou"""
ON_THE_WAY_S, AFTERWARDS_S = 20.0, 15.0
HANDS = 8


class Mail:
    """Receives the letters of the city's organisations. Whoever sends one gets a yes, so that none comes twice."""

    def __init__(self, port: int, take: Callable[[str, Mapping[str, Any]], None]) -> None:
        """`take` gets the organisation's code and the letter. Raises OSError where the port is taken."""

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                self.send_response(204)
                self.end_headers()
                try:
                    take(self.path.rsplit("/", 1)[-1], json.loads(body))
                except ValueError:
                    log.warning("a letter that is not JSON came to %s", self.path)

            def log_message(self, format: str, *args: object) -> None:
                """Every letter is counted; a line for each would drown the rest."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, name="mail", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


Work = tuple[float, Callable[[], None]]
"""not before that time"""


@dataclass(order=True)
class Journey:
    """What one crew still has to do, one after the other: a tap that takes long must not be overtaken by the next."""

    at: float
    number: int
    lift: str = field(compare=False)
    steps: Sequence[Work] = field(compare=False)


class Crews:
    """Plays who was called: accepts, drives, arrives, frees, and has the operator close."""

    def __init__(self, rescues: Mapping[str, Rescue], password: str | None, hurry: float, random: Random) -> None:
        """`rescues` are those that go on, by lift code; without the operator's `password` nothing is closed."""
        self.rescues, self.password, self.hurry, self.random = rescues, password, hurry, random
        self.letters = self.pressed = self.refused = 0
        self.taken: dict[str, Rescue] = {}
        """which rescue of a lift has its crew already"""
        self._journeys: list[Journey] = []
        self._numbers = count()
        self._wake = threading.Condition()
        self._operator: Visitor | None = None
        self._desk = threading.Lock()

    def take(self, organisation: str, letter: Mapping[str, Any]) -> None:
        """A letter came; whoever is asked to go, and is not deaf today, goes."""
        self.letters += 1
        link = LINK.search(str(letter.get("body", "")))
        lift = LIFT.search(str(letter.get("subject", "")))
        plan = self.rescues.get(lift.group()) if lift else None
        if link is None or lift is None or plan is None or letter.get("stage") != "tier_offer":
            return
        with self._wake:
            if self.taken.get(lift.group()) == plan or self.random.random() < DEAF_SHARE:
                return
            self.taken[lift.group()] = plan
        self._go(link[1], link[2], lift.group(), plan)

    def _go(self, base: str, path: str, lift: str, plan: Rescue) -> None:
        accept = time() + rates.accept_s(self.random) / self.hurry
        start = accept + ON_THE_WAY_S / self.hurry
        arrive = max(start, plan.arrival)
        free = max(arrive, plan.freed)
        minutes = f"{min(60, max(1, round((arrive - start) / 60)))}"
        taps: list[tuple[float, str, Mapping[str, str]]] = [
            (accept, "accept", {}),
            (start, "en_route", {"eta_minutes": minutes}),
            (arrive, "arrived", {"proof": "qr", "code": lift}),
            (free, "released", {"people": str(plan.people)}),
        ]
        steps = [(at, partial(self._press, base, path, action, values)) for at, action, values in taps]
        if self.password is not None:
            # The sensors have to agree first.
            steps.append((free + AFTERWARDS_S / self.hurry, partial(self._close, base, path, plan)))
        self._later(lift, steps)

    def _later(self, lift: str, steps: Sequence[Work]) -> None:
        with self._wake:
            heapq.heappush(self._journeys, Journey(steps[0][0], next(self._numbers), lift, steps))
            self._wake.notify()

    def run(self, stop: threading.Event) -> None:
        """Does what is due until `stop`."""
        with ThreadPoolExecutor(HANDS, thread_name_prefix="crew") as hands:
            while not stop.is_set():
                with self._wake:
                    due = self._journeys[0].at - time() if self._journeys else 1.0
                    if due > 0:
                        self._wake.wait(min(due, 1.0))
                        continue
                    journey = heapq.heappop(self._journeys)
                hands.submit(self._do, journey)
            hands.shutdown(cancel_futures=True)

    def _do(self, journey: Journey) -> None:
        try:
            journey.steps[0][1]()
            self.pressed += 1
            if journey.steps[1:]:
                self._later(journey.lift, journey.steps[1:])
        except (VisitError, httpx.HTTPError) as error:
            # A page may be refused for good reason: another crew was there first.
            self.refused += 1
            log.info("lift %s: %s", journey.lift, error)

    def _press(self, base: str, path: str, action: str, values: Mapping[str, str]) -> None:
        crew = Visitor(base)
        try:
            crew.press(path, action, values)
        finally:
            crew.close()

    def _close(self, base: str, path: str, plan: Rescue) -> None:
        crew = Visitor(base)
        try:
            number = NUMBER.search(crew.open(path))
        finally:
            crew.close()
        if number is None:
            raise VisitError(f"{urlsplit(path).path}: no incident number on the crew's page")
        with self._desk:
            if self._operator is None:
                operator = Visitor(base)
                operator.sign_in("operator", self.password or "")
                self._operator = operator
            values = {"cause": plan.cause, "method": plan.method}
            try:
                self._operator.press(f"/board/incident/{number.group()}", "close", values)
            except (VisitError, httpx.HTTPError):
                # The session may have ended: the next one signs in again.
                self._operator = None
                raise
