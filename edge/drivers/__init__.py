"""How lifts and kitchen sensors are read: one file per protocol, one interface for all."""

from typing import ClassVar, Protocol, TypeVar

from contracts.messages import ClimateSample, LiftSample, Sample
from edge.config import DriverConfig, EdgeConfigError, LiftConfig, SensorConfig

S_co = TypeVar("S_co", covariant=True)
NAMES = ("modbus", "mqtt", "replay", "simulator")
OPTIONAL = ("address", "mapping", "unit", "vendor_id", "username", "password_file", "tls_ca", "path")
"""settings that only some drivers have a use for"""


class DriverError(RuntimeError):
    """A lift or a sensor that cannot be read now; the text names it. The duty opens the driver again."""


class Driver(Protocol[S_co]):
    """Reads one device. `open` and `read` raise DriverError; a field that is not known is None.

    `read` gives None when nothing newer came than what it gave last: old values are never given twice as new.
    """

    def open(self) -> None: ...

    def read(self) -> S_co | None: ...

    def close(self) -> None: ...


LiftDriver = Driver[LiftSample]
SensorDriver = Driver[ClimateSample]


def make(config: LiftConfig) -> LiftDriver:
    """The driver that a lift's configuration names. Raises EdgeConfigError with every fault."""
    from edge.drivers.modbus import ModbusDriver
    from edge.drivers.mqtt import MqttDriver
    from edge.drivers.replay import ReplayDriver
    from edge.drivers.simulator import SimulatorDriver

    _demand(config)
    if config.driver == "simulator":
        return SimulatorDriver(config)
    if config.driver == "modbus":
        return ModbusDriver(config, LiftSample)
    return MqttDriver(config, LiftSample) if config.driver == "mqtt" else ReplayDriver(config, LiftSample)


def make_sensor(config: SensorConfig) -> SensorDriver:
    """The driver that a sensor's configuration names. Raises EdgeConfigError with every fault."""
    from edge.drivers.modbus import ModbusDriver
    from edge.drivers.mqtt import MqttDriver
    from edge.drivers.replay import ReplayDriver
    from edge.drivers.simulator import ClimateSimulator

    _demand(config)
    if config.driver == "simulator":
        return ClimateSimulator(config)
    if config.driver == "modbus":
        return ModbusDriver(config, ClimateSample)
    return MqttDriver(config, ClimateSample) if config.driver == "mqtt" else ReplayDriver(config, ClimateSample)


class Configurable(Protocol):
    """What a driver that has settings says of them."""

    SETTINGS: ClassVar[frozenset[str]]

    @staticmethod
    def check(config: DriverConfig, sample: type[Sample]) -> list[str]: ...

    @staticmethod
    def describe(config: DriverConfig) -> str: ...


def _configurable(name: str) -> type[Configurable] | None:
    from edge.drivers.modbus import ModbusDriver
    from edge.drivers.mqtt import MqttDriver
    from edge.drivers.replay import ReplayDriver

    found: dict[str, type[Configurable]] = {"modbus": ModbusDriver, "mqtt": MqttDriver, "replay": ReplayDriver}
    return found.get(name)


def check(config: LiftConfig | SensorConfig) -> list[str]:
    """Every fault of a device's driver settings and of the files that they name; each line names the device."""
    who = f"{'lift' if isinstance(config, LiftConfig) else 'sensor'} {config.device}"
    if config.driver not in NAMES:
        return [f"{who}: driver: {config.driver!r} is unknown, expected one of {sorted(NAMES)}"]
    driver = _configurable(config.driver)
    used = driver.SETTINGS if driver else frozenset[str]()
    found = [
        f"{name}: {getattr(config, name)!r} is no setting of the driver {config.driver}"
        for name in OPTIONAL
        if name not in used and getattr(config, name) != getattr(DriverConfig(device=config.device), name)
    ]
    sample = LiftSample if isinstance(config, LiftConfig) else ClimateSample
    found += driver.check(config, sample) if driver else []
    return [f"{who}: {fault}" for fault in found]


def describe(config: LiftConfig | SensorConfig) -> str:
    """A device's driver and its settings in one line, without secrets."""
    driver = _configurable(config.driver)
    return driver.describe(config) if driver else f"simulator, seed {config.seed}"


def _demand(config: LiftConfig | SensorConfig) -> None:
    faults = check(config)
    if faults:
        raise EdgeConfigError("; ".join(faults))
