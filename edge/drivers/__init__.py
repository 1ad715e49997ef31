"""How lifts are read: one file per protocol, one interface for all."""

from collections.abc import Callable
from typing import Protocol

from contracts.messages import LiftSample
from edge.config import EdgeConfigError, LiftConfig


class DriverError(RuntimeError):
    """A lift that cannot be read now; the text names it. The duty opens the driver again."""


class LiftDriver(Protocol):
    """Reads one lift. `open` and `read` raise DriverError; a field that is not known is None."""

    def open(self) -> None: ...

    def read(self) -> LiftSample: ...

    def close(self) -> None: ...


def make(config: LiftConfig) -> LiftDriver:
    """The driver that a lift's configuration names. Raises EdgeConfigError."""
    from edge.drivers.replay import ReplayDriver
    from edge.drivers.simulator import SimulatorDriver

    makers: dict[str, Callable[[LiftConfig], LiftDriver]] = {"simulator": SimulatorDriver, "replay": ReplayDriver}
    if config.driver not in makers:
        raise EdgeConfigError(
            f"lift {config.device}: driver: {config.driver!r} is unknown, expected one of {sorted(makers)}"
        )
    return makers[config.driver](config)
