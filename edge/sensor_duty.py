"""A kitchen's climate sensor; simulated until real ones are connected."""

import threading
import time
from random import Random

from edge.clock import now_utc
from edge.config import SensorConfig
from edge.simulator.sensor import climate
from edge.sink import Sink


class SensorDuty:
    """Reads a sensor every few seconds."""

    def __init__(self, config: SensorConfig, sink: Sink) -> None:
        self.config, self.sink, self.rng = config, sink, Random(config.seed)

    def run(self, stop: threading.Event) -> None:
        """The duty."""
        began = time.monotonic()
        while True:
            self.sink.health(self.config.device, "ok")
            self.sink.telemetry(self.config.device, now_utc(), [climate(time.monotonic() - began, self.rng)])
            if stop.wait(self.config.every_s):
                return
