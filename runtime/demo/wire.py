"""The demo's certificates: an authority of its own, one for the broker, one for the agent."""

from pathlib import Path

from runtime.db import Role, connect
from runtime.demo.city import AGENT
from runtime.devices import issue, register
from runtime.devices.broker import apply
from runtime.devices.ca_cli import make
from runtime.devices.files import FileFault
from runtime.settings import BrokerSettings, DatabaseSettings, WireSettings
from runtime.stack.broker import Broker, Wire


class DemoWire:
    """What is needed for it in the demo's folder."""

    def __init__(self, home: Path, port: int) -> None:
        self.port, self.device = port, home / "agent"
        self.settings = WireSettings(
            ca=home / "ca", broker=home / "wire", broker_pid=home / "broker" / "broker.pid", device_days=30
        )

    def prepare(self) -> Wire:
        """Before the broker starts. Raises AuthorityError or FileFault."""
        if not (self.settings.ca / "ca.key").exists():
            make(self.settings, ["127.0.0.1", "localhost"])
        return Wire(self.settings.broker, self.port)

    def enrol(self, database: DatabaseSettings) -> None:
        """Gives the agent a certificate where it has none, and tells the broker. Raises what `issue` raises."""
        with connect(database, Role.OWNER) as connection:
            signer = issue.authority(self.settings)
            now = register.now(connection)
            known = register.credentials(connection)
            if not any(one.device == AGENT and one.serves(now) for one in known) or not self.device.exists():
                for name in ("device.key", "device.crt"):
                    (self.device / name).unlink(missing_ok=True)
                with connection.transaction():
                    device = register.find(connection, AGENT)
                    issue.issue(connection, signer, device, issue.Wanted(self.device), self.settings.device_days)
            done = apply(connection, self.settings, signer)
        if done.faults:
            raise FileFault("; ".join(done.faults))

    def edge_settings(self) -> BrokerSettings:
        """How the agent reaches the broker."""
        return BrokerSettings(
            port=self.port,
            tls_ca=self.device / "ca.crt",
            tls_cert=self.device / "device.crt",
            tls_key=self.device / "device.key",
        )


def broker_of(home: Path, port: int, wire_port: int) -> tuple[Broker, DemoWire | None]:
    """With certificates where there is a mosquitto; the trial broker cannot ask for any."""
    broker = Broker(home / "broker", port)
    return broker, DemoWire(home, wire_port) if broker.real else None
