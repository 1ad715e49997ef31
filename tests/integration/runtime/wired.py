"""A register, an authority and a mosquitto that asks for certificates, for tests of the wire."""

import queue
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from typer.testing import CliRunner

from runtime.bus import Bus, Incoming
from runtime.devices.ca_cli import make
from runtime.devices.cli import app
from runtime.settings import BrokerSettings, DatabaseSettings, WireSettings
from runtime.stack.broker import Broker, Wire
from runtime.stack.ports import free_port


class City:
    """A register, an authority, and a mosquitto that asks for certificates; a folder per device."""

    def __init__(self, folder: Path, database: DatabaseSettings) -> None:
        self.folder = folder
        self.wire = WireSettings(ca=folder / "ca", broker=folder / "wire", broker_pid=folder / "broker" / "broker.pid")
        self.config = folder / "sunlit.toml"
        self.config.write_text(
            f'[database]\nurl = "{database.url}"\n[wire]\nca = "{self.wire.ca}"\nbroker = "{self.wire.broker}"\n'
            f'broker_pid = "{self.wire.broker_pid}"\n'
        )
        self.authority = make(self.wire, ["127.0.0.1", "localhost"])
        self.broker = Broker(folder / "broker", free_port(), Wire(self.wire.broker, free_port()))
        self.broker.start()
        self.buses: list[Bus] = []

    def sunlit(self, *words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, [*words, "--config", str(self.config)])
        assert done.exit_code == code, done.output
        return done.output

    def add(self, code: str, site: str, *more: str) -> Path:
        """A device with a certificate; the folder with its files."""
        out = self.folder / code
        self.sunlit("add", code, "--kind", "agent", "--site", site, "--out", str(out), *more)
        return out

    def of(self, out: Path | None, ca: Path | None = None) -> BrokerSettings:
        """How a device with the files in `out` reaches the broker."""
        assert self.broker.wire is not None
        return BrokerSettings(
            port=self.broker.wire.port,
            tls_ca=ca or self.wire.broker / "ca.crt",
            tls_cert=None if out is None else out / "device.crt",
            tls_key=None if out is None else out / "device.key",
        )

    def bus(self, settings: BrokerSettings, *hears: str, **options: object) -> "Talk":
        talk = Talk(settings, hears)
        self.buses.append(talk.bus)
        return talk

    def close(self) -> None:
        for bus in self.buses:
            bus.stop()
        self.broker.process.stop()


class Talk:
    """One connection, with what it heard."""

    def __init__(self, settings: BrokerSettings, hears: tuple[str, ...] = (), client: str = "", days: int = 0) -> None:
        self.heard: queue.Queue[Incoming] = queue.Queue()
        name = client or f"test-{uuid4().hex[:8]}"
        self.bus = Bus(settings, name, subscriptions=hears, on_message=self.heard.put, session_expiry_s=days * 86_400)
        self.bus.start()

    def up(self) -> "Talk":
        until(lambda: self.bus.connected)
        # The subscription is under way.
        time.sleep(0.3)
        return self

    def says(self, where: str, what: bytes = b"x") -> int:
        """0 when the broker has taken it, else its reason."""
        until(lambda: self.bus.connected)
        mid = self.bus.publish(where, what)
        assert mid is not None
        end = time.monotonic() + 20
        while time.monotonic() < end:
            for waiting in (self.bus.acks, self.bus.unheard):
                if not waiting.empty():
                    assert waiting.get() == mid
                    return 0
            if not self.bus.refused.empty():
                refused = self.bus.refused.get()
                assert refused.mid == mid
                # Some brokers end the connection over it, a moment later: what is said next must not fall into that.
                gone = time.monotonic() + 1
                while self.bus.connected and time.monotonic() < gone:
                    time.sleep(0.01)
                return refused.code
            time.sleep(0.01)
        raise AssertionError("the broker said nothing")

    def payloads(self) -> list[bytes]:
        time.sleep(0.5)
        return [self.heard.get().payload for _ in range(self.heard.qsize())]


def until(look: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.02)
