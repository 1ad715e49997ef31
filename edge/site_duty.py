"""What only shows over several lifts of one agent: their mains, lost at the same time."""

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from edge.clock import Clock
from edge.config import EdgeConfig
from edge.open_events import OpenEvents
from edge.rules import mass_outage
from edge.sink import Sink

LOOK_S = 1.0


class SiteDuty:
    """Lifts tell it of their mains from their own threads; it speaks for the agent's device."""

    def __init__(self, config: EdgeConfig, sink: Sink, clock: Clock) -> None:
        self.rules, self.clock = config.rules.lift, clock
        self.events = OpenEvents(config.agent, sink, Path(config.spool) / "open" / f"{config.agent}.json")
        self._lock = threading.Lock()
        self._lost: dict[str, datetime] = {}
        # After a restart nobody knows of a mains before its lift has spoken.
        self._awaited = {lift.device for lift in config.lift}
        self._state: mass_outage.OutageState | None = None

    def mains_of(self, device: str) -> Callable[[datetime | None], None]:
        """What a lift calls with the time since when its mains is lost, or None."""

        def tell(since: datetime | None) -> None:
            with self._lock:
                self._awaited.discard(device)
                if since is None:
                    self._lost.pop(device, None)
                else:
                    self._lost[device] = since

        return tell

    def run(self, stop: threading.Event) -> None:
        """The duty."""
        while not stop.wait(LOOK_S):
            self.look()

    def look(self) -> None:
        if self._awaited:
            return
        if self._state is None:
            opened = self.events.resume()
            self._state = mass_outage.OutageState(opened[0][2] if opened else None)
        with self._lock:
            lost = dict(self._lost)
        self._state, said = mass_outage.step(self._state, lost, self.clock.steady(), self.rules)
        for decision in said:
            self.events.say(decision, self.clock.on_the_wall(decision.at), self.clock.wall())
