"""A driver that fails or hangs: it is opened again, and its lift is told to be unknown meanwhile."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from contracts.kinds import Phase, Rule
from contracts.messages import LiftSample
from edge.clock import Clock
from edge.config import LiftConfig, LiftRules, Rules
from edge.drivers import DriverError
from edge.lift_duty import LiftDuty
from edge.reader import Reader
from edge.sink import EventDraft

FRESH = LiftSample(floor="1", door_closed=True)


class Moody:
    """A driver that does what its mood says."""

    def __init__(self) -> None:
        self.mood, self.opened, self.closed = "well", 0, 0
        self.go_on = threading.Event()

    def open(self) -> None:
        self.opened += 1
        if self.mood == "away":
            raise DriverError("cannot be reached")

    def read(self) -> LiftSample:
        if self.mood == "hangs":
            self.go_on.wait(60)
        if self.mood == "fails":
            raise DriverError("answers nonsense")
        return FRESH

    def close(self) -> None:
        self.closed += 1


class Heard:
    def __init__(self) -> None:
        self.drafts: list[EventDraft] = []
        self.states: list[str] = []

    def telemetry(self, device: str, base: datetime, samples: object) -> None:
        assert base <= datetime.now(UTC)

    def event(self, draft: EventDraft) -> UUID:
        self.drafts.append(draft)
        return draft.id or uuid4()

    def health(self, device: str, state: str) -> None:
        self.states.append(state)

    def facts(self, device: str, facts: Mapping[str, str]) -> None:
        raise AssertionError("no facts here")

    @property
    def unknown(self) -> list[Phase]:
        return [draft.phase for draft in self.drafts if draft.rule is Rule.LIFT_UNKNOWN]


def until(look: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.02)


def test_a_driver_that_fails_is_opened_again(caplog: pytest.LogCaptureFixture) -> None:
    driver, stop = Moody(), threading.Event()
    driver.mood = "away"
    reader = Reader("lift-1", driver, Clock())
    thread = threading.Thread(daemon=True, target=reader.run, args=(stop,))
    thread.start()
    until(lambda: driver.opened >= 2)
    assert (reader.take(), "cannot be reached" in reader.fault) == ([], True)
    driver.mood = "well"
    until(lambda: FRESH in [sample for sample, _ in reader.take()])
    assert reader.fault == ""
    driver.mood = "fails"
    until(lambda: "answers nonsense" in reader.fault)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert driver.closed == driver.opened
    assert caplog.text.count("cannot be reached") == 1


@pytest.mark.parametrize("mood", ["hangs", "fails"])
def test_a_lift_whose_driver_hangs_or_fails_is_unknown_until_it_is_read_again(mood: str) -> None:
    driver, heard, stop = Moody(), Heard(), threading.Event()
    duty = LiftDuty(LiftConfig(device="lift-1"), driver, Rules(lift=LiftRules(stale_s=1)), heard)
    thread = threading.Thread(daemon=True, target=duty.run, args=(stop,))
    thread.start()
    until(lambda: heard.states[-1:] == ["ok"])
    driver.mood = mood
    until(lambda: heard.unknown == [Phase.START])
    assert heard.states[-1] == "unknown"
    driver.mood = "well"
    driver.go_on.set()
    until(lambda: heard.unknown == [Phase.START, Phase.END])
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
