"""The embedded broker: mosquitto where it is installed, else amqtt, which says what it cannot do."""

import asyncio
import logging
import os
import pwd
import shutil
import sys
import threading
from pathlib import Path
from typing import NamedTuple

from contracts.messages import MAX_PAYLOAD
from runtime.settings import BrokerSettings
from runtime.stack.ports import demand_free, wait_for
from runtime.stack.process import Process

TRIAL_NOTE = "trial broker: un-acknowledged messages can be lost (install mosquitto for a real one)"
# Defaults that lose messages in silence are turned off: 20 in flight stalls who acknowledges after the commit, 1,000
# queued then drops, and without persistence a restart forgets every session.
MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 5
max_inflight_messages 0
max_queued_messages 0
max_queued_bytes 1073741824
persistent_client_expiration 30d
log_type error
log_type warning
"""
LARGEST_PACKET = MAX_PAYLOAD + 4096
# Settings per listener: with rights on the listener of the services, mosquitto 2.0 forgets at a SIGHUP what a service
# that is away may hear, and drops its messages. A client's id is its certificate's name: nobody takes another's place.
WIRE = """\
per_listener_settings true
{plain}max_packet_size {largest}
listener {port} 127.0.0.1
cafile {wire}/ca.crt
certfile {wire}/server.crt
keyfile {wire}/server.key
crlfile {wire}/crl.pem
acl_file {wire}/acl
tls_version tlsv1.2
require_certificate true
use_identity_as_username true
use_username_as_clientid true
"""


class BrokerError(RuntimeError):
    """The broker cannot be started; the text says why."""


def find_mosquitto() -> str | None:
    """The path of mosquitto; Debian keeps it where a plain user's PATH does not look."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Wire(NamedTuple):
    """A second listener, for devices with certificates alone; `folder` is what `sunlit device` makes for a broker."""

    folder: Path
    port: int


class Broker:
    """A broker on the loopback interface, as a child process."""

    def __init__(self, folder: Path, port: int, wire: Wire | None = None) -> None:
        self.folder, self.port, self.wire = folder, port, wire
        self.real = find_mosquitto()
        log = folder / "broker.log"
        if self.real:
            self.process = Process("broker", [self.real, "-c", str(folder / "mosquitto.conf")], log)
        else:
            command = [sys.executable, "-m", "runtime.stack.broker", str(port)]
            self.process = Process("broker", command, log)

    def start(self) -> None:
        """Raises PortInUse or BrokerError."""
        demand_free(self.port, "broker", "--broker-port")
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.real:
            # Started by root, mosquitto becomes its own user, who must be able to write here.
            self.folder.chmod(0o777)
            (self.folder / "mosquitto.conf").write_text(self._config(), "utf-8")
        self.process.start()
        if not all(wait_for(port, 10) for port in self._ports()):
            raise BrokerError(f"broker does not start on port {self.port}: {self.process.tail()}")
        if self.process.child is not None:
            self.pid_file.write_text(str(self.process.child.pid), "utf-8")

    def _ports(self) -> list[int]:
        return [self.port] if self.wire is None else [self.port, self.wire.port]

    def _config(self) -> str:
        plain = MOSQUITTO.format(port=self.port, folder=self.folder.resolve())
        if self.wire is None:
            return plain
        demand_free(self.wire.port, "broker (TLS)", "--broker-port")
        key = self.wire.folder / "server.key"
        if os.geteuid() == 0 and "mosquitto" in {user.pw_name for user in pwd.getpwall()}:
            shutil.chown(key, "mosquitto")
        return WIRE.format(plain=plain, port=self.wire.port, wire=self.wire.folder.resolve(), largest=LARGEST_PACKET)

    @property
    def pid_file(self) -> Path:
        """Where `sunlit device` finds whom to tell."""
        return self.folder / "broker.pid"

    @property
    def settings(self) -> BrokerSettings:
        return BrokerSettings(port=self.port, protocol=5 if self.real else 4)

    @property
    def note(self) -> str:
        """What people must know of this broker."""
        if self.real:
            return "mosquitto" if self.wire is None else "mosquitto; the agent has a certificate"
        return TRIAL_NOTE


async def _trial(port: int) -> None:
    from amqtt.broker import Broker as Amqtt

    broker = Amqtt(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    await asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(_trial(int(sys.argv[1])))
